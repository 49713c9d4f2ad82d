/** One stream on the page: its player, what there is to say about it, and the buttons beside it. */

import { type ConsumerSession, type Peer, isOrdinaryEnd } from "../src/index.js";
import { toggleFullScreen } from "../src/player/full-screen.js";
import type { GstWebRTCPlayer, PlayerEventMap, PlayerState } from "../src/player/index.js";
import { element, iconButton, setIcon } from "./elements.js";
import { nameOf, ownNameOf } from "./names.js";
import { LATENCIES, type Shown } from "./view.js";

/** What tests and the curious find in `window.gstWebRTCSessions`: one entry a stream that is on the page. */
export interface PlayedSession {
  /** The producer as it was called when the session began. */
  readonly producerId: string;
  /** The session of now, or the last one. */
  readonly session: ConsumerSession;
  readonly video: HTMLVideoElement;
  /** When the click came, on the clock of `performance.now()`. */
  readonly clickedAt: number;
  /** When the first picture was shown; null before. */
  readonly firstFrameAt: number | null;
}

/** Who is told about a tile. */
export interface TileObserver {
  /** What is to be remembered of it changed. */
  onChange(): void;
  /** The first picture is there. */
  onPicture(tile: Tile): void;
  /** The viewer does not want it any more. */
  onClose(tile: Tile): void;
}

/** States in which another producer would interrupt something. */
const BUSY: readonly PlayerState[] = ["playing", "paused"];

/** A stream on the page. */
export class Tile {
  /** The tile's place on the page. */
  readonly root: HTMLElement;
  readonly #player: GstWebRTCPlayer;
  readonly #observer: TileObserver;
  readonly #clickedAt: number;
  readonly #title = element("p", { class: "name", dir: "auto", "data-testid": "player-name" });
  readonly #status = element("p", { class: "status", "data-testid": "status" });
  readonly #control = iconButton("control", "Control the producer", "control");
  readonly #size = iconButton("larger", "Larger", "size");
  #shown: Shown;
  #session: ConsumerSession | null = null;
  #firstFrameAt: number | null = null;

  /** Begins to play as soon as it is on the page; put it there in the handler of the click, which allows sound. */
  constructor(player: GstWebRTCPlayer, shown: Shown, clickedAt: number, observer: TileObserver) {
    this.#player = player;
    this.#shown = shown;
    this.#clickedAt = clickedAt;
    this.#observer = observer;
    player.producer = shown.id === "" ? (shown.name ?? "") : shown.id;
    player.latency = shown.latency;
    player.muted = shown.muted;
    this.#title.textContent = nameOf({ id: shown.id, meta: { name: shown.name } });
    this.root = this.#build();
    this.#watch();
    this.#showSize();
    this.#showState();
  }

  /** What is to be remembered of it. */
  get shown(): Shown {
    return this.#shown;
  }

  /** Its entry in `window.gstWebRTCSessions`; null before its first session. */
  get played(): PlayedSession | null {
    this.#watchSession();
    return this.#session === null
      ? null
      : {
          producerId: this.#session.peerId,
          session: this.#session,
          video: this.#player.video,
          clickedAt: this.#clickedAt,
          firstFrameAt: this.#firstFrameAt,
        };
  }

  /** The video. */
  get video(): HTMLVideoElement {
    return this.#player.video;
  }

  /** The producer is on the list, perhaps under another identifier than before. */
  found(producer: Peer): void {
    this.#title.textContent = nameOf(producer);
    this.#shown = { ...this.#shown, id: producer.id, name: ownNameOf(producer) };
    this.#follow();
    this.#showState();
  }

  /** Whether somebody listens to what the viewer would say. */
  set listened(listened: boolean) {
    if (this.#player.talkBack !== listened) {
      this.#player.talkBack = listened;
    }
  }

  /** Plays again what has ended, and comes into sight. */
  revive(): void {
    if (this.#player.state === "ended") {
      this.#player.retry();
    } else if (this.#player.state === "paused") {
      this.#player.play();
    }
    this.comeIntoSight();
  }

