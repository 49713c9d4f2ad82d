/** Talk-back: what a viewer says, sent to a passive consumer beside the producer. */

import { CaptureError, captureErrorOf } from "./capture-error.js";
import { type MicrophoneWishes, captureMicrophone, stopCapture } from "./capture.js";
import { TypedEventTarget } from "./events.js";
import type { GstWebRTCAPI } from "./gstwebrtc-api.js";
import type { ClientSession, ProducerSession } from "./producer-session.js";
import { SessionState } from "./session.js";
import { TalkBackError, nobodyListens, notConnected, talkEnded, talksAlready, withoutMicrophone } from "./talk-back-error.js";

/**
 * What talk-back is doing: nothing, asking the person for the microphone, on the way to who listens, or sending what the
 * microphone hears.
 */
export type TalkBackState = "idle" | "asking" | "connecting" | "talking";

/** The events of {@link TalkBack}. */
export interface TalkBackEvents {
  /** `state` changed. */
  stateChanged: Event;
  /** Talking failed or was ended by others; `error` is a {@link TalkBackError}. */
  error: ErrorEvent;
}

/** What is left out has a default. */
export interface TalkBackOptions {
  /** Which microphone, and how. */
  readonly microphone?: MicrophoneWishes;
  /** Muted while this page talks, so that the other side does not hear itself; null and by default: nothing is. */
  readonly halfDuplex?: HTMLMediaElement | null;
  /**
   * How long the way to who listens is kept after talking, in milliseconds, so that the next talk begins at once; 3000 by
   * default. Meanwhile others cannot talk. The microphone is not kept.
   */
  readonly linger?: number;
}

/** What talk-back needs of a client. */
export type TalkBackHost = Pick<GstWebRTCAPI, "createProducerSessionForConsumer" | "clientId">;

/** A session to talk in. */
interface Line {
  readonly consumerId: string;
  readonly session: ProducerSession;
  client: ClientSession | null;
}

/** Sends the microphone to a passive consumer, such as the one that {@link talkBackConsumerOf} finds, while the page talks. */
export class TalkBack extends TypedEventTarget<TalkBackEvents> {
  readonly #api: TalkBackHost;
  readonly #consumer: string | (() => string | null);
  readonly #options: TalkBackOptions;
  #state: TalkBackState = "idle";
  #problem: TalkBackError | null = null;
  #microphone: MediaStream | null = null;
  #line: Line | null = null;
  #lingering: ReturnType<typeof setTimeout> | undefined;
  /** What was muted here. */
  #muted: HTMLMediaElement | null = null;
  /** Tells the talk that is under way whether it came about. */
  #settle: ((talks: boolean) => void) | null = null;
  #talk: Promise<boolean> = Promise.resolve(false);

  /**
   * Asks for nothing yet.
   *
   * @param consumer - the passive consumer's identifier, or what knows it when talking starts.
   */
  constructor(api: TalkBackHost, consumer: string | (() => string | null), options: TalkBackOptions = {}) {
    super();
    this.#api = api;
    this.#consumer = consumer;
    this.#options = options;
  }

  /** What it is doing. */
  get state(): TalkBackState {
    return this.#state;
  }

  /** Why the last talk failed or was ended by others; null where it was not. */
  get problem(): TalkBackError | null {
    return this.#problem;
  }

