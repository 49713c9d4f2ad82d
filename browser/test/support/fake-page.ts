/** What players need of a browser and happy-dom has not, and a client whose server and producers are the test's. */

import type { TestContext } from "vitest";
import { SessionState } from "../../src/index.js";
import type { ConsumerSession, EndReason, GstWebRTCAPI, Peer, SessionStatistics } from "../../src/index.js";
import type { GstWebRTCPlayer } from "../../src/player/element.js";

/** What the producer sends at a place of its description. */
export class FakeTransceiver {
  currentDirection: RTCRtpTransceiverDirection | null = null;
  readonly track: FakeTrack;

  constructor(kind: FakeTrack["kind"]) {
    this.track = Object.assign(new EventTarget(), { kind, readyState: "live" as const });
  }
}

/** A track. */
export interface FakeTrack extends EventTarget {
  readonly kind: "audio" | "video";
  readyState: "live" | "ended";
}

class FakeStream extends EventTarget {
  active = true;
  #tracks: FakeTrack[];

  constructor(tracks: readonly FakeTrack[] = []) {
    super();
    this.#tracks = [...tracks];
  }

  addTrack(track: FakeTrack): void {
    this.#tracks.push(track);
  }

  removeTrack(track: FakeTrack): void {
    this.#tracks = this.#tracks.filter((other) => other !== track);
  }

  getTracks(): FakeTrack[] {
    return this.#tracks;
  }

  getAudioTracks(): FakeTrack[] {
    return this.#tracks.filter(({ kind }) => kind === "audio");
  }

  getVideoTracks(): FakeTrack[] {
    return this.#tracks.filter(({ kind }) => kind === "video");
  }
}

/** What the browser lets a page play that nobody has clicked on. */
export const autoplay: { allows: "sound" | "silence" | "nothing" } = { allows: "sound" };
const streams = new WeakMap<object, unknown>();

/** Gives happy-dom's videos what browsers' have. */
export function installMedia(): void {
  Object.assign(globalThis, { MediaStream: FakeStream });
  Object.defineProperties(HTMLVideoElement.prototype, {
    srcObject: {
      configurable: true,
      get(this: object) {
        return streams.get(this) ?? null;
      },
      set(this: object, stream: unknown) {
        streams.set(this, stream);
      },
    },
    play: {
      configurable: true,
      value(this: HTMLVideoElement): Promise<void> {
        const refused = autoplay.allows === "nothing" || (autoplay.allows === "silence" && !this.muted);
        if (refused) {
          return Promise.reject(Object.assign(new Error("no"), { name: "NotAllowedError" }));
        }
        return Promise.resolve();
      },
    },
    pause: { configurable: true, value: () => undefined },
  });
}

/** A session that goes as the test says. */
export class FakeSession extends EventTarget {
  readonly peerId: string;
  codecPreferences: readonly string[] = [];
  rtcPeerConnection: (EventTarget & { connectionState: string; signalingState: string }) | null = null;
  /** What the producer sends, or sent. */
  readonly transceivers: FakeTransceiver[] = [];
  remoteController: { videoElement: unknown; attachVideoElement(video: unknown): void } | null = null;
  /** As the session was last asked. */
  delay: number | null | undefined;
  closed = false;

  constructor(peerId: string) {
    super();
    this.peerId = peerId;
  }

  connect(): boolean {
    return true;
  }

  setPlayoutDelay(milliseconds: number | null): void {
    this.delay = milliseconds;
  }

  async *statistics(): AsyncGenerator<SessionStatistics> {
    await Promise.resolve();
    yield { at: 0, codec: "video/VP8", bitrate: 1_500_000, roundTripTime: 0.012 };
  }

  close(): void {
    this.end({ kind: "closed" });
  }

  end(reason: EndReason): void {
    if (!this.closed) {
      this.closed = true;
      this.dispatchEvent(new CustomEvent("closed", { detail: reason }));
    }
  }

  /** The transport comes up, with these tracks. */
  stream(...kinds: readonly FakeTrack["kind"][]): void {
    this.rtcPeerConnection = Object.assign(new EventTarget(), { connectionState: "connected", signalingState: "stable" });
    this.dispatchEvent(new Event("rtcPeerConnectionChanged"));
    const added = kinds.map((kind) => new FakeTransceiver(kind));
    this.transceivers.push(...added);
    this.negotiate(...added);
    this.rtcPeerConnection.dispatchEvent(new Event("connectionstatechange"));
  }