  /** Lets the page scroll there. */
  comeIntoSight(): void {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.root.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
  }

  #build(): HTMLElement {
    const full = iconButton("fullscreen", "Full screen", "fullscreen");
    full.addEventListener("click", () => {
      void toggleFullScreen(this.#player, this.#player.video);
    });
    const stop = iconButton("stop", "Stop", "stop");
    stop.addEventListener("click", () => {
      this.#observer.onClose(this);
    });
    this.#control.addEventListener("click", () => {
      this.#player.remoteControl = !this.#player.remoteControl;
    });
    this.#size.addEventListener("click", () => {
      this.#remember({ large: !this.#shown.large });
      this.#showSize();
    });
    const titles = element("div", { class: "titles" }, this.#title, this.#status);
    const tools = element("div", { class: "tools" }, this.#control, this.#size, full, stop);
    const bar = element("div", { class: "bar" }, titles, tools);
    return element("article", { class: "tile", "data-testid": "player", "data-peer-id": this.#shown.id }, this.#player, bar);
  }

  #watch(): void {
    const player = this.#player;
    player.addEventListener("statechange", () => {
      this.#watchSession();
      this.#follow();
      this.#showState();
    });
    player.addEventListener("firstframe", (event) => {
      this.#firstFrameAt ??= (event as PlayerEventMap["firstframe"]).detail.at;
      this.#observer.onPicture(this);
      this.#showState();
    });
    // The player has controls of its own.
    new MutationObserver(() => {
      this.#remember({ muted: player.muted, latency: LATENCIES.find((known) => known === player.latency) ?? "live" });
      this.#showControl();
    }).observe(player, { attributeFilter: ["muted", "latency", "remote-control"] });
  }

  #watchSession(): void {
    const { session } = this.#player;
    if (session !== null && session !== this.#session) {
      this.#session = session;
      session.addEventListener("remoteControllerChanged", () => {
        this.#showControl();
      });
    }
  }

  /** Goes over to the producer's new identifier where nothing runs that this would interrupt. */
  #follow(): void {
    const { producer, session, state } = this.#player;
    const { id } = this.#shown;
    // A player that was given a name has found its producer by itself.
    if (id !== "" && producer !== id && session?.peerId !== id && !BUSY.includes(state)) {
      this.#player.producer = this.#shown.id;
    }
  }

  #remember(changes: Partial<Shown>): void {
    this.#shown = { ...this.#shown, ...changes };
    this.#observer.onChange();
  }

  #showSize(): void {
    const { large } = this.#shown;
    this.root.toggleAttribute("data-large", large);
    setIcon(this.#size, large ? "smaller" : "larger", large ? "Smaller" : "Larger");
  }

  #showControl(): void {
    this.#control.hidden = (this.#player.session?.remoteController ?? null) === null;
    this.#control.setAttribute("aria-pressed", String(this.#player.remoteControl));
  }

  #showState(): void {
    const { state, statusText, endReason } = this.#player;
    const failed = endReason !== null && !isOrdinaryEnd(endReason);
    this.#status.dataset["state"] = stateName(state, failed);
    const words = state === "playing" ? this.#playingWords() : statusText;
    this.#status.textContent = words;
    this.#status.title = words;
    // What is to be said while nothing plays needs the room.
    this.#player.controls = BUSY.includes(state);
    const running = BUSY.includes(state) ? this.#player.session : null;
    this.root.dataset["peerId"] = running?.peerId ?? this.#shown.id;
    this.#showControl();
  }

  #playingWords(): string {
    return this.#firstFrameAt === null
      ? "Playing"
      : `Playing, first picture after ${(this.#firstFrameAt - this.#clickedAt).toFixed(0)} ms`;
  }
}

function stateName(state: PlayerState, failed: boolean): string {
  switch (state) {
    case "idle":
    case "connecting":
    case "waiting":
    case "reconnecting":
      return "connecting";
    case "playing":
    case "paused":
      return "playing";
    case "ended":
      return failed ? "failed" : "ended";
  }
}
