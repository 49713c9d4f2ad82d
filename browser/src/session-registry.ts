/** The sessions of this client: which were asked for, which are under way, and which of them a message is for. */

import { ConsumerSession, type OfferOptions } from "./consumer-session.js";
import { type EndReason, describeEnd, endCodeOf, isOrdinaryEnd } from "./end-reason.js";
import { ProducerSession } from "./producer-session.js";
import type { ClientMessage, PeerRole, ServerMessage } from "./protocol.js";
import { type SessionHost, SessionState, type WebRTCSession } from "./session.js";
import type { Outlook } from "./signalling-client.js";

/** What the registry needs from the client that it belongs to. */
export interface RegistryHost extends Pick<SessionHost, "webrtcConfig" | "connectTimeout" | "send"> {
  /** Whether the server passes on why sessions end. */
  givesReasons(): boolean;
  /** Announces this client's roles beside `listener`; false where there is no server to tell. */
  announce(...roles: readonly PeerRole[]): boolean;
}

type ErrorMessage = Extract<ServerMessage, { type: "error" }>;

/** Errors that say what this client may not be. */
const OF_A_STATUS: readonly (string | null)[] = ["forbidden", "roleConflict", "metaTooLong"];
/** Errors of requests for sessions that do not name the peer. */
const OF_A_REQUEST: readonly (string | null)[] = ["forbidden", "tooManySessions", "offerNotAllowed"];

/** The sessions of a client. */
export class SessionRegistry {
  readonly #host: RegistryHost;
  readonly #sessions = new Map<string, WebRTCSession>();
  /** Sessions that the server was asked for, oldest first; those that are over stay until it answers. */
  readonly #requested: ConsumerSession[] = [];
  /** How many sessions the server was asked for that have not begun, by the passive consumer. */
  readonly #called = new Map<string, number>();
  #producers: readonly ProducerSession[] = [];
  #stopping = false;

  constructor(host: RegistryHost) {
    this.#host = host;
  }

  /** A session to play `peerId`; with `offerOptions` this side makes the offer. */
  createConsumer(peerId: string, offerOptions: OfferOptions | null): ConsumerSession {
    return new ConsumerSession(
      peerId,
      {
        ...this.#sessionHost(),
        requestSession: (session, offer) => {
          const sent = this.#host.send({ type: "startSession", peerId, ...(offer === undefined ? {} : { offer }) });
          if (sent) {
            this.#requested.push(session);
          }
          return sent;
        },
      },
      offerOptions,
    );
  }

  /** A session to produce `stream`, for everybody or for one passive consumer; null where there is one already. */
  createProducer(stream: MediaStream, consumerId: string | null): ProducerSession | null {
    if (this.#producers.some((session) => session.consumerId === consumerId)) {
      return null;
    }
    const producer = new ProducerSession(
      stream,
      {
        ...this.#sessionHost(),
        setProducing: (session, producing) => this.#setProducing(session, producing),
        adopt: (session, sessionId) => {
          this.#sessions.set(sessionId, session);
        },
      },
      consumerId,
    );
    producer.addEventListener("closed", () => {
      this.#producers = this.#producers.filter((other) => other !== producer);
      if (!producer.keepsTracks && !this.#producers.some((other) => other.stream === stream)) {
        for (const track of stream.getTracks()) {
          track.stop();
        }
      }
    });
    this.#producers = [...this.#producers, producer];
    return producer;
  }

  /** The server knows this client as a producer. */
  announced(): void {
    this.#producers.find(({ consumerId }) => consumerId === null)?.announced();
  }

  /** The server asks for a session with what is produced here. */
  onStartSession(peerId: string, sessionId: string, offer: string | null): void {
    // What this side asked for and gave up meanwhile must not get the stream for everybody.
    const producer = this.#answered(peerId)
      ? this.#producers.find(({ consumerId, state }) => consumerId === peerId && state === SessionState.connecting)
      : this.#producers.find(({ consumerId, state }) => consumerId === null && state !== SessionState.idle);
    if (producer === undefined) {
      this.#host.send({ type: "endSession", sessionId });
    } else {
      producer.addClient(peerId, sessionId, offer);
    }
  }

  /** The server started the session that was asked for. */
  onSessionStarted(peerId: string, sessionId: string, mayOffer: boolean): void {
    const session = this.#takeRequested((id) => id === peerId);
    if (session === undefined || session.state === SessionState.closed) {
      this.#host.send({ type: "endSession", sessionId });
      return;
    }
    this.#sessions.set(sessionId, session);
    session.named(sessionId, mayOffer);
  }

  /** The session that the server calls `sessionId`, while it is not over. */
  find(sessionId: string): WebRTCSession | undefined {
    return this.#sessions.get(sessionId);
  }