  /**
   * Asks for the microphone and talks. Call it from a click or a key: browsers want one.
   *
   * @returns whether the other side hears; false where it failed, which `error` and `problem` explain, or was stopped.
   */
  start(): Promise<boolean> {
    if (this.#state !== "idle") {
      return this.#talk;
    }
    clearTimeout(this.#lingering);
    this.#problem = null;
    this.#talk = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const talk = this.#talk;
    const consumerId = typeof this.#consumer === "string" ? this.#consumer : this.#consumer();
    this.#setState("asking");
    if (this.#api.clientId === null) {
      this.#fail(notConnected());
    } else if (consumerId === null) {
      this.#fail(nobodyListens());
    } else {
      void this.#begin(consumerId, talk);
    }
    return talk;
  }

  /** Stops talking. The microphone is released at once. */
  stop(): void {
    if (this.#state === "idle") {
      return;
    }
    const linger = this.#options.linger ?? 3000;
    const sender = this.#state === "talking" && linger > 0 ? senderOf(this.#line) : null;
    if (sender === null) {
      this.#hangUp();
    } else {
      // Fails where the session ends at this moment, which is as well.
      sender.replaceTrack(null).catch(() => undefined);
      this.#lingering = setTimeout(() => {
        this.#hangUp();
      }, linger);
    }
    this.#rest();
  }

  /** Stops talking and gives up the way to who listens. */
  close(): void {
    this.#hangUp();
    this.#rest();
  }

  async #begin(consumerId: string, talk: Promise<boolean>): Promise<void> {
    let microphone: MediaStream;
    try {
      microphone = await captureMicrophone(this.#options.microphone);
    } catch (error) {
      if (this.#isCurrent(talk)) {
        this.#fail(withoutMicrophone(captureErrorOf(error, "microphone")));
      }
      return;
    }
    const [track] = microphone.getAudioTracks();
    if (!this.#isCurrent(talk) || track === undefined) {
      stopCapture(microphone);
      return;
    }
    this.#microphone = microphone;
    track.addEventListener("ended", () => {
      if (this.#microphone === microphone) {
        this.#fail(withoutMicrophone(new CaptureError("inUse", "microphone")));
      }
    });
    const sender = this.#line?.consumerId === consumerId ? senderOf(this.#line) : null;
    if (sender === null) {
      this.#connect(consumerId, microphone);
      return;
    }
    this.#setState("connecting");
    const taken = await sender.replaceTrack(track).then(
      () => true,
      () => false,
    );
    if (this.#microphone !== microphone) {
      return;
    }
    if (taken) {
      this.#talks();
    } else {
      this.#connect(consumerId, microphone);
    }
  }

  #connect(consumerId: string, microphone: MediaStream): void {
    this.#hangUp();
    this.#setState("connecting");
    const session = this.#api.createProducerSessionForConsumer(microphone, consumerId);
    if (session === null) {
      this.#fail(this.#api.clientId === null ? notConnected() : talksAlready());
      return;
    }
    const line: Line = { consumerId, session, client: null };
    this.#line = line;
    session.addEventListener("clientConsumerAdded", ({ detail: client }) => {
      line.client = client;
      client.addEventListener("stateChanged", () => {
        if (client.state === SessionState.streaming && this.#line === line && this.#state === "connecting") {
          this.#talks();
        }
      });
    });
    session.addEventListener("closed", ({ detail }) => {
      if (this.#line !== line) {
        return;
      }
      this.#line = null;
      clearTimeout(this.#lingering);
      if (this.#state === "connecting" || this.#state === "talking") {
        this.#fail(talkEnded(detail));
      }
    });
    session.start();
  }

  #talks(): void {
    const element = this.#options.halfDuplex ?? null;
    if (element !== null && !element.muted) {
      element.muted = true;
      this.#muted = element;
    }
    this.#setState("talking");
    this.#settle?.(true);
    this.#settle = null;
  }

  #fail(problem: TalkBackError): void {
    this.#problem = problem;
    this.#hangUp();
    this.#rest();
    this.dispatchError(problem.message, problem);
  }

  /** Releases what talking holds. */
  #rest(): void {
    const microphone = this.#microphone;
    this.#microphone = null;
    if (microphone !== null) {
      stopCapture(microphone);
    }
    if (this.#muted !== null) {
      this.#muted.muted = false;
      this.#muted = null;
    }
    this.#setState("idle");
    this.#settle?.(false);
    this.#settle = null;
  }

  #hangUp(): void {
    clearTimeout(this.#lingering);
    const line = this.#line;
    this.#line = null;
    line?.session.close();
  }

  #isCurrent(talk: Promise<boolean>): boolean {
    return this.#talk === talk && this.#state === "asking";
  }

  #setState(state: TalkBackState): void {
    if (state !== this.#state) {
      this.#state = state;
      this.dispatchEvent(new Event("stateChanged"));
    }
  }
}

/** What sends the microphone in a session whose media runs; null where there is none. */
function senderOf(line: Line | null): RTCRtpSender | null {
  if (line?.client?.state !== SessionState.streaming) {
    return null;
  }
  return line.client.rtcPeerConnection?.getSenders()[0] ?? null;
}
