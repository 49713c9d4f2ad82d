/** Producing: a stream of this browser that others play, each in a session of its own. */

import { checkedCodecs } from "./codec-preferences.js";
import { type EndReason, describeEnd, isOrdinaryEnd } from "./end-reason.js";
import { TypedEventTarget } from "./events.js";
import { type SessionEvents, type SessionHost, SessionState, WebRTCSession } from "./session.js";

/** A session with one consumer of a {@link ProducerSession}. */
export class ClientSession extends WebRTCSession {
  readonly #stream: MediaStream;

  /** @internal */
  constructor(peerId: string, host: SessionHost, stream: MediaStream) {
    super(peerId, host, false);
    this.#stream = stream;
  }

  /** Begins to negotiate, from the consumer's offer where it made one. @internal */
  start(sessionId: string, offer: string | null): void {
    // Every server passes on the offers of producers.
    this.named(sessionId, true);
    this.beginConnecting();
    if (offer === null) {
      this.exchange.offer();
    } else {
      this.exchange.answer(offer);
    }
  }

  protected override prepare(connection: RTCPeerConnection): void {
    for (const track of this.#stream.getTracks()) {
      connection.addTrack(track, this.#stream);
    }
  }

  /** Sends `next` where `current` was sent, without a new negotiation. @internal */
  async replaceTrack(current: MediaStreamTrack, next: MediaStreamTrack): Promise<void> {
    const senders = this.rtcPeerConnection?.getSenders() ?? [];
    await senders.find(({ track }) => track === current)?.replaceTrack(next);
  }

  protected override rungOf(): undefined {
    // There is one resolution only.
  }

  protected override release(): void {
    // The other consumers still get the stream.
  }
}

/** The events of a {@link ProducerSession}. */
export interface ProducerSessionEvents {
  /** Something went wrong: here, and `closed` follows, or in the session of a consumer, where only that one ends. */
  error: ErrorEvent;
  /** `state` changed. */
  stateChanged: Event;
  /** The session is over; `detail` says why. */
  closed: CustomEvent<EndReason>;
  /**
   * A track of the stream ended by itself: the person stopped sharing, or the device is gone; `detail` is the track. The
   * session ends with its last track unless the event's default is prevented, as to put another in its place.
   */
  trackEnded: CustomEvent<MediaStreamTrack>;
  /** A consumer's session begins. */
  clientConsumerAdded: CustomEvent<ClientSession>;
  /** A consumer's session is over. */
  clientConsumerRemoved: CustomEvent<ClientSession>;
}

/** What a producer session needs from the client that it belongs to. */
export interface ProducerHost extends SessionHost {
  /** Offers or stops offering the stream, to everybody or to one passive consumer; false where it cannot. */
  setProducing(session: ProducerSession, producing: boolean): boolean;
  /** Takes a consumer's session so that its messages reach it. */
  adopt(session: ClientSession, sessionId: string): void;
}

/** A stream that this browser produces. Made by `GstWebRTCAPI.createProducerSession`. */
export class ProducerSession extends TypedEventTarget<ProducerSessionEvents> {
  /** What is produced. */
  readonly stream: MediaStream;
  /**
   * Whether the stream's tracks go on when the session is over. They do not by default, so that a camera is off then, unless
   * another session of this client produces the same stream.
   */
  keepsTracks = false;
  /** The passive consumer that it is meant for; null: everybody. */
  readonly consumerId: string | null;
  readonly #host: ProducerHost;
  #codecs: readonly string[] = [];
  readonly #clients = new Set<ClientSession>();
  readonly #listeners = new AbortController();
  #state: SessionState = SessionState.idle;
  #endReason: EndReason | null = null;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  /** @internal */
  constructor(stream: MediaStream, host: ProducerHost, consumerId: string | null) {
    super();
    this.stream = stream;
    this.#host = host;
    this.consumerId = consumerId;
  }

  /** As those of every session: the order in which codecs are offered to consumers who come from now on. */
  get codecPreferences(): readonly string[] {
    return this.#codecs;
  }

  /** @throws `RangeError` where there is no codec of a name; its message lists the names. */
  set codecPreferences(names: readonly string[]) {
    this.#codecs = checkedCodecs(names);
  }

  /** What the session is doing; streaming as soon as others can play the stream. */
  get state(): SessionState {
    return this.#state;
  }

  /** Why the session ended; null until it did. */
  get endReason(): EndReason | null {
    return this.#endReason;
  }

