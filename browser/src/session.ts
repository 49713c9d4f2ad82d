/**
 * What both kinds of sessions share: the peer connection, states, the deadline, what is done when the network fails,
 * and the end. Who offers and what is done with media is left to the subclasses, descriptions to {@link Exchange}.
 */

import { ChannelPlaces } from "./channel-places.js";
import { checkedCodecs, preferCodecs } from "./codec-preferences.js";
import { codecsInVain } from "./common-codec.js";
import { type EndReason, type SessionPhase, describeEnd, isOrdinaryEnd } from "./end-reason.js";
import { TypedEventTarget } from "./events.js";
import { Exchange } from "./exchange.js";
import { type PathHint, PathsTried } from "./paths.js";
import type { ClientMessage, PeerMessage } from "./protocol.js";
import { Recovery } from "./recovery.js";
import { type StatisticsOptions, statisticsOf } from "./statistics-feed.js";
import type { Rung, SessionStatistics } from "./statistics.js";

/** The states of a session, in the order in which they are passed. */
export const SessionState = { idle: 0, connecting: 1, streaming: 2, closed: 3 } as const;
/** A state of a session: one of the values of {@link SessionState}. */
export type SessionState = (typeof SessionState)[keyof typeof SessionState];

/** The events of every session. */
export interface SessionEvents {
  /** Something went wrong. A session that ends for it also sends `closed`. */
  error: ErrorEvent;
  /** `state` changed. */
  stateChanged: Event;
  /** `rtcPeerConnection` was made or given up. */
  rtcPeerConnectionChanged: Event;
  /** `interrupted` changed. */
  interruptedChanged: Event;
  /** The other side opened a data channel, `detail`, that is not for remote control. */
  dataChannel: CustomEvent<RTCDataChannel>;
  /** The session is over; `detail` says why. */
  closed: CustomEvent<EndReason>;
}

/** What a session needs from the client that it belongs to. */
export interface SessionHost {
  /** For a new peer connection. */
  webrtcConfig(): RTCConfiguration;
  /** How long a session may take until it streams, in milliseconds; 0: for ever. */
  readonly connectTimeout: number;
  /** Queues a message; false where there is no working connection. */
  send(message: ClientMessage): boolean;
  /** Is told when a session is over, and tells the other member. */
  ended(session: WebRTCSession, reason: EndReason): void;
}

/** A session with another peer. */
export abstract class WebRTCSession<Events extends SessionEvents = SessionEvents> extends TypedEventTarget<Events> {
  /** The other peer. */
  readonly peerId: string;
  protected readonly host: SessionHost;
  protected readonly exchange: Exchange;
  readonly #recovery: Recovery;
  readonly #places: ChannelPlaces;
  readonly #paths = new PathsTried();
  #sessionId = "";
  #state: SessionState = SessionState.idle;
  #connection: RTCPeerConnection | null = null;
  #endReason: EndReason | null = null;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #interrupted = false;
  /** Whether the server passes on offers of this side beside the first. */
  #mayOffer = false;
  /** Whether the other side has not yet kept to a path that was to be replaced. */
  #mayRestart = true;
  #codecs: readonly string[] = [];

