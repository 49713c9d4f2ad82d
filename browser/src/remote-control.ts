/** Sends a viewer's input and requests to the producer over a data channel, and takes its answers. */

import type { ConsumerSession } from "./consumer-session.js";
import { TypedEventTarget } from "./events.js";
import { type CaptureOptions, InputCapture } from "./input-capture.js";
import { strokesOf } from "./keyboard.js";
import type { NavigationCommand, NavigationEvent } from "./navigation.js";
import type { Json } from "./protocol.js";
import { TextCapture, type TextField } from "./text-capture.js";

/** Bytes that may wait in the channel before moves of the pointer do. */
const BUSY = 16_384;

/** The producer's answer to a request. */
export interface ControlResponse {
  readonly type: "ControlResponseMessage";
  /** What `sendControlRequest` returned. */
  readonly id: number;
  /** Why the request was not met; null where it was. */
  readonly error: string | null;
}

/** Something the producer tells about its media, such as time codes. */
export interface InfoMessage {
  readonly type: "InfoMessage";
  /** The media section that it is about (`RTCRtpTransceiver.mid`). */
  readonly mid?: string;
  readonly info: Json;
}

/** The events of a {@link RemoteController}. */
export interface RemoteControllerEvents {
  /** The producer tells something; `detail` is the whole message. */
  info: CustomEvent<InfoMessage>;
  /** The producer answers a request; `detail` is the whole message. */
  controlResponse: CustomEvent<ControlResponse>;
  /** Something went wrong. */
  error: ErrorEvent;
  /** The channel is closed. */
  closed: Event;
}

/** What can be asked of a producer. Objects of other types are passed on as they are. */
export type ControlRequest =
  | { readonly type: "navigationEvent"; readonly event: NavigationEvent }
  | { readonly type: "customUpstreamEvent"; readonly structureName: string; readonly structure: Json }
  | object;

/** Remote control of a producer. Got from `ConsumerSession.remoteController`. */
export class RemoteController extends TypedEventTarget<RemoteControllerEvents> {
  /** The channel to the producer; its label says what it takes: `control` everything, `input` navigation only. */
  readonly rtcDataChannel: RTCDataChannel;
  /** The session that it belongs to. */
  readonly consumerSession: ConsumerSession;
  #video: HTMLVideoElement | null = null;
  #capture: InputCapture | null = null;
  #text: TextCapture | null = null;
  #nextId = 0;
  #closed = false;

  /** @internal */
  constructor(rtcDataChannel: RTCDataChannel, consumerSession: ConsumerSession) {
    super();
    this.rtcDataChannel = rtcDataChannel;
    this.consumerSession = consumerSession;
    rtcDataChannel.addEventListener("message", (event: MessageEvent<unknown>) => {
      this.#read(event.data);
    });
    rtcDataChannel.addEventListener("error", (event) => {
      if (!this.#closed) {
        this.dispatchError(event.error.message, event.error);
      }
    });
    rtcDataChannel.addEventListener("close", () => {
      this.close();
    });
  }

  /** The element whose input is sent; null where there is none. */
  get videoElement(): HTMLVideoElement | null {
    return this.#video;
  }

  /**
   * Sends what happens on `element` (mouse, wheel, touch, pen, keys) instead of on the one before; null: nothing.
   *
   * @param options - how; they hold for this element.
   */
  attachVideoElement(element: HTMLVideoElement | null, options: CaptureOptions = {}): void {
    if (element === this.#video || (this.#closed && element !== null)) {
      return;
    }
    this.#capture?.release();
    this.#video = element;
    this.#capture =
      element === null
        ? null
        : new InputCapture(
            element,
            {
              emit: (event) => {
                this.sendNavigationEvent(event);
              },
              isBusy: () => this.rtcDataChannel.bufferedAmount > BUSY,
            },
            options,
          );
  }

  /** Sends what is written in `field` instead of in the one before: for phones and input methods; null: nothing. */
  attachTextField(field: TextField | null): void {
    this.#text?.release();
    this.#text =
      field === null || this.#closed
        ? null
        : new TextCapture(field, (event) => {
            this.sendNavigationEvent(event);
          });
  }

  /** Whether the pointer is locked to the video: hidden, and moving without an edge. */
  get pointerLocked(): boolean {
    return this.#capture?.isPointerLocked ?? false;
  }

