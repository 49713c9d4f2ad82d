/** The entry point: one connection to a signalling server, the peers on it and the sessions with them. */

import { watchNetwork } from "./network-watch.js";
import type { ConnectionProblem, IceServer, Json, Peer, ServerMessage } from "./protocol.js";
import type { ConsumerSession, OfferOptions } from "./consumer-session.js";
import { type DirectoryChange, type ListedPeer, PeerDirectory, type PeerListener } from "./peer-directory.js";
import type { ProducerSession } from "./producer-session.js";
import { SessionRegistry } from "./session-registry.js";
import { SessionState } from "./session.js";
import { type Outlook, SignallingClient } from "./signalling-client.js";

/** How a {@link GstWebRTCAPI} connects. What is left out has a default. */
export interface GstWebRTCConfig {
  /** How this client describes itself to others; null by default. */
  readonly meta?: Json;
  /** Address of the signalling server; `ws://127.0.0.1:8443` by default. */
  readonly signalingServerUrl?: string;
  /** What proves to the signalling server that this client may come, where it wants proof. A secret. */
  readonly token?: string;
  /**
   * A usual wait before a lost connection is tried again, in milliseconds; 2500 by default, 0: it is not.
   * Waits begin at a quarter of it, double up to four times it and vary at random.
   */
  readonly reconnectionTimeout?: number;
  /** How long a session may take until it streams, in milliseconds; 20000 by default, 0: for ever. */
  readonly connectTimeout?: number;
  /**
   * Settings of peer connections, laid over `bundlePolicy: "max-bundle"`. ICE servers that the signalling server names
   * are used as well; two public STUN servers are used where neither names any and there is no `iceServers` here.
   */
  readonly webrtcConfig?: RTCConfiguration;
}

/** Told about the connection to the signalling server. */
export interface ConnectionListener {
  /** The connection works; the server calls this client `clientId`. */
  connected(clientId: string): void;
  /** The connection is lost. It is tried again unless `reconnectionTimeout` is 0; sessions may go on meanwhile. */
  disconnected(): void;
  /** The server or the connection has a problem that ends nothing; for people to read, and for programs where there is a `reason`. */
  problem?(text: string, reason?: ConnectionProblem): void;
}

const PUBLIC_ICE_SERVERS: RTCIceServer[] = [
  { urls: ["stun:stun.l.google.com:19302", "stun:stun1.l.google.com:19302"] },
];
const HANDSHAKE_TIMEOUT = 10_000;
const PEER_EVENTS = ["producerAdded", "producerRemoved", "consumerAdded", "consumerRemoved"] as const;

/** A client of a signalling server: who produces, and sessions to play and to produce. */
export class GstWebRTCAPI {
  /** The states of sessions. */
  static readonly SessionState = SessionState;

  readonly #webrtcConfig: RTCConfiguration;
  readonly #client: SignallingClient;
  readonly #sessions: SessionRegistry;
  readonly #directory = new PeerDirectory();
  readonly #connectionListeners = new Set<ConnectionListener>();
  readonly #peerListeners = new Set<PeerListener>();
  readonly #forgetNetwork: () => void;
  /** As the signalling server named them. */
  #iceServers: readonly IceServer[] = [];

