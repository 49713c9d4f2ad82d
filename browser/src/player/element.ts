/** `<gst-webrtc-player>`: ties attributes, the viewing, the video and what lies over it together. */

import type { ConsumerSession } from "../consumer-session.js";
import { checkedCodecs } from "../codec-preferences.js";
import type { EndReason } from "../end-reason.js";
import type { GstWebRTCAPI } from "../gstwebrtc-api.js";
import { ATTRIBUTES, type Attribute, ReflectingElement } from "./attributes.js";
import { talkBackConsumerOf } from "../talk-back-consumer.js";
import { parseCodecs } from "./choice.js";
import { toggleFullScreen, togglePicture } from "./full-screen.js";
import { parseLatency } from "./latency.js";
import { Screen } from "./screen.js";
import { type Server, type SharedConnection, askRefusal, findServer, shareConnection } from "./server.js";
import { type PlayerState, helpOf, stateOf } from "./situation.js";
import type { PlayerStatus } from "./status.js";
import { TalkButton } from "./talk-button.js";
import { dress } from "./style.js";
import { View } from "./view.js";
import { Viewing } from "./viewing.js";
import { sentence, wordsFor } from "./words.js";

const IDLE: PlayerStatus = { state: "idle", text: "", reason: null };
/** Attributes that only another session can follow. */
const OF_THE_SESSION: readonly Attribute[] = ["server", "token", "producer", "codecs"];

/** Plays what a producer sends. */
export class GstWebRTCPlayer extends ReflectingElement {
  static readonly observedAttributes: readonly string[] = ATTRIBUTES;

