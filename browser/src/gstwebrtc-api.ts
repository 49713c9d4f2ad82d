/** The entry point: one connection to a signalling server, the peers on it and the sessions with them. */

import { type ClientMessage, type Json, type Peer, type ServerMessage } from "./protocol.js";
import { ConsumerSession, type OfferOptions } from "./consumer-session.js";
import { type DirectoryChange, PeerDirectory, type PeerListener } from "./peer-directory.js";
import { ProducerSession } from "./producer-session.js";
import { SessionState, type WebRTCSession } from "./session.js";
import { SignallingClient } from "./signalling-client.js";

/** How a {@link GstWebRTCAPI} connects. What is left out has a default. */
export interface GstWebRTCConfig {
  /** How this client describes itself to others; null by default. */
  readonly meta?: Json;
  /** Address of the signalling server; `ws://127.0.0.1:8443` by default. */
  readonly signalingServerUrl?: string;
  /**
   * A usual wait before a lost connection is tried again, in milliseconds; 2500 by default, 0: it is not.
   * Waits begin at a quarter of it, double up to four times it and vary at random.
   */
  readonly reconnectionTimeout?: number;
  /** How long a session may take until it streams, in milliseconds; 20000 by default, 0: for ever. */
  readonly connectTimeout?: number;
  /** Settings of peer connections, laid over two public STUN servers and `bundlePolicy: "max-bundle"`. */
  readonly webrtcConfig?: RTCConfiguration;
}

/** Told about the connection to the signalling server. */
export interface ConnectionListener {
  /** The connection works; the server calls this client `clientId`. */
  connected(clientId: string): void;
  /** The connection is lost. It is tried again unless `reconnectionTimeout` is 0. */
  disconnected(): void;
  /** The server or the connection has a problem that ends nothing; for people to read. */
  problem?(text: string): void;
}

const DEFAULT_WEBRTC_CONFIG: RTCConfiguration = {
  iceServers: [{ urls: ["stun:stun.l.google.com:19302", "stun:stun1.l.google.com:19302"] }],
  bundlePolicy: "max-bundle",
};
const HANDSHAKE_TIMEOUT = 10_000;
const PEER_EVENTS = ["producerAdded", "producerRemoved", "consumerAdded", "consumerRemoved"] as const;

/** A client of a signalling server: who produces, and sessions to play and to produce. */
export class GstWebRTCAPI {
  /** The states of sessions. */
  static readonly SessionState = SessionState;

  readonly #webrtcConfig: RTCConfiguration;
  readonly #connectTimeout: number;
  readonly #client: SignallingClient;
  readonly #directory = new PeerDirectory();
  readonly #connectionListeners = new Set<ConnectionListener>();
  readonly #peerListeners = new Set<PeerListener>();
  readonly #sessions = new Map<string, WebRTCSession>();
  /** Sessions that the server was asked for, oldest first; those that are over stay until it answers. */
  readonly #requested: ConsumerSession[] = [];
  #producers: readonly ProducerSession[] = [];