  /** Locks the pointer to the video; false where there is none or the browser refuses. Call it for a click or a key. */
  async lockPointer(): Promise<boolean> {
    return (await this.#capture?.lockPointer()) ?? false;
  }

  /** Gives the pointer back; Escape does so too. */
  unlockPointer(): void {
    this.#capture?.unlockPointer();
  }

  /** Sends a command of a remote control, such as those for the menus of a disc; false where the channel is not open. */
  sendCommand(command: NavigationCommand): boolean {
    return this.sendNavigationEvent({ event: "Command", command, modifier_state: "" });
  }

  /** Writes a text, key by key; false where the channel is not open. */
  sendText(text: string): boolean {
    return strokesOf(text).every((event) => this.sendNavigationEvent(event));
  }

  /** Sends a navigation event; false where the channel is not open. */
  sendNavigationEvent(event: NavigationEvent): boolean {
    const about = { ...this.#mid(), ...("x" in event ? this.#videoSize() : {}) };
    if (this.rtcDataChannel.label === "input") {
      return this.#send({ ...about, ...event });
    }
    return this.#request({ type: "navigationEvent", event }, about) >= 0;
  }

  /**
   * Sends a request, which the producer answers with a `controlResponse` if it understands it.
   *
   * @param request - an object, or a string that holds one as JSON.
   * @param mid - the media section it is for; all of them where it is left out.
   * @returns the request's number, or -1 where it cannot be sent, which is also an `error`.
   */
  sendControlRequest(request: ControlRequest | string, mid?: string): number {
    const known = typeof request === "string" || (typeof request === "object" && (request as object | null) !== null);
    if (!known || this.rtcDataChannel.label === "input") {
      this.dispatchError(known ? "this channel takes input only" : "a request is an object or a string");
      return -1;
    }
    if (this.rtcDataChannel.readyState !== "open") {
      this.dispatchError("the channel is not open, no request can be sent");
      return -1;
    }
    return this.#request(request, mid === undefined ? {} : { mid });
  }

  /** Stops capturing and closes the channel. */
  close(): void {
    if (this.#closed) {
      return;
    }
    this.attachVideoElement(null);
    this.attachTextField(null);
    this.#closed = true;
    this.rtcDataChannel.close();
    this.dispatchEvent(new Event("closed"));
  }

  #request(request: ControlRequest | string, about: object): number {
    const id = this.#nextId;
    if (!this.#send({ id, ...about, request })) {
      return -1;
    }
    this.#nextId += 1;
    return id;
  }

  #send(message: object): boolean {
    if (this.rtcDataChannel.readyState !== "open") {
      return false;
    }
    try {
      this.rtcDataChannel.send(JSON.stringify(message));
      return true;
    } catch (error) {
      this.dispatchError("a message cannot be sent", error);
      return false;
    }
  }

  /** The section that the element shows, where there is a choice: without it an event reaches all of them. */
  #mid(): { mid?: string } {
    const stream = this.#video?.srcObject;
    const sections = (this.consumerSession.rtcPeerConnection?.getTransceivers() ?? []).filter(
      ({ receiver }) => receiver.track.kind === "video",
    );
    if (sections.length < 2 || !(stream instanceof MediaStream)) {
      return {};
    }
    const mid = sections.find(({ receiver }) => stream.getTracks().includes(receiver.track))?.mid ?? null;
    return mid === null ? {} : { mid };
  }

  /** The size that positions are in: the producer may send this viewer a smaller picture than it has itself. */
  #videoSize(): { videoSize?: readonly [number, number] } {
    const { videoWidth = 0, videoHeight = 0 } = this.#video ?? {};
    return videoWidth > 0 && videoHeight > 0 ? { videoSize: [videoWidth, videoHeight] } : {};
  }

  #read(data: unknown): void {
    let message: unknown;
    try {
      message = typeof data === "string" ? JSON.parse(data) : null;
    } catch {
      message = null;
    }
    if (isControlResponse(message)) {
      this.dispatchEvent(new CustomEvent("controlResponse", { detail: message }));
    } else if (isInfo(message)) {
      this.dispatchEvent(new CustomEvent("info", { detail: message }));
    }
    // Anything else belongs to a newer producer.
  }
}

function isControlResponse(value: unknown): value is ControlResponse {
  if (!isTyped(value, "ControlResponseMessage")) {
    return false;
  }
  const { id, error } = value as Partial<ControlResponse>;
  return typeof id === "number" && (error === null || error === undefined || typeof error === "string");
}

function isInfo(value: unknown): value is InfoMessage {
  return isTyped(value, "InfoMessage") && "info" in value;
}

function isTyped(value: unknown, type: string): value is object {
  return typeof value === "object" && value !== null && "type" in value && value.type === type;
}
