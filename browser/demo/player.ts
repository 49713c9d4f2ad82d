/** One stream being played: its session, its screen, its status in words and its buttons. */

import {
  type ConsumerSession,
  type GstWebRTCAPI,
  type Peer,
  SessionState,
  describeEnd,
  isOrdinaryEnd,
  setVideoPlayoutDelay,
} from "../src/index.js";
import { button, element } from "./elements.js";
import { nameOf } from "./names.js";

/** What tests and the curious find in `window.gstWebRTCSessions`: one entry a stream that is on the page. */
export interface PlayedSession {
  readonly producerId: string;
  readonly session: ConsumerSession;
  readonly video: HTMLVideoElement;
  /** When the click came, on the clock of `performance.now()`. */
  readonly clickedAt: number;
  /** When the first picture was shown; null before. */
  firstFrameAt: number | null;
}

/** A stream on the page. */
export class Player {
  /** The player's place on the page. */
  readonly root: HTMLElement;
  /** The session and what was measured of it. */
  readonly played: PlayedSession;
  readonly #status = element("p", { class: "status", role: "status", "data-testid": "status" });
  readonly #control = button("Control", "control");
  readonly #stop = button("Stop", "stop");
  readonly #onGone: (player: Player) => void;
  readonly #stream = new MediaStream();

  /** Starts to play; call it in the handler of the viewer's click, which allows sound. */
  constructor(session: ConsumerSession, producer: Peer, clickedAt: number, onGone: (player: Player) => void) {
    const video = element("video", { playsinline: "", autoplay: "", "data-testid": "video" });
    video.srcObject = this.#stream;
    this.played = { producerId: producer.id, session, video, clickedAt, firstFrameAt: null };
    this.#onGone = onGone;
    this.root = this.#build(video, nameOf(producer));
    this.#watch(video);
    session.connect();
  }

  /** Whether the session is over. */
  get ended(): boolean {
    return this.played.session.state === SessionState.closed;
  }

  #build(video: HTMLVideoElement, name: string): HTMLElement {
    const screen = element("div", { class: "screen" }, video);
    this.#stop.addEventListener("click", () => {
      this.played.session.close();
      this.#onGone(this);
    });
    const full = button("Full screen", "fullscreen");
    full.addEventListener("click", () => {
      void this.#toggleFullScreen(screen, video);
    });
    this.#control.hidden = true;
    this.#control.setAttribute("aria-pressed", "false");
    this.#control.addEventListener("click", () => {
      this.#toggleControl(video);
    });
    const title = element("p", { class: "name", "data-testid": "player-name" });
    title.textContent = name;
    const titles = element("div", { class: "titles" }, title, this.#status);
    const bar = element("div", { class: "bar" }, titles, this.#control, full, this.#stop);
    return element("article", { class: "player", "data-testid": "player", "data-peer-id": this.played.producerId }, screen, bar);
  }

  #watch(video: HTMLVideoElement): void {
    const { session } = this.played;
    session.addEventListener("stateChanged", () => {
      this.#showState();
    });
    session.addEventListener("rtcPeerConnectionChanged", () => {
      session.rtcPeerConnection?.addEventListener("track", ({ track }) => {
        this.#addTrack(track, video);
      });
    });
    session.addEventListener("remoteControllerChanged", () => {
      this.#control.hidden = session.remoteController === null;
      this.#control.setAttribute("aria-pressed", "false");
    });
    session.addEventListener("closed", () => {
      this.#stop.textContent = "Close";
      this.#showState();
    });
    video.requestVideoFrameCallback((now) => {
      this.played.firstFrameAt = now;
      this.#showState();
    });
  }

  #addTrack(track: MediaStreamTrack, video: HTMLVideoElement): void {
    const connection = this.played.session.rtcPeerConnection;
    if (connection !== null) {
      setVideoPlayoutDelay(connection, 0);
    }
    if (track.kind === "video" && this.#stream.getVideoTracks().length > 0) {
      // An element shows one video; further ones get a silent element of their own.
      const more = element("video", { playsinline: "", autoplay: "", "data-testid": "video-more" });
      more.muted = true;
      more.srcObject = new MediaStream([track]);
      video.after(more);
      return;
    }
    this.#stream.addTrack(track);
    video.play().catch(() => {
      // Refused without a click or overtaken by the next track; `autoplay` tries again.
    });
  }

  #showState(): void {
    const { session, clickedAt, firstFrameAt } = this.played;
    this.#status.dataset["state"] = stateName(session);
    this.#status.textContent = wordsFor(session, firstFrameAt === null ? null : firstFrameAt - clickedAt);
  }

  #toggleControl(video: HTMLVideoElement): void {
    const controller = this.played.session.remoteController;
    const attached = controller?.videoElement === null;
    controller?.attachVideoElement(attached ? video : null);
    this.#control.setAttribute("aria-pressed", String(attached));
    if (attached) {
      video.focus();
    }
  }

  async #toggleFullScreen(screen: HTMLElement, video: HTMLVideoElement): Promise<void> {
    try {
      if (document.fullscreenElement !== null) {
        await document.exitFullscreen();
      } else if ("requestFullscreen" in screen) {
        await screen.requestFullscreen();
      } else if ("webkitEnterFullscreen" in video && typeof video.webkitEnterFullscreen === "function") {
        // Phones of one maker give the whole screen to video elements only.
        (video as { webkitEnterFullscreen(): void }).webkitEnterFullscreen();
      }
    } catch {
      // Refused by the browser or the viewer: the page stays as it is.
    }
  }
}

/** Plays `producer` with sound. Null: no signalling server. */
export function play(
  api: GstWebRTCAPI,
  producer: Peer,
  clickedAt: number,
  onGone: (player: Player) => void,
): Player | null {
  const session = api.createConsumerSession(producer.id);
  return session === null ? null : new Player(session, producer, clickedAt, onGone);
}

function stateName({ state, endReason }: ConsumerSession): string {
  switch (state) {
    case SessionState.idle:
    case SessionState.connecting:
      return "connecting";
    case SessionState.streaming:
      return "playing";
    case SessionState.closed:
      return endReason !== null && isOrdinaryEnd(endReason) ? "ended" : "failed";
  }
}

function wordsFor({ state, endReason }: ConsumerSession, milliseconds: number | null): string {
  switch (state) {
    case SessionState.idle:
    case SessionState.connecting:
      return "Connecting…";
    case SessionState.streaming:
      return milliseconds === null ? "Connected, waiting for a picture…" : `Playing, first picture after ${milliseconds.toFixed(0)} ms`;
    case SessionState.closed:
      return endReason === null ? "Ended" : sentence(describeEnd(endReason));
  }
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