  /**
   * Connects to the signalling server.
   *
   * @param given - where it is left out or null, all defaults.
   * @throws `SyntaxError` where the server's address is none.
   */
  constructor(given?: GstWebRTCConfig | null) {
    const config = given ?? {};
    this.#webrtcConfig = { bundlePolicy: "max-bundle", ...config.webrtcConfig };
    this.#client = this.#makeClient(config);
    this.#sessions = new SessionRegistry({
      webrtcConfig: () => this.#configForNew(),
      connectTimeout: config.connectTimeout ?? 20_000,
      givesReasons: () => this.#client.leased,
      send: (message) => this.#client.send(message),
      announce: (...roles) => this.#client.announce(...roles),
    });
    addEventListener("pagehide", this.#onPageHide);
    this.#forgetNetwork = watchNetwork(() => {
      this.#client.hurry();
      this.#sessions.networkChanged();
    });
  }

  /** This client's name on the signalling server; null while there is no connection. */
  get clientId(): string | null {
    return this.#client.peerId;
  }

  /** Calls `listener` when the connection comes and goes; false where it lacks a function. */
  registerConnectionListener(listener: ConnectionListener): boolean {
    // Checked although typed: pages without types call this too.
    const given = listener as Partial<ConnectionListener> | null | undefined;
    if (typeof given?.connected !== "function" || typeof given.disconnected !== "function") {
      return false;
    }
    this.#connectionListeners.add(listener);
    return true;
  }

  /** Takes back a listener; false where it is not registered. */
  unregisterConnectionListener(listener: ConnectionListener): boolean {
    return this.#connectionListeners.delete(listener);
  }

  /** Takes back all listeners of the connection. */
  unregisterAllConnectionListeners(): void {
    this.#connectionListeners.clear();
  }

  /** Calls `listener` when producers and passive consumers come and go; false where it has no function. */
  registerPeerListener(listener: PeerListener): boolean {
    const given = listener as PeerListener | null | undefined;
    if (!PEER_EVENTS.some((event) => typeof given?.[event] === "function")) {
      return false;
    }
    this.#peerListeners.add(listener);
    return true;
  }

  /** Takes back a listener; false where it is not registered. */
  unregisterPeerListener(listener: PeerListener): boolean {
    return this.#peerListeners.delete(listener);
  }

  /** Takes back all listeners of peers. */
  unregisterAllPeerListeners(): void {
    this.#peerListeners.clear();
  }

  /** Those that can be played now, this client left out. */
  getAvailableProducers(): ListedPeer[] {
    return this.#directory.withRole("producer");
  }

  /** Those that wait for a producer to come to them. */
  getAvailableConsumers(): ListedPeer[] {
    return this.#directory.withRole("consumer");
  }

  /** A session to play `producerId`; null while there is no signalling server, or where that names nobody. */
  createConsumerSession(producerId: string): ConsumerSession | null {
    return this.#createConsumer(producerId, null);
  }

  /** Like {@link createConsumerSession}, but this side makes the offer; without options the producer does. */
  createConsumerSessionWithOfferOptions(producerId: string, offerOptions?: OfferOptions | null): ConsumerSession | null {
    return this.#createConsumer(producerId, typeof offerOptions === "object" ? offerOptions : null);
  }

  /** A session to produce `stream`; null while there is no signalling server or another such session, and for no stream. */
  createProducerSession(stream: MediaStream): ProducerSession | null {
    return this.#createProducer(stream, null);
  }

  /** A session to produce `stream` for one passive consumer; null as in {@link createProducerSession}. */
  createProducerSessionForConsumer(stream: MediaStream, consumerId: string): ProducerSession | null {
    return isName(consumerId) ? this.#createProducer(stream, consumerId) : null;
  }

  /** Ends all sessions and the connection for good. */
  close(): void {
    this.#close("the client was closed");
  }

  readonly #onPageHide = (event: PageTransitionEvent): void => {
    // A page that may be shown again finds its connection then, or resumes it.
    if (!event.persisted) {
      this.#close("the page was left");
    }
  };

  #close(reason: string): void {
    removeEventListener("pagehide", this.#onPageHide);
    this.#forgetNetwork();
    this.#sessions.close();
    this.#client.close(reason);
    this.#tellPeers(this.#directory.clear());
  }

  #makeClient(config: GstWebRTCConfig): SignallingClient {
    return new SignallingClient(
      {
        url: config.signalingServerUrl ?? "ws://127.0.0.1:8443",
        token: config.token ?? "",
        meta: config.meta ?? null,
        reconnectionTimeout: config.reconnectionTimeout ?? 2500,
        handshakeTimeout: HANDSHAKE_TIMEOUT,
      },
      {
        ready: (peerId) => {
          this.#tellConnection((listener) => {
            listener.connected(peerId);
          });
        },
        lost: () => {
          this.#tellConnection((listener) => {
            listener.disconnected();
          });
        },
        forgotten: (outlook) => {
          this.#onForgotten(outlook);
        },
        message: (message) => {
          this.#onMessage(message);
        },
        problem: (text, reason) => {
          this.#onProblem(text, reason);
        },
      },
    );
  }

  #configForNew(): RTCConfiguration {
    const own = this.#webrtcConfig.iceServers ?? (this.#iceServers.length === 0 ? PUBLIC_ICE_SERVERS : []);
    return { ...this.#webrtcConfig, iceServers: [...this.#iceServers, ...own] };
  }

  #createConsumer(peerId: string, offerOptions: OfferOptions | null): ConsumerSession | null {
    return this.#client.peerId === null || !isName(peerId) ? null : this.#sessions.createConsumer(peerId, offerOptions);
  }

  #createProducer(stream: MediaStream, consumerId: string | null): ProducerSession | null {
    // A stream of another window is no instance of this window's class.
    const is = typeof (stream as Partial<MediaStream> | null | undefined)?.getTracks === "function";
    return this.#client.peerId === null || !is ? null : this.#sessions.createProducer(stream, consumerId);
  }

  #onMessage(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
      case "lease":
      case "heartbeat":
        break;
      case "iceServers":
        this.#iceServers = message.iceServers;
        break;
      case "peerStatusChanged":
        this.#onStatus(message);
        break;
      case "list":
        this.#tellPeers(this.#directory.replace("producer", this.#others(message.producers)));
        break;
      case "listConsumers":
        this.#tellPeers(this.#directory.replace("consumer", this.#others(message.consumers)));
        break;
      case "startSession":
        this.#sessions.onStartSession(message.peerId, message.sessionId, message.offer);
        break;
      case "sessionStarted":
        this.#sessions.onSessionStarted(message.peerId, message.sessionId, message.laterOffers === true);
        break;
      case "peer":
        this.#sessions.find(message.sessionId)?.receive(message);
        break;
      case "endSession":
        this.#sessions.find(message.sessionId)?.end({ kind: "endedByPeer", error: null, reason: null });
        break;
      case "endSessionV1_1":
        this.#sessions
          .find(message.sessionId)
          ?.end({ kind: "endedByPeer", error: message.error, reason: message.reason });
        break;
      case "error":
        if (!this.#sessions.onError(message)) {
          this.#onProblem(message.details);
        }
        break;
    }
  }

  #onStatus(status: Extract<ServerMessage, { type: "peerStatusChanged" }>): void {
    if (status.peerId === null) {
      return;
    }
    if (status.peerId !== this.#client.peerId) {
      this.#tellPeers(this.#directory.update(status.peerId, status.roles, status.meta));
    } else if (status.roles.includes("producer")) {
      this.#sessions.announced();
    }
  }

  #others(peers: readonly Peer[]): Peer[] {
    return peers.filter(({ id }) => id !== this.#client.peerId);
  }

  #onForgotten(outlook: Outlook): void {
    this.#iceServers = [];
    this.#sessions.onForgotten(outlook);
    if (outlook !== "back") {
      // Otherwise the next list says who is still there.
      this.#tellPeers(this.#directory.clear());
    }
  }

  #onProblem(text: string, reason?: ConnectionProblem): void {
    this.#tellConnection((listener) => {
      listener.problem?.(text, reason);
    });
  }

  #tellPeers(changes: readonly DirectoryChange[]): void {
    for (const { event, peer } of changes) {
      for (const listener of [...this.#peerListeners]) {
        guarded(() => listener[event]?.(peer));
      }
    }
  }

  #tellConnection(tell: (listener: ConnectionListener) => void): void {
    for (const listener of [...this.#connectionListeners]) {
      guarded(() => {
        tell(listener);
      });
    }
  }
}

/** Pages without types say anything. */
function isName(id: unknown): id is string {
  return typeof id === "string" && id !== "";
}

/** A listener that throws is reported like an event handler that throws: it disturbs nobody else. */
function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    reportError(error);
  }
}