  /**
   * Connects to the signalling server.
   *
   * @throws `SyntaxError` where the server's address is none.
   */
  constructor(config: GstWebRTCConfig = {}) {
    this.#webrtcConfig = { ...DEFAULT_WEBRTC_CONFIG, ...config.webrtcConfig };
    this.#connectTimeout = config.connectTimeout ?? 20_000;
    this.#client = new SignallingClient(
      {
        url: config.signalingServerUrl ?? "ws://127.0.0.1:8443",
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
          this.#onLost();
        },
        message: (message) => {
          this.#onMessage(message);
        },
        problem: (text) => {
          this.#onProblem(text);
        },
      },
    );
  }

  /** Calls `listener` when the connection comes and goes; false where it lacks a function. */
  registerConnectionListener(listener: ConnectionListener): boolean {
    // Checked although typed: pages without types call this too.
    const given: Partial<ConnectionListener> = listener;
    if (typeof given.connected !== "function" || typeof given.disconnected !== "function") {
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
    if (!PEER_EVENTS.some((event) => typeof listener[event] === "function")) {
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
  getAvailableProducers(): Peer[] {
    return this.#directory.withRole("producer");
  }

  /** Those that wait for a producer to come to them. */
  getAvailableConsumers(): Peer[] {
    return this.#directory.withRole("consumer");
  }

  /** A session to play `producerId`; null while there is no signalling server. */
  createConsumerSession(producerId: string): ConsumerSession | null {
    return this.#createConsumer(producerId, null);
  }

  /** Like {@link createConsumerSession}, but this side makes the offer. */
  createConsumerSessionWithOfferOptions(producerId: string, offerOptions: OfferOptions): ConsumerSession | null {
    return this.#createConsumer(producerId, offerOptions);
  }

  /** A session to produce `stream`; null while there is no signalling server or another such session. */
  createProducerSession(stream: MediaStream): ProducerSession | null {
    return this.#createProducer(stream, null);
  }

  /** A session to produce `stream` for one passive consumer; null as in {@link createProducerSession}. */
  createProducerSessionForConsumer(stream: MediaStream, consumerId: string): ProducerSession | null {
    return this.#createProducer(stream, consumerId);
  }

  /** Ends all sessions and the connection for good. */
  close(): void {
    this.#endSessions("closed");
    this.#client.close();
  }

  #createConsumer(peerId: string, offerOptions: OfferOptions | null): ConsumerSession | null {
    if (this.#client.peerId === null) {
      return null;
    }
    return new ConsumerSession(
      peerId,
      {
        ...this.#host(),
        requestSession: (session, offer) => {
          const sent = this.#client.send({ type: "startSession", peerId, ...(offer === undefined ? {} : { offer }) });
          if (sent) {
            this.#requested.push(session);
          }
          return sent;
        },
      },
      offerOptions,
    );
  }

  #createProducer(stream: MediaStream, consumerId: string | null): ProducerSession | null {
    const taken = this.#producers.some((session) => session.consumerId === consumerId);
    if (this.#client.peerId === null || taken) {
      return null;
    }
    const producer = new ProducerSession(
      stream,
      {
        ...this.#host(),
        setProducing: (session, producing) => this.#setProducing(session, producing),
        adopt: (session, sessionId) => {
          this.#sessions.set(sessionId, session);
        },
      },
      consumerId,
    );
    producer.addEventListener("closed", () => {
      this.#producers = this.#producers.filter((other) => other !== producer);
    });
    this.#producers = [...this.#producers, producer];
    return producer;
  }

  #host() {
    return {
      webrtcConfig: this.#webrtcConfig,
      connectTimeout: this.#connectTimeout,
      send: (message: ClientMessage) => this.#client.send(message),
      forget: (session: WebRTCSession) => {
        this.#sessions.delete(session.sessionId);
      },
    };
  }

  #setProducing(session: ProducerSession, producing: boolean): boolean {
    if (session.consumerId === null) {
      return producing ? this.#client.announce("producer") : this.#client.announce();
    }
    return producing && this.#client.send({ type: "startSession", peerId: session.consumerId });
  }

  #onMessage(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
      case "lease":
      case "heartbeat":
      case "iceServers":
        break;
      case "peerStatusChanged":
        this.#onStatus(message);
        break;
      case "list":
        this.#tellPeers(message.producers.flatMap((peer) => this.#listed("producer", peer)));
        break;
      case "listConsumers":
        this.#tellPeers(message.consumers.flatMap((peer) => this.#listed("consumer", peer)));
        break;
      case "startSession":
        this.#onStartSession(message.peerId, message.sessionId, message.offer);
        break;
      case "sessionStarted":
        this.#onSessionStarted(message.peerId, message.sessionId);
        break;
      case "peer":
        this.#sessions.get(message.sessionId)?.receive(message);
        break;
      case "endSession":
        this.#sessions.get(message.sessionId)?.end({ kind: "endedByPeer", error: null });
        break;
      case "endSessionV1_1":
        this.#sessions.get(message.sessionId)?.end({ kind: "endedByPeer", error: message.error });
        break;
      case "error":
        this.#onError(message.details);
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
      this.#producers.find(({ consumerId }) => consumerId === null)?.announced();
    }
  }

  #listed(role: "producer" | "consumer", peer: Peer): DirectoryChange[] {
    return peer.id === this.#client.peerId ? [] : this.#directory.add(role, peer);
  }

  #onStartSession(peerId: string, sessionId: string, offer: string | null): void {
    const producer =
      this.#producers.find(({ consumerId, state }) => consumerId === peerId && state === SessionState.connecting) ??
      this.#producers.find(({ consumerId, state }) => consumerId === null && state !== SessionState.idle);
    if (producer === undefined) {
      this.#client.send({ type: "endSession", sessionId });
    } else {
      producer.addClient(peerId, sessionId, offer);
    }
  }

  #onSessionStarted(peerId: string, sessionId: string): void {
    const session = this.#takeRequested((id) => id === peerId);
    if (session === undefined || session.state === SessionState.closed) {
      this.#client.send({ type: "endSession", sessionId });
      return;
    }
    this.#sessions.set(sessionId, session);
    session.named(sessionId);
  }

  #onError(details: string): void {
    // The server does not say which request it refuses, but names the peer.
    const session = this.#takeRequested((id) => details.includes(id));
    const producer = this.#producers.find(
      ({ consumerId, state }) =>
        consumerId !== null && state === SessionState.connecting && details.includes(consumerId),
    );
    if (session !== undefined) {
      session.end({ kind: "refused", error: details });
    } else if (producer !== undefined) {
      producer.end({ kind: "refused", error: details });
    } else {
      this.#onProblem(details);
    }
  }

  #takeRequested(matches: (peerId: string) => boolean): ConsumerSession | undefined {
    const index = this.#requested.findIndex(({ peerId }) => matches(peerId));
    return index < 0 ? undefined : this.#requested.splice(index, 1)[0];
  }

  #onLost(): void {
    this.#endSessions("signallingLost");
    this.#tellPeers(this.#directory.clear());
    this.#tellConnection((listener) => {
      listener.disconnected();
    });
  }

  #endSessions(kind: "closed" | "signallingLost"): void {
    for (const session of [...this.#producers, ...this.#requested.splice(0), ...this.#sessions.values()]) {
      session.end({ kind });
    }
  }

  #onProblem(text: string): void {
    this.#tellConnection((listener) => {
      listener.problem?.(text);
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

/** A listener that throws is reported like an event handler that throws: it disturbs nobody else. */
function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    reportError(error);
  }
}