  /** The producer offers and this side answers; what is sent anew is told as browsers tell it: before the answer. */
  negotiate(...sent: readonly FakeTransceiver[]): void {
    const connection = this.rtcPeerConnection;
    const to = (signalingState: string): void => {
      Object.assign(connection ?? {}, { signalingState });
      connection?.dispatchEvent(new Event("signalingstatechange"));
    };
    to("have-remote-offer");
    for (const transceiver of sent.filter(({ currentDirection }) => currentDirection !== "recvonly")) {
      connection?.dispatchEvent(Object.assign(new Event("track"), { track: transceiver.track, transceiver }));
    }
    for (const transceiver of this.transceivers) {
      transceiver.currentDirection = sent.includes(transceiver) ? "recvonly" : "inactive";
    }
    to("stable");
  }

  /** The producer takes input. */
  takeInput(): void {
    const controller = {
      videoElement: null as unknown,
      attachVideoElement: (video: unknown) => {
        controller.videoElement = video;
      },
    };
    this.remoteController = controller;
    this.dispatchEvent(new Event("remoteControllerChanged"));
  }
}

/** A session that a viewer talks in. */
export class FakeTalk extends EventTarget {
  closed = false;

  start(): boolean {
    return true;
  }

  close(): void {
    this.closed = true;
  }

  /** Who listens hears what is said. */
  hear(): void {
    const client = Object.assign(new EventTarget(), { state: SessionState.streaming, rtcPeerConnection: null });
    this.dispatchEvent(new CustomEvent("clientConsumerAdded", { detail: client }));
    client.dispatchEvent(new Event("stateChanged"));
  }
}

type Listener = Readonly<Record<string, ((value: unknown) => void) | undefined>>;

/** A client without a server. */
export class FakeApi {
  clientId: string | null = "me";
  readonly sessions: FakeSession[] = [];
  /** How many listeners are registered. */
  get listeners(): number {
    return this.#listeners.size;
  }
  readonly #listeners = new Set<Listener>();
  readonly #producers: Peer[] = [];

  /** As players take it. */
  get api(): GstWebRTCAPI {
    return this as unknown as GstWebRTCAPI;
  }

  /** The session that was made last. */
  get last(): FakeSession {
    const session = this.sessions.at(-1);
    if (session === undefined) {
      throw new Error("there is no session");
    }
    return session;
  }

  registerConnectionListener(listener: Listener): void {
    this.#listeners.add(listener);
  }

  unregisterConnectionListener(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  registerPeerListener(listener: Listener): void {
    this.#listeners.add(listener);
  }

  unregisterPeerListener(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  getAvailableProducers(): Peer[] {
    return this.#producers;
  }

  /** Passive consumers. */
  readonly consumers: Peer[] = [];

  getAvailableConsumers(): Peer[] {
    return this.consumers;
  }

  /** Those that viewers talk in. */
  readonly talks: FakeTalk[] = [];

  createProducerSessionForConsumer(): FakeTalk {
    const talk = new FakeTalk();
    this.talks.push(talk);
    return talk;
  }

  createConsumerSession(peerId: string): ConsumerSession {
    const session = new FakeSession(peerId);
    this.sessions.push(session);
    return session as unknown as ConsumerSession;
  }

  /** A producer comes. */
  come(id: string, name: string | null = null): void {
    const peer = { id, meta: name === null ? null : { name } };
    this.#producers.push(peer);
    this.#tell("producerAdded", peer);
  }

  /** A producer goes. */
  go(id: string): void {
    const at = this.#producers.findIndex((peer) => peer.id === id);
    const [peer] = this.#producers.splice(at, 1);
    this.#tell("producerRemoved", peer);
  }

  /** The server is lost, or back. */
  connect(connected: boolean): void {
    this.clientId = connected ? "me" : null;
    this.#tell(connected ? "connected" : "disconnected", this.clientId);
  }

  #tell(event: string, value: unknown): void {
    for (const listener of this.#listeners) {
      listener[event]?.(value);
    }
  }
}

/** A player on the page, as markup says, with a client of the test's. Gone with the test. */
export function playerOn(t: TestContext, attributes: Readonly<Record<string, string>> = {}): { player: GstWebRTCPlayer; fake: FakeApi } {
  const fake = new FakeApi();
  const player = document.createElement("gst-webrtc-player");
  for (const [name, value] of Object.entries(attributes)) {
    player.setAttribute(name, value);
  }
  player.api = fake.api;
  document.body.append(player);
  t.onTestFinished(() => {
    player.remove();
  });
  return { player, fake };
}

/** What is inside of a player. */
export function rootOf(player: GstWebRTCPlayer): ShadowRoot {
  if (player.shadowRoot === null) {
    throw new Error("the player has nothing inside");
  }
  return player.shadowRoot;
}

/** The part of a player that is called `part`. */
export function partOf(player: GstWebRTCPlayer, part: string): HTMLElement {
  const found = rootOf(player).querySelector<HTMLElement>(`[part~="${part}"]`);
  if (found === null) {
    throw new Error(`the player has no part ${part}`);
  }
  return found;
}