  /** The server refused something; false where no session explains it. */
  onError({ details, code, peerId, sessionId }: ErrorMessage): boolean {
    // Servers before 1.2 do not say which request they refuse, but name the peer in their text.
    const concerns = (id: string): boolean => (code === null ? details.includes(id) : id === peerId);
    const named = sessionId === null ? undefined : this.#sessions.get(sessionId);
    if (code === "offerNotAllowed" && named?.state === SessionState.streaming && named.offersRefused()) {
      return true;
    }
    const refused =
      (named?.state === SessionState.streaming ? undefined : named) ??
      this.#takeRequested(concerns) ??
      this.#findAsking((id) => (id === null ? OF_A_STATUS.includes(code) && sessionId === null : concerns(id))) ??
      // Requests are answered in their order.
      (OF_A_REQUEST.includes(code) && sessionId === null
        ? (this.#takeRequested(() => true) ?? this.#findAsking((id) => id !== null))
        : undefined);
    const called = refused instanceof ProducerSession ? refused.consumerId : refused === undefined ? peerId : null;
    if (called !== null) {
      this.#answered(called);
    }
    refused?.end({ kind: "refused", error: details, ...(code === null ? {} : { code }) });
    // A session that the server does not know may have ended a moment ago, or runs without it.
    return refused !== undefined || code === "unknownSession";
  }

  /** The network of this computer is another one. */
  networkChanged(): void {
    for (const session of this.#sessions.values()) {
      session.networkChanged();
    }
  }

  /**
   * The server knows nothing of the sessions any more. Those whose media runs need it no longer and go on; a stream for
   * everybody waits for the next server.
   */
  onForgotten(outlook: Outlook): void {
    this.#called.clear();
    for (const session of [...this.#requested.splice(0), ...this.#sessions.values(), ...this.#producers]) {
      const goesOn =
        session.state === SessionState.streaming ||
        (session instanceof ProducerSession && session.consumerId === null && outlook !== "over");
      if (!goesOn) {
        session.end({ kind: "signallingLost" });
      } else if (!(session instanceof ProducerSession)) {
        session.offersRefused();
      }
    }
  }

  /** Ends all sessions, since this client stops. */
  close(): void {
    this.#stopping = true;
    for (const session of [...this.#producers, ...this.#requested.splice(0), ...this.#sessions.values()]) {
      session.end({ kind: "closed" });
    }
  }

  #sessionHost(): SessionHost {
    return {
      webrtcConfig: () => this.#host.webrtcConfig(),
      connectTimeout: this.#host.connectTimeout,
      send: (message: ClientMessage) => this.#host.send(message),
      ended: (session, reason) => {
        this.#sessions.delete(session.sessionId);
        this.#sayEnd(session.sessionId, reason);
      },
    };
  }

  #setProducing(session: ProducerSession, producing: boolean): boolean {
    if (session.consumerId === null) {
      return producing ? this.#host.announce("producer") : this.#host.announce();
    }
    const { consumerId } = session;
    const sent = producing && this.#host.send({ type: "startSession", peerId: consumerId });
    if (sent) {
      this.#called.set(consumerId, (this.#called.get(consumerId) ?? 0) + 1);
    }
    return sent;
  }

  /** The server answers; whether a session with `consumerId` was asked for. */
  #answered(consumerId: string): boolean {
    const open = this.#called.get(consumerId) ?? 0;
    if (open > 1) {
      this.#called.set(consumerId, open - 1);
    } else {
      this.#called.delete(consumerId);
    }
    return open > 0;
  }

  #sayEnd(sessionId: string, reason: EndReason): void {
    const code = endCodeOf(reason);
    if (sessionId === "" || code === null) {
      return;
    }
    const error = isOrdinaryEnd(reason) ? {} : { error: describeEnd(reason) };
    if (this.#host.givesReasons()) {
      const told = this.#stopping && code === "ended" ? "stopping" : code;
      this.#host.send({ type: "endSessionV1_1", sessionId, ...error, reason: told });
      return;
    }
    if (error.error !== undefined) {
      // A server of 1.0 ignores the message that carries a reason, and every server ignores the end of a session
      // that is over.
      this.#host.send({ type: "endSessionV1_1", sessionId, ...error });
    }
    this.#host.send({ type: "endSession", sessionId });
  }

  /** A stream that the server was asked to offer, by the consumer that it is meant for. */
  #findAsking(matches: (consumerId: string | null) => boolean): ProducerSession | undefined {
    return this.#producers.find(({ consumerId, state }) => state === SessionState.connecting && matches(consumerId));
  }

  #takeRequested(matches: (peerId: string) => boolean): ConsumerSession | undefined {
    const index = this.#requested.findIndex(({ peerId }) => matches(peerId));
    return index < 0 ? undefined : this.#requested.splice(index, 1)[0];
  }
}