  /**
   * Makes the stream available.
   *
   * @returns whether the session is under way; false where it is over or there is no signalling server.
   */
  start(): boolean {
    if (this.#state !== SessionState.idle) {
      return this.#state !== SessionState.closed;
    }
    this.#setState(SessionState.connecting);
    for (const track of this.stream.getTracks()) {
      this.#watch(track);
    }
    if (!this.#host.setProducing(this, true)) {
      this.end({ kind: "signallingLost" });
      return false;
    }
    if (this.consumerId !== null && this.#host.connectTimeout > 0) {
      this.#deadline = setTimeout(() => {
        this.end({ kind: "timeout", waitingFor: "session" });
      }, this.#host.connectTimeout);
    }
    return true;
  }

  /** Ends the session and those of its consumers. */
  close(): void {
    this.end({ kind: "closed" });
  }

  /** The sessions with consumers that are under way. */
  get clients(): readonly ClientSession[] {
    return [...this.#clients];
  }

  /**
   * Puts `next` into the place of `current`, a track of the stream, for all consumers and without a new negotiation: to
   * switch cameras, for instance. `current` is left running.
   *
   * @throws `InvalidModificationError` where a consumer's session cannot take it, such as one of another kind.
   */
  async replaceTrack(current: MediaStreamTrack, next: MediaStreamTrack): Promise<void> {
    if (current.kind !== next.kind || !this.stream.getTracks().includes(current)) {
      throw new DOMException("the track cannot be put into this place", "InvalidModificationError");
    }
    this.stream.removeTrack(current);
    this.stream.addTrack(next);
    this.#watch(next);
    await Promise.all([...this.#clients].map((client) => client.replaceTrack(current, next)));
  }

  /** The server announced the stream. @internal */
  announced(): void {
    if (this.#state === SessionState.connecting) {
      this.#setState(SessionState.streaming);
    }
  }

  /** A consumer wants the stream. @internal */
  addClient(peerId: string, sessionId: string, offer: string | null): void {
    clearTimeout(this.#deadline);
    this.announced();
    const client = new ClientSession(peerId, this.#host, this.stream);
    client.codecPreferences = this.#codecs;
    client.addEventListener("closed", (event: SessionEvents["closed"]) => {
      this.#clients.delete(client);
      this.dispatchEvent(new CustomEvent("clientConsumerRemoved", { detail: client }));
      if (this.consumerId !== null) {
        this.end(event.detail);
      }
    });
    client.addEventListener("error", ({ message, error }: ErrorEvent) => {
      // What ends this session too is told once, by its own end.
      const endsThis = this.consumerId !== null && client.state === SessionState.closed;
      if (this.#state !== SessionState.closed && !endsThis) {
        this.dispatchError(`the session with the consumer ${peerId}: ${message}`, error);
      }
    });
    this.#clients.add(client);
    this.#host.adopt(client, sessionId);
    this.dispatchEvent(new CustomEvent("clientConsumerAdded", { detail: client }));
    client.start(sessionId, offer);
  }

  /** Ends the session for `reason`. @internal */
  end(reason: EndReason): void {
    if (this.#state === SessionState.closed) {
      return;
    }
    const wasIdle = this.#state === SessionState.idle;
    this.#endReason = reason;
    this.#state = SessionState.closed;
    this.#listeners.abort();
    clearTimeout(this.#deadline);
    for (const client of [...this.#clients]) {
      client.end(reason);
    }
    if (!wasIdle) {
      this.#host.setProducing(this, false);
    }
    this.dispatchEvent(new Event("stateChanged"));
    if (!isOrdinaryEnd(reason)) {
      this.dispatchError(describeEnd(reason));
    }
    this.dispatchEvent(new CustomEvent("closed", { detail: reason }));
  }

  /** Browsers do not send `ended` for tracks that the application stops. */
  #watch(track: MediaStreamTrack): void {
    const ended = (): void => {
      if (!this.stream.getTracks().includes(track)) {
        return;
      }
      const goesOn = !this.dispatchEvent(new CustomEvent("trackEnded", { detail: track, cancelable: true }));
      if (!goesOn && this.stream.getTracks().every(({ readyState }) => readyState === "ended")) {
        this.end({ kind: "mediaEnded" });
      }
    };
    track.addEventListener("ended", ended, { signal: this.#listeners.signal });
  }

  #setState(state: SessionState): void {
    this.#state = state;
    this.dispatchEvent(new Event("stateChanged"));
  }
}