  readonly #screen: Screen;
  readonly #talk: TalkButton;
  readonly #view: View;
  #api: GstWebRTCAPI | null = null;
  #server: Server | null = null;
  #connection: SharedConnection | null = null;
  #viewing: Viewing | null = null;
  /** Why there can be no connection, in words. */
  #failure: string | null = null;
  #status = IDLE;
  #codecs: readonly string[] = [];
  #wish: "play" | "pause" = "play";
  /** Counts the wishes for another session: what an older one still waits for is void. */
  #generation = 0;
  #opening = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    dress(root);
    this.#screen = new Screen({
      shown: () => this.#viewing?.happened({ type: "shown" }),
      firstFrame: (at) => this.dispatchEvent(new CustomEvent("firstframe", { detail: { at } })),
      blocked: () => this.#viewing?.happened({ type: "autoplayBlocked" }),
      soundChanged: () => { this.#show(); },
      pausedElsewhere: (paused) => {
        if (paused) {
          this.pause();
        } else {
          this.play();
        }
      },
    });
    this.#talk = new TalkButton({
      api: () => this.#connection?.api ?? null,
      consumer: () => this.#listener(),
      changed: (talking) => { this.#screen.talk(talking); },
    });
    this.#view = this.#makeView(this.#screen, this.#talk);
    root.append(this.#view.frame);
  }

  /** A client to share with other players. Set it before the element is put into the page; null: its own. */
  get api(): GstWebRTCAPI | null {
    return this.#api ?? this.#connection?.api ?? null;
  }
  set api(api: GstWebRTCAPI | null) {
    this.#api = api;
    this.#reopen();
  }

  /** The session, while there is one. */
  get session(): ConsumerSession | null {
    return this.#viewing?.session ?? null;
  }

  /** What the player does. */
  get state(): PlayerState {
    return this.#status.state;
  }

  /** The state in words for people; may hold a producer's words. */
  get statusText(): string {
    return this.#status.text;
  }

  /** Why the last session ended; null while one runs that did not. */
  get endReason(): EndReason | null {
    return this.#viewing?.endReason ?? null;
  }

  /** The video element. */
  get video(): HTMLVideoElement {
    return this.#screen.video;
  }

  /** Plays, with a new session where the last one is over. */
  play(): void {
    this.#wish = "play";
    this.#viewing?.happened({ type: "play" });
    this.#screen.play();
  }

  /** Stands still. The session ends after a while, so that nothing is sent that nobody sees. */
  pause(): void {
    this.#wish = "pause";
    this.#screen.pause();
    this.#viewing?.happened({ type: "pause" });
  }

  /** Tries again at once, after an end as well. */
  retry(): void {
    this.#wish = "play";
    if (this.#viewing === null) {
      this.#reopen();
    } else {
      this.#viewing.happened({ type: "retry" });
    }
  }

  /** @internal */
  connectedCallback(): void {
    this.upgrade();
    document.addEventListener("fullscreenchange", this.#onFull);
    document.addEventListener("visibilitychange", this.#onVisibility);
    if (this.#viewing === null) {
      this.#reopen();
    } else {
      // It was moved; browsers pause what is taken out of the page.
      this.#screen.resume();
    }
  }

  /** @internal */
  disconnectedCallback(): void {
    document.removeEventListener("fullscreenchange", this.#onFull);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#talk.letGo();
    // A player that is moved is back by then.
    queueMicrotask(() => {
      if (!this.isConnected) {
        this.#close();
      }
    });
  }

  /** Moved without being taken out: nothing is to be done. @internal */
  connectedMoveCallback(): void {
    this.#show();
  }

  /** @internal */
  attributeChangedCallback(name: Attribute, before: string | null, now: string | null): void {
    if (before === now) {
      return;
    }
    if (OF_THE_SESSION.includes(name)) {
      this.#reopen();
    } else if (name === "poster") {
      this.video.poster = now ?? "";
    } else if (name === "muted") {
      this.#screen.mute(this.muted);
    } else if (name === "latency") {
      this.session?.setPlayoutDelay(parseLatency(now));
    } else if (name === "remote-control") {
      this.#followControl();
      this.#focusControlled();
    } else if ((name === "talk-back" || name === "controls") && now === null) {
      // Nobody talks without a button that ends it.
      this.#talk.close();
    }
    this.#show();
  }

  /** Who takes what is said to the producer; null: nobody. */
  #listener(): string | null {
    const [api, peer] = [this.api, this.#viewing?.peer ?? null];
    return api === null || peer === null ? null : (talkBackConsumerOf(peer, api.getAvailableConsumers())?.id ?? null);
  }

  /** Connects anew, once for all that changes in one go. */
  #reopen(): void {
    if (this.#opening || !this.isConnected) {
      return;
    }
    this.#opening = true;
    queueMicrotask(() => {
      this.#opening = false;
      void this.#open();
    });
  }

  async #open(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    const last = this.#leave();
    this.#failure = null;
    this.#show();
    try {
      this.#codecs = checkedCodecs(parseCodecs(this.codecs));
      await this.#connect(generation);
    } catch (error) {
      if (generation === this.#generation) {
        this.#failure = sentence(error instanceof Error ? error.message : String(error));
      }
    }
    // Only now: the same connection may be in use again.
    last?.release();
    this.#show();
  }

  async #connect(generation: number): Promise<void> {
    // A token is for the server that it was set with.
    const { server: wanted, token } = this;
    const api = this.#api;
    if (api !== null) {
      this.#watch({ api, release: () => undefined }, null, token);
      return;
    }
    const server = await findServer(wanted, import.meta.url, document.baseURI);
    if (generation === this.#generation && this.isConnected) {
      this.#watch(shareConnection(server, token), server, token);
    }
  }

  #watch(connection: SharedConnection, server: Server | null, token: string): void {
    this.#connection = connection;
    this.#server = server;
    const viewing = new Viewing({
      api: connection.api,
      producer: this.producer,
      wish: this.#wish,
      hidden: document.hidden,
      explain: () => askRefusal(server, token),
      prepare: (session) => { this.#prepare(session); },
      sessionChanged: (session) => { this.#screen.show(session); },
      changed: () => { this.#show(); },
    });
    this.#viewing = viewing;
    viewing.open();
  }

  #prepare(session: ConsumerSession): void {
    session.addEventListener("remoteControllerChanged", () => {
      this.#followControl();
      this.#show();
    });
    session.codecPreferences = this.#codecs;
    session.setPlayoutDelay(parseLatency(this.getAttribute("latency")));
  }

  #close(): void {
    this.#generation += 1;
    this.#leave()?.release();
    this.#screen.clear();
    this.#view.release();
    this.#show();
  }

  #leave(): SharedConnection | null {
    const connection = this.#connection;
    this.#talk.close();
    this.#viewing?.close();
    this.#viewing = null;
    this.#connection = null;
    return connection;
  }

  #followControl(): void {
    this.#screen.takeKeys(this.remoteControl);
    this.session?.remoteController?.attachVideoElement(this.remoteControl ? this.video : null);
  }

  /** Whoever turns control on goes on with its keys; a session that comes by itself takes the focus from nobody. */
  #focusControlled(): void {
    if (this.remoteControl && (this.session?.remoteController ?? null) !== null) {
      this.video.focus({ preventScroll: true });
    }
  }

  readonly #onFull = (): void => {
    this.#show();
  };

  readonly #onVisibility = (): void => {
    this.#viewing?.happened({ type: document.hidden ? "hidden" : "visible" });
  };

  /** The viewer presses what plays: browsers allow sound then. */
  #goOn(): void {
    this.#screen.unsilence();
    if (this.state === "paused") {
      this.play();
    } else {
      this.retry();
    }
  }

  #makeView(screen: Screen, talk: TalkButton): View {
    return new View(screen, talk, {
      help: () => { this.#goOn(); },
      endControl: () => { this.remoteControl = false; },
      togglePlay: () => {
        if (this.state === "paused" || this.state === "ended") {
          this.#goOn();
        } else {
          this.pause();
        }
      },
      toggleMute: () => {
        if (this.#screen.silenced) {
          this.#screen.unsilence();
        } else {
          this.muted = !this.muted;
        }
      },
      setVolume: (volume) => {
        this.video.volume = volume;
        this.muted = volume === 0;
        this.#screen.unsilence();
        this.#show();
      },
      setLatency: (value) => { this.latency = value; },
      toggleStatistics: () => { this.statistics = !this.statistics; },
      toggleControl: () => { this.remoteControl = !this.remoteControl; },
      togglePicture: () => { void togglePicture(this.video); },
      toggleFull: () => { void toggleFullScreen(this, this.video); },
    });
  }

  /** Shows what is, and tells who listens if it is news. */
  #show(): void {
    const status = this.#currentStatus();
    const controller = this.session?.remoteController ?? null;
    this.#view.show({
      ...status,
      name: this.#viewing?.names.producer ?? null,
      session: this.session,
      help: this.#viewing === null ? (this.#failure === null ? null : "Try again") : helpOf(this.#viewing.situation),
      quiet: status.state === "playing" && this.#viewing?.situation.server !== "up",
      controls: this.controls,
      muted: this.muted,
      latency: parseLatency(this.getAttribute("latency")),
      statistics: this.statistics,
      talk: this.talkBack,
      controlling: controller === null ? null : controller.videoElement !== null,
    }, this);
    if (status.state === "ended" || status.state === "idle" || status.state === "waiting") {
      this.#screen.clear();
    }
    this.#tell(status);
  }

  #currentStatus(): PlayerStatus {
    if (this.#failure !== null) {
      return { state: "ended", text: this.#failure, reason: "misconfigured" };
    }
    if (this.#viewing === null) {
      return this.isConnected ? { state: "connecting", text: "Connecting…", reason: null } : IDLE;
    }
    const { situation, names } = this.#viewing;
    const server = this.#server?.url ?? null;
    return {
      state: stateOf(situation),
      text: wordsFor(situation, { ...names, server, token: this.token !== "" }),
      reason: situation.reason,
    };
  }

  #tell(status: PlayerStatus): void {
    const before = this.#status;
    if (before.state === status.state && before.text === status.text && before.reason === status.reason) {
      return;
    }
    this.#status = status;
    this.setAttribute("state", status.state);
    if (status.state === "playing" || before.state === "playing") {
      this.#view.wake();
    }
    this.dispatchEvent(new CustomEvent("statechange", { detail: status }));
  }
}
