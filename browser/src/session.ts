/**
 * What both kinds of sessions share: the peer connection, descriptions and candidates in their right order, states,
 * the deadline and the end. Who offers and what is done with media is left to the subclasses.
 */

import { type EndReason, type SessionPhase, describeEnd, isOrdinaryEnd } from "./end-reason.js";
import { TypedEventTarget, messageOf } from "./events.js";
import { Gate } from "./gate.js";
import type { ClientMessage, IceCandidate, PeerMessage, SessionDescription } from "./protocol.js";

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
  readonly #localCandidates = new Gate<IceCandidate>((ice) => {
    this.#say({ ice });
  });
  readonly #remoteCandidates = new Gate<IceCandidate>((ice) => {
    this.#enqueue(() => this.#addCandidate(ice));
  });
  #sessionId = "";
  #state: SessionState = SessionState.idle;
  #connection: RTCPeerConnection | null = null;
  #endReason: EndReason | null = null;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #work: Promise<void> = Promise.resolve();
  #descriptionSent = false;

  /** Sessions are made by `GstWebRTCAPI`, not by applications. */
  constructor(peerId: string, host: SessionHost) {
    super();
    this.peerId = peerId;
    this.host = host;
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

  /** Ends the session. */
  close(): void {
    this.end({ kind: "closed" });
  }

  /** Takes what the other member said. @internal */
  receive(message: PeerMessage): void {
    if ("ice" in message) {
      this.#remoteCandidates.push(message.ice);
    } else {
      this.#enqueue(() => this.applyRemoteDescription(message.sdp));
    }
  }

  /** Ends the session for `reason`, which the other member is told unless it ended it. @internal */
  end(reason: EndReason): void {
    if (this.#state === SessionState.closed) {
      return;
    }
    this.#endReason = reason;
    clearTimeout(this.#deadline);
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

  /** The server gave the session its name. @internal */
  named(sessionId: string): void {
    this.#sessionId = sessionId;
    this.#openLocalCandidates();
  }

  /** Frees what the subclass holds. */
  protected abstract release(): void;

  /** Prepares a connection before the first description is applied or made. */
  protected abstract prepare(connection: RTCPeerConnection): void;

  /** The answer as it is to be set and sent. */
  protected mungeAnswer(sdp: string): string {
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
        this.end({ kind: "timeout", waitingFor: this.#phase() });
      }, this.host.connectTimeout);
    }
  }

  /** Does `step` after everything that was enqueued before, unless the session is over by then. */
  protected enqueueNegotiation(step: () => Promise<void>): void {
    this.#enqueue(step);
  }

  /** Makes an offer; `send` passes it on where it does not go to the other member as a message of the session. */
  protected async offer(send?: (offer: string) => void): Promise<void> {
    const connection = this.#connect();
    const offer = await connection.createOffer();
    await this.#setAndSend(connection, offer, send);
  }

  /** Applies a description of the other member; answers where it is an offer. */
  protected async applyRemoteDescription(description: SessionDescription): Promise<void> {
    const connection = this.#connect();
    await connection.setRemoteDescription(description);
    if (description.type === "offer") {
      const answer = await connection.createAnswer();
      await this.#setAndSend(connection, { type: "answer", sdp: this.mungeAnswer(answer.sdp ?? "") });
    }
    this.#remoteCandidates.open();
  }

  async #setAndSend(
    connection: RTCPeerConnection,
    description: RTCSessionDescriptionInit,
    send?: (sdp: string) => void,
  ): Promise<void> {
    // Candidates of this description may be found before it is sent, and a peer may refuse what it cannot place.
    this.#descriptionSent = false;
    this.#localCandidates.shut();
    await connection.setLocalDescription(description);
    if (this.#connection !== connection) {
      return;
    }
    const sdp = description.sdp ?? "";
    if (send === undefined) {
      this.#say({ sdp: { type: description.type === "offer" ? "offer" : "answer", sdp } });
    } else {
      send(sdp);
    }
    this.#descriptionSent = true;
    this.#openLocalCandidates();
  }

  #openLocalCandidates(): void {
    if (this.#descriptionSent && this.#sessionId !== "") {
      this.#localCandidates.open();
    }
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
        this.#localCandidates.push({
          candidate: candidate.candidate,
          sdpMLineIndex: candidate.sdpMLineIndex,
          ...(candidate.sdpMid === null ? {} : { sdpMid: candidate.sdpMid }),
        });
      }
    });
    connection.addEventListener("connectionstatechange", () => {
      this.#onConnectionState(connection);
    });
    this.prepare(connection);
    this.dispatchEvent(new Event("rtcPeerConnectionChanged"));
    return connection;
  }

  #onConnectionState(connection: RTCPeerConnection): void {
    if (this.#connection !== connection) {
      return;
    }
    if (connection.connectionState === "connected") {
      clearTimeout(this.#deadline);
      this.setState(SessionState.streaming);
    } else if (connection.connectionState === "failed" || connection.connectionState === "closed") {
      this.end({ kind: "transportFailed" });
    }
  }

  async #addCandidate(ice: IceCandidate): Promise<void> {
    const place = ice.sdpMid === undefined ? { sdpMLineIndex: ice.sdpMLineIndex ?? 0 } : {};
    try {
      await this.#connection?.addIceCandidate({ ...ice, ...place });
    } catch (error) {
      // One candidate of many, perhaps of a kind that this browser does not know: the others may still do.
      if (this.#state !== SessionState.closed) {
        this.dispatchError(`an ICE candidate cannot be used: ${messageOf(error)}`, error);
      }
    }
  }

  #enqueue(step: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#state === SessionState.closed) {
        return;
      }
      try {
        await step();
      } catch (error) {
        this.end({ kind: "negotiationFailed", error: messageOf(error) });
      }
    });
  }

  #phase(): SessionPhase {
    if (this.#sessionId === "") {
      return "session";
    }
    return this.#connection?.remoteDescription == null ? "description" : "transport";
  }

  #say(what: { sdp: SessionDescription } | { ice: IceCandidate }): void {
    this.host.send({ type: "peer", sessionId: this.#sessionId, ...what });
  }
}
