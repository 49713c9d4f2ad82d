/** The video element of a player: shows the tracks of a session, with sound where the browser lets it. */

import type { ConsumerSession } from "../consumer-session.js";
import { make } from "./make.js";

/** Who is told what happens on a {@link Screen}. */
export interface ScreenObserver {
  /** A picture of this session is shown, or its sound heard where there is no picture. */
  shown(): void;
  /** The first picture of this session came, at this time on the clock of `performance.now()`. */
  firstFrame(at: number): void;
  /** The browser starts nothing by itself, not even silently. */
  blocked(): void;
  /** Whether there is sound to be turned on, and what of it is heard, may have changed. */
  soundChanged(): void;
  /** Somebody paused the video or let it go on, not through this class. */
  pausedElsewhere(paused: boolean): void;
}

/** Where a track is shown. */
interface Place {
  readonly transceiver: RTCRtpTransceiver;
  /** A video of its own; null: it is part of the main one. */
  readonly more: HTMLVideoElement | null;
}

/** Shows one session at a time. */
export class Screen {
  /** Holds the videos. */
  readonly stage = make("div", { class: "stage" });
  /** The video that has the sound, and the picture that came first. */
  readonly video = make("video", { part: "video", playsinline: "" });
  readonly #observer: ScreenObserver;
  #session: ConsumerSession | null = null;
  #stream: MediaStream | null = null;
  readonly #places = new Map<MediaStreamTrack, Place>();
  #wanted = true;
  #muted = false;
  #silenced = false;
  #talking = false;

  constructor(observer: ScreenObserver) {
    this.#observer = observer;
    this.stage.append(this.video);
    this.video.addEventListener("playing", () => {
      const tellsFrames = "requestVideoFrameCallback" in this.video;
      if (this.#stream !== null && !tellsFrames) {
        observer.firstFrame(performance.now());
      }
      // A page that nobody looks at is shown no frames.
      if (!this.#hasVideo() || !tellsFrames || document.hidden) {
        this.#onShown();
      }
    });
    this.video.addEventListener("pause", () => {
      this.#onPause();
    });
    this.video.addEventListener("play", () => {
      if (!this.#wanted) {
        observer.pausedElsewhere(false);
      }
    });
    this.video.addEventListener("webkitendfullscreen", () => {
      // Phones of one maker pause a video that leaves full screen.
      this.resume();
    });
  }

  /** Whether the sound waits for a click. */
  get silenced(): boolean {
    return this.#silenced && !this.#muted && this.hasSound;
  }

  /** Whether there is sound at all. */
  get hasSound(): boolean {
    return (this.#stream?.getAudioTracks().length ?? 0) > 0;
  }

  /** Shows `session` from its first track on; the last picture of the one before stays until then. */
  show(session: ConsumerSession | null): void {
    this.#session = session;
    this.#stream = null;
    this.#places.clear();
    session?.addEventListener("rtcPeerConnectionChanged", () => {
      const connection = session.rtcPeerConnection;
      connection?.addEventListener("track", ({ track, transceiver }) => {
        if (session === this.#session && !this.#places.has(track)) {
          this.#add(track, transceiver);
        }
      });
      // An answer says for sure what is sent from now on.
      connection?.addEventListener("signalingstatechange", () => {
        if (session === this.#session && connection.signalingState === "stable") {
          this.#dropGone();
        }
      });
    });
  }

  /** Shows nothing, or the poster. */
  clear(): void {
    if (this.video.srcObject !== null && this.#stream === null) {
      this.video.srcObject = null;
      this.#dropMore();
    }
  }

  /** Plays, with sound where the browser lets it. */
  play(): void {
    this.#wanted = true;
    if (this.video.srcObject !== null) {
      void this.#start();
      for (const more of this.#more()) {
        more.play().catch(ignore);
      }
    }
  }

  /** Goes on after a move, unless it is to stand still. */
  resume(): void {
    if (this.#wanted) {
      this.play();
    }
  }

  /** Whether the video can have the focus; it keeps it from one session to the next. */
  takeKeys(takes: boolean): void {
    this.video.toggleAttribute("tabindex", takes);
    if (takes) {
      this.video.tabIndex = 0;
    }
  }

  /** Stands still. */
  pause(): void {
    this.#wanted = false;
    this.video.pause();
    for (const more of this.#more()) {
      more.pause();
    }
  }

  /** Whether the viewer wants no sound. */
  mute(muted: boolean): void {
    this.#muted = muted;
    this.#applySound();
  }

  /** Whether the viewer talks: the other side is not to hear itself. */
  talk(talking: boolean): void {
    if (talking !== this.#talking) {
      this.#talking = talking;
      this.#applySound();
    }
  }

  /** Turns on the sound that the browser held back; call it while a click is handled. */
  unsilence(): void {
    if (this.#silenced) {
      this.#silenced = false;
      this.#applySound();
      this.play();
    }
  }

  #add(track: MediaStreamTrack, transceiver: RTCRtpTransceiver): void {
    let more: HTMLVideoElement | null = null;
    if (this.#stream === null) {
      this.#dropMore();
      this.#stream = new MediaStream();
      this.#stream.addTrack(track);
      this.video.srcObject = this.#stream;
      this.#awaitFrame(this.#stream);
    } else if (track.kind === "video" && this.#hasVideo()) {
      // An element shows one video; further ones get a silent one of their own.
      more = make("video", { part: "video more", playsinline: "" });
      more.muted = true;
      more.srcObject = new MediaStream([track]);
      this.stage.append(more);
    } else {
      this.#stream.addTrack(track);
    }
    this.#places.set(track, { transceiver, more });
    track.addEventListener("ended", () => {
      this.#dropGone();
    });
    this.#observer.soundChanged();
    this.resume();
  }