  /** Sessions are made by `GstWebRTCAPI`, not by applications. @internal */
  constructor(peerId: string, host: SessionHost, polite: boolean) {
    super();
    this.peerId = peerId;
    this.host = host;
    this.exchange = this.#makeExchange(polite);
    this.#recovery = new Recovery({
      restart: () => this.restartIce(),
      giveUp: () => {
        this.end({ kind: "transportFailed", ...this.#hint() });
      },
      interrupted: (is) => {
        this.#interrupted = is;
        this.dispatchEvent(new Event("interruptedChanged"));
      },
    });
    this.#places = new ChannelPlaces({
      offer: () => {
        if (this.#mayOffer) {
          this.exchange.offer();
        }
        return this.#mayOffer;
      },
      refused: () => {
        this.dispatchError("the other side has no place for data channels");
      },
    });
  }

  /** The session's name; empty until the server has given it one. */
  get sessionId(): string {
    return this.#sessionId;
  }

  /** What the session is doing. */
  get state(): SessionState {
    return this.#state;
  }

  /** The underlying connection, while there is one. */
  get rtcPeerConnection(): RTCPeerConnection | null {
    return this.#connection;
  }

  /** Why the session ended; null until it did. */
  get endReason(): EndReason | null {
    return this.#endReason;
  }

  /** Whether a session that streams has lost its network path for now: it comes back or ends by itself. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /**
   * The codecs that are wanted most, best first, such as `["video/VP9", "video/H264"]`. Set it before the session
   * connects. It is an order and no filter: where the other side has none of them, others are used.
   */
  get codecPreferences(): readonly string[] {
    return this.#codecs;
  }

  /** @throws `RangeError` where there is no codec of a name; its message lists the names. */
  set codecPreferences(names: readonly string[]) {
    this.#codecs = checkedCodecs(names);
  }

  /** Ends the session. */
  close(): void {
    this.end({ kind: "closed" });
  }

  /**
   * What the session is like, at once and again and again until it ends: bitrate, frame rate, losses and more. Every
   * call counts for itself.
   *
   * ```js
   * for await (const { bitrate, framesPerSecond } of session.statistics()) { ... }
   * ```
   */
  statistics(options: StatisticsOptions = {}): AsyncIterableIterator<SessionStatistics> {
    return statisticsOf(
      {
        connection: () => this.#connection,
        isOver: () => this.#isOver(),
        onOver: (over) => {
          EventTarget.prototype.addEventListener.call(this, "closed", over);
          return () => {
            EventTarget.prototype.removeEventListener.call(this, "closed", over);
          };
        },
        rungOf: (mid) => this.rungOf(mid),
      },
      options,
    );
  }

  /**
   * Opens a data channel to the other side. Opened before the session connects it is part of its first exchange. A
   * channel for which the other side has no place is closed, which is also an `error`.
   *
   * @throws `Error` where the session is over.
   */
  createDataChannel(label: string, init?: RTCDataChannelInit): RTCDataChannel {
    if (this.#isOver()) {
      throw new Error("the session is over, no data channel can be opened in it");
    }
    const connection = this.#connect();
    const channel = connection.createDataChannel(label, init);
    this.#places.add(channel);
    if (connection.remoteDescription !== null && connection.signalingState === "stable") {
      this.#places.settled(connection.sctp !== null);
    }
    return channel;
  }

  /**
   * Looks for a new network path to the other side, as is done by itself when the network changes or fails. Media goes
   * on over the old one until the new one stands.
   *
   * @returns whether that is under way; false where the session does not stream, or where the signalling server or the
   * other side are too old for it (before protocol 1.2).
   */
  restartIce(): boolean {
    const possible = this.#mayOffer && this.#mayRestart && this.#state === SessionState.streaming;
    if (possible) {
      this.exchange.offer({ iceRestart: true });
    }
    return possible;
  }

  /** The network of this computer is another one. @internal */
  networkChanged(): void {
    this.#recovery.networkChanged();
  }

  /** Takes what the other member said. @internal */
  receive(message: PeerMessage): void {
    if ("ice" in message) {
      this.#paths.note(message.ice.candidate);
    } else {
      this.#paths.noteAll(message.sdp.sdp);
    }
    this.exchange.receive(message);
  }

  /** Ends the session for `reason`, which the other member is told unless it ended it. @internal */
  end(reason: EndReason): void {
    if (this.#state === SessionState.closed) {
      return;
    }
    this.#endReason = reason;
    clearTimeout(this.#deadline);
    this.#recovery.stop();
    this.host.ended(this, reason);
    const connection = this.#connection;
    this.#connection = null;
    connection?.close();
    this.setState(SessionState.closed);
    if (connection !== null) {
      this.dispatchEvent(new Event("rtcPeerConnectionChanged"));
    }
    this.release();
    if (!isOrdinaryEnd(reason)) {
      this.dispatchError(describeEnd(reason));
    }
    this.dispatchEvent(new CustomEvent("closed", { detail: reason }));
  }

  /** The server gave the session its name; it passes on later offers of this side where `mayOffer`. @internal */
  named(sessionId: string, mayOffer: boolean): void {
    this.#sessionId = sessionId;
    this.#mayOffer = mayOffer;
    this.exchange.named();
  }

  /**
   * The server refused an offer of this side, or knows nothing of the session any more; whether an offer was under way.
   * @internal
   */
  offersRefused(): boolean {
    this.#mayOffer = false;
    return this.exchange.offerRefused();
  }

  /** Frees what the subclass holds. */
  protected abstract release(): void;

  /** Prepares a connection before the first description is applied or made. */
  protected abstract prepare(connection: RTCPeerConnection): void;

  /** What the producer told about the resolution of a section; undefined where it told nothing. */
  protected abstract rungOf(mid: string | null): Rung | undefined;

  /** An own description as it is to be set and sent. */
  protected munge(sdp: string): string {
    return sdp;
  }

  protected setState(state: SessionState): void {
    if (state !== this.#state) {
      this.#state = state;
      this.dispatchEvent(new Event("stateChanged"));
    }
  }

  /** Enters the state of connecting and starts the deadline. */
  protected beginConnecting(): void {
    this.setState(SessionState.connecting);
    if (this.host.connectTimeout > 0) {
      this.#deadline = setTimeout(() => {
        const waitingFor = this.#phase();
        this.end({ kind: "timeout", waitingFor, ...(waitingFor === "transport" ? this.#hint() : {}) });
      }, this.host.connectTimeout);
    }
  }

  #makeExchange(polite: boolean): Exchange {
    return new Exchange(polite, {
      connect: () => this.#connect(),
      connection: () => this.#connection,
      isOver: () => this.#isOver(),
      say: (what) => this.host.send({ type: "peer", sessionId: this.#sessionId, ...what }),
      beforeDescription: (connection) => {
        preferCodecs(connection, this.#codecs);
      },
      munge: (sdp) => this.munge(sdp),
      accepts: (offer, answer) => {
        const offered = codecsInVain(offer, answer);
        if (offered !== null) {
          this.end({ kind: "noCommonCodec", offered });
        }
        return offered === null;
      },
      agreed: (connection) => {
        this.#places.settled(connection.sctp !== null);
      },
      cannotRestart: () => {
        this.#mayRestart = false;
      },
      failed: (error) => {
        this.end({ kind: "negotiationFailed", error });
      },
      unusable: (message, cause) => {
        if (!this.#isOver()) {
          this.dispatchError(message, cause);
        }
      },
    });
  }

  #connect(): RTCPeerConnection {
    if (this.#connection !== null) {
      return this.#connection;
    }
    const connection = new RTCPeerConnection(this.host.webrtcConfig());
    this.#connection = connection;
    connection.addEventListener("icecandidate", ({ candidate }) => {
      // Neither null nor an empty candidate is sent: older peers do not know an end of candidates.
      if (candidate !== null && candidate.candidate !== "") {
        this.#paths.note(candidate.candidate);
        this.exchange.found({
          candidate: candidate.candidate,
          sdpMLineIndex: candidate.sdpMLineIndex,
          ...(candidate.sdpMid === null ? {} : { sdpMid: candidate.sdpMid }),
        });
      }
    });
    connection.addEventListener("connectionstatechange", () => {
      this.#onConnectionState(connection);
    });
    connection.addEventListener("datachannel", ({ channel }) => {
      this.takeChannel(channel);
    });
    this.prepare(connection);
    this.dispatchEvent(new Event("rtcPeerConnectionChanged"));
    return connection;
  }

  /** The other side opened a channel. */
  protected takeChannel(channel: RTCDataChannel): void {
    this.dispatchEvent(new CustomEvent("dataChannel", { detail: channel }));
  }

  #onConnectionState(connection: RTCPeerConnection): void {
    if (this.#connection !== connection) {
      return;
    }
    if (connection.connectionState === "connected") {
      clearTimeout(this.#deadline);
      this.setState(SessionState.streaming);
    }
    this.#recovery.transport(connection.connectionState);
  }

  #isOver(): boolean {
    return this.#state === SessionState.closed;
  }

  /** A path that once led to the other side needs no TURN server. */
  #hint(): { hint?: PathHint } {
    const hint = this.#state === SessionState.streaming ? undefined : this.#paths.hint;
    return hint === undefined ? {} : { hint };
  }

  #phase(): SessionPhase {
    if (this.#sessionId === "") {
      return "session";
    }
    return this.#connection?.remoteDescription == null ? "description" : "transport";
  }
}
