/** What a producer says about its frames, told when the frame is shown. */

import { TypedEventTarget } from "./events.js";
import { FramePairing, type Pair } from "./frame-pairing.js";
import type { Json } from "./protocol.js";
import type { InfoMessage, RemoteController } from "./remote-control.js";

/** A frame that a video element shows, and what the producer said about it. */
export interface DescribedFrame {
  /** What the browser says about the frame: when it is on the screen, where it is in the stream, its size. */
  readonly frame: VideoFrameCallbackMetadata;
  /** The producer's message, as of the event `info` of {@link RemoteController}. */
  readonly info: InfoMessage;
}

/** The events of {@link FrameMetadata}. */
export interface FrameMetadataEvents {
  /** A frame is shown of which the producer said something; `detail` is both. */
  frame: CustomEvent<DescribedFrame>;
  /** This browser does not say which frame it shows: no `frame` will come. */
  unsupported: Event;
}

/** Four seconds at 60 frames per second: longer than a browser holds frames back. */
const REMEMBERED = 256;

/**
 * Whether this browser calls back for frames, which is needed to pair them. Not every browser that does says their RTP
 * timestamps: `FrameMetadata.supported` knows when the first frame is shown.
 */
export function canCallBackForFrames(): boolean {
  return typeof HTMLVideoElement !== "undefined" && "requestVideoFrameCallback" in HTMLVideoElement.prototype;
}

/**
 * Pairs the `info` messages of a producer (property `forward-metas` of `webrtcsink`) with the frames that a video element
 * shows, until it or the controller's channel is closed. Memory is bounded; what is said of frames that are never shown is dropped.
 */
export class FrameMetadata extends TypedEventTarget<FrameMetadataEvents> {
  readonly #controller: RemoteController;
  readonly #video: HTMLVideoElement;
  readonly #pairing = new FramePairing<VideoFrameCallbackMetadata, InfoMessage>(REMEMBERED);
  readonly #listeners = new AbortController();
  #callback = 0;
  #supported: boolean | null = null;
  #source: MediaProvider | null;

  /** @param video - plays the controller's session. */
  constructor(controller: RemoteController, video: HTMLVideoElement) {
    super();
    this.#controller = controller;
    this.#video = video;
    this.#source = video.srcObject;
    const { signal } = this.#listeners;
    if (!canCallBackForFrames()) {
      // After the constructor, so that there can be a listener.
      queueMicrotask(() => {
        this.#giveUp();
      });
      return;
    }
    controller.addEventListener(
      "info",
      ({ detail }) => {
        this.#said(detail);
      },
      { signal },
    );
    controller.addEventListener(
      "closed",
      () => {
        this.close();
      },
      { signal },
    );
    this.#await();
  }

  /** Whether this browser says which frame it shows; null while no frame was shown. */
  get supported(): boolean | null {
    return this.#supported;
  }

  /** Stops pairing. */
  close(): void {
    if (this.#listeners.signal.aborted) {
      return;
    }
    this.#listeners.abort();
    this.#pairing.clear();
    if (canCallBackForFrames()) {
      this.#video.cancelVideoFrameCallback(this.#callback);
    }
  }

  #giveUp(): void {
    if (!this.#listeners.signal.aborted) {
      this.#supported = false;
      this.close();
      this.dispatchEvent(new Event("unsupported"));
    }
  }

  #await(): void {
    this.#callback = this.#video.requestVideoFrameCallback((_, frame) => {
      this.#await();
      this.#shown(frame);
    });
  }

  #shown(frame: VideoFrameCallbackMetadata): void {
    const source = this.#video.srcObject;
    if (source !== this.#source) {
      if (this.#source !== null) {
        this.#pairing.clear();
      }
      this.#source = source;
    }
    if (frame.rtpTimestamp !== undefined) {
      this.#supported = true;
      this.#tell(this.#pairing.shown(frame.rtpTimestamp >>> 0, frame));
    } else if (this.#supported === null && this.#section() !== null) {
      this.#giveUp();
    }
  }

  #said(info: InfoMessage): void {
    const timestamp = timestampOf(info.info);
    if (timestamp === null) {
      return;
    }
    const section = this.#section();
    if (info.mid === undefined || section === null || info.mid === section) {
      this.#tell(this.#pairing.said(timestamp, info));
    }
  }

  #tell(pairs: readonly Pair<VideoFrameCallbackMetadata, InfoMessage>[]): void {
    for (const detail of pairs) {
      this.dispatchEvent(new CustomEvent("frame", { detail }));
    }
  }

  /** The media section that the element shows; null where it shows none of this session. */
  #section(): string | null {
    const shown = this.#video.srcObject;
    if (!(shown instanceof MediaStream)) {
      return null;
    }
    const tracks = shown.getVideoTracks();
    const sections = this.#controller.consumerSession.rtcPeerConnection?.getTransceivers() ?? [];
    return sections.find(({ receiver }) => tracks.includes(receiver.track))?.mid ?? null;
  }
}

/** The RTP timestamp that a message is about; null where it is about none. */
function timestampOf(info: Json): number | null {
  if (typeof info !== "object" || info === null || !("rtpTimestamp" in info)) {
    return null;
  }
  const timestamp: unknown = info.rtpTimestamp;
  return typeof timestamp === "number" && Number.isInteger(timestamp) ? timestamp >>> 0 : null;
}