  /** Shows no longer what the producer sends no longer. */
  #dropGone(): void {
    const gone = [...this.#places].filter(([track, { transceiver }]) => isGone(track, transceiver));
    for (const [track, { more }] of gone) {
      this.#places.delete(track);
      this.#stream?.removeTrack(track);
      drop(more);
    }
    if (gone.length === 0 || this.#stream === null) {
      return;
    }
    const next = [...this.#places].find(([{ kind }]) => kind === "video");
    if (next !== undefined && !this.#hasVideo()) {
      const [track, { transceiver, more }] = next;
      drop(more);
      this.#places.set(track, { transceiver, more: null });
      this.#stream.addTrack(track);
    }
    if (this.#places.size === 0) {
      // The last picture stays until there is another one.
      this.#stream = null;
    }
    this.#observer.soundChanged();
    this.resume();
  }

  async #start(): Promise<void> {
    const [stream, silent] = [this.video.srcObject, this.video.muted];
    try {
      await this.video.play();
    } catch (error) {
      // Anything else is a play that was overtaken by the next one.
      if (isRefusal(error) && stream === this.video.srcObject && this.#wanted) {
        this.#onRefused(silent);
      }
    }
  }

  /** `silent`: it would have had no sound. Each track begins a play, and all that are under way are refused. */
  #onRefused(silent: boolean): void {
    if (silent) {
      this.#observer.blocked();
    } else if (!this.#silenced) {
      this.#silenced = true;
      this.#applySound();
      void this.#start();
    }
  }

  #applySound(): void {
    this.video.muted = this.#muted || this.#silenced || this.#talking;
    this.#observer.soundChanged();
  }

  #awaitFrame(stream: MediaStream): void {
    if ("requestVideoFrameCallback" in this.video) {
      this.video.requestVideoFrameCallback((now) => {
        if (stream === this.#stream) {
          this.#observer.firstFrame(now);
          this.#onShown();
        }
      });
    }
  }

  #onShown(): void {
    if (this.#stream !== null) {
      this.#observer.shown();
    }
  }

  #onPause(): void {
    // Browsers also pause what has come to its end, or is taken out of the page.
    const live = this.#stream?.active === true && this.video.srcObject === this.#stream;
    if (this.#wanted && live && !this.video.ended && this.video.isConnected) {
      this.#observer.pausedElsewhere(true);
    }
  }

  #hasVideo(): boolean {
    return (this.#stream?.getVideoTracks().length ?? 0) > 0;
  }

  #more(): readonly HTMLVideoElement[] {
    return [...this.stage.querySelectorAll("video")].filter((video) => video !== this.video);
  }

  #dropMore(): void {
    for (const more of this.#more()) {
      drop(more);
    }
  }
}

function isGone({ readyState }: MediaStreamTrack, { currentDirection }: RTCRtpTransceiver): boolean {
  // Null: nothing was answered yet.
  return readyState === "ended" || (currentDirection !== null && !/recv/.test(currentDirection));
}

function drop(more: HTMLVideoElement | null): void {
  if (more !== null) {
    more.srcObject = null;
    more.remove();
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === "NotAllowedError";
}

function ignore(): void {
  // A silent video that does not start is seen, and the next call tries again.
}
