/**
 * One viewer's wish to see one producer, held against what happens: starts sessions, ends them and tries again. Decides
 * nothing itself ({@link advance} does) and knows no elements.
 */

import { Backoff } from "../backoff.js";
import type { ConsumerSession } from "../consumer-session.js";
import type { EndReason } from "../end-reason.js";
import type { ConnectionListener, GstWebRTCAPI } from "../gstwebrtc-api.js";
import type { PeerListener } from "../peer-directory.js";
import type { Peer } from "../protocol.js";
import { chooseProducer, nameOf } from "./choice.js";
import { BEGINNING, type Command, type Happening, type Situation, type Timers, advance, timersOf } from "./situation.js";
import type { Names } from "./words.js";

/** How a {@link Viewing} goes about it. */
export interface ViewingOptions {
  readonly api: GstWebRTCAPI;
  /** The identifier or the name of the producer; empty: the first that comes. */
  readonly producer: string;
  /** Whether the viewer wants to see it at once. */
  readonly wish: Situation["wish"];
  /** Whether nobody looks at the page; what changes of that is to be told. */
  readonly hidden: boolean;
  /** Asks the server why it does not let this viewer in; null where that is not known. */
  explain(): Promise<Refusal | null>;
  /** Prepares a session before it connects. */
  prepare(session: ConsumerSession): void;
  /** The session is another one, or none. */
  sessionChanged(session: ConsumerSession | null): void;
  /** The situation changed. */
  changed(): void;
}

/** Why a server does not let a viewer in. */
export interface Refusal {
  /** The server's words. */
  readonly text: string;
  /** Whether it would do the same the next time. */
  readonly forGood: boolean;
}

/** How long a player that is paused keeps its session, in milliseconds. */
export const PAUSE_KEEPS = 20_000;
/** How long a server may be silent before the viewer is told, in milliseconds. */
const SERVER_LATE = 4000;
/** How long a connection may show no picture before the viewer is told, in milliseconds. */
const PICTURE_LATE = 10_000;
/** How long a producer that ended a session has to leave, in milliseconds. */
const PRODUCER_DECIDES = 1500;
const BACKOFF = { first: 1000, longest: 30_000 };

/** One viewer and one producer. Call {@link close} when it is over. */
export class Viewing {
  readonly #options: ViewingOptions;
  readonly #backoff = new Backoff(BACKOFF);
  readonly #timers = new Map<keyof Timers, ReturnType<typeof setTimeout>>();
  readonly #queue: Happening[] = [];
  #situation: Situation;
  #session: ConsumerSession | null = null;
  #endReason: EndReason | null = null;
  #serverSays: string | null = null;
  #peer: Peer | null = null;
  #running = false;
  #closed = false;

  constructor(options: ViewingOptions) {
    this.#options = options;
    this.#situation = { ...BEGINNING, wish: options.wish, hidden: options.hidden };
  }

  /** What is known. */
  get situation(): Situation {
    return this.#situation;
  }

  /** The session, while there is one. */
  get session(): ConsumerSession | null {
    return this.#session;
  }

  /** Why the last session ended; null while one runs that did not. */
  get endReason(): EndReason | null {
    return this.#endReason;
  }

  /** The producer that was chosen last. A stranger's words. */
  get peer(): Peer | null {
    return this.#peer;
  }

  /** What the words for the viewer need beside the situation. */
  get names(): Pick<Names, "producer" | "detail" | "serverSays" | "barred"> {
    const end = this.#endReason;
    const wanted = this.#options.producer;
    return {
      producer: (this.#peer === null ? null : nameOf(this.#peer)) ?? (wanted === "" ? null : wanted),
      detail: end === null ? null : "error" in end ? end.error : "offered" in end ? end.offered.join(", ") : null,
      serverSays: this.#serverSays,
      barred: this.#situation.barred ? this.#serverSays : null,
    };
  }

  /** Begins to look for the producer. */
  open(): void {
    const { api } = this.#options;
    api.registerConnectionListener(this.#onConnection);
    api.registerPeerListener(this.#onPeers);
    if (api.clientId === null) {
      this.#arm();
    } else {
      this.#choose();
      this.happened({ type: "serverUp" });
    }
  }

  /** Tells of something. */
  happened(happening: Happening): void {
    this.#queue.push(happening);
    if (this.#running) {
      return;
    }
    this.#running = true;
    for (let next = this.#queue.shift(); next !== undefined && !this.#closed; next = this.#queue.shift()) {
      this.#take(next);
    }
    this.#running = false;
  }

  /** Ends it for good. */
  close(): void {
    this.#closed = true;
    this.#options.api.unregisterConnectionListener(this.#onConnection);
    this.#options.api.unregisterPeerListener(this.#onPeers);
    for (const timer of this.#timers.values()) {
      clearTimeout(timer);
    }
    this.#timers.clear();
    this.#setSession(null);
  }

  readonly #onConnection: ConnectionListener = {
    connected: () => {
      this.#serverSays = null;
      this.#choose();
      this.happened({ type: "serverUp" });
    },
    disconnected: () => {
      this.happened({ type: "serverLost" });
    },
    problem: (text, reason) => {
      // Nothing that it says when it ends a connection.
      this.#serverSays = reason === undefined ? text : this.#serverSays;
    },
  };

  readonly #onPeers: PeerListener = {
    producerAdded: () => {
      this.#choose();
    },
    producerRemoved: () => {
      this.#choose();
    },
  };

  #choose(): void {
    const chosen = chooseProducer(this.#options.api.getAvailableProducers(), this.#options.producer);
    if (chosen !== null) {
      this.#peer = chosen;
    }
    const id = chosen?.id ?? null;
    if (id !== this.#situation.producer) {
      this.happened({ type: "producer", id });
    }
  }

  #take(happening: Happening): void {
    const { now, command } = advance(this.#situation, happening);
    this.#situation = now;
    if (happening.type === "shown" || happening.type === "retry" || happening.type === "producer") {
      this.#backoff.reset();
    }
    this.#obey(command);
    this.#arm();
    this.#options.changed();
    if (happening.type === "serverLate") {
      void this.#explain();
    }
  }

  async #explain(): Promise<void> {
    const refusal = await this.#options.explain();
    if (refusal !== null && !this.#closed && this.#situation.server !== "up") {
      this.#serverSays = refusal.text;
      if (refusal.forGood) {
        this.happened({ type: "barred" });
      } else {
        this.#options.changed();
      }
    }
  }

  #obey(command: Command): void {
    if (command?.do === "end") {
      this.#setSession(null);
    } else if (command?.do === "start") {
      this.#start(command.producer);
    }
  }

  #start(producer: string): void {
    const session = this.#options.api.createConsumerSession(producer);
    if (session === null) {
      this.happened({ type: "ended", reason: { kind: "signallingLost" } });
      return;
    }
    this.#endReason = null;
    this.#setSession(session);
    session.addEventListener("rtcPeerConnectionChanged", () => {
      this.#watch(session, session.rtcPeerConnection);
    });
    session.addEventListener("closed", ({ detail }) => {
      if (session === this.#session) {
        this.#endReason = detail;
        this.#setSession(null);
        this.happened({ type: "ended", reason: detail });
      }
    });
    this.#options.prepare(session);
    session.connect();
  }

  #watch(session: ConsumerSession, connection: RTCPeerConnection | null): void {
    connection?.addEventListener("connectionstatechange", () => {
      const { connectionState } = connection;
      if (session === this.#session && (connectionState === "disconnected" || connectionState === "connected")) {
        this.happened({ type: connectionState === "connected" ? "connected" : "disturbed" });
      }
    });
  }

  #setSession(session: ConsumerSession | null): void {
    const before = this.#session;
    if (before === session) {
      return;
    }
    this.#session = session;
    // Who ends a session that is not this one's any more hears nothing of its end.
    before?.close();
    this.#options.sessionChanged(session);
  }

  #arm(): void {
    const { retry, pause, picture, server } = timersOf(this.#situation);
    this.#setTimer("retry", retry !== null, { type: "retryDue" }, () =>
      retry === "soon" ? PRODUCER_DECIDES : this.#backoff.next(),
    );
    this.#setTimer("pause", pause, { type: "pausedLong" }, () => PAUSE_KEEPS);
    this.#setTimer("picture", picture, { type: "pictureLate" }, () => PICTURE_LATE);
    this.#setTimer("server", server, { type: "serverLate" }, () => SERVER_LATE);
  }

  #setTimer(name: keyof Timers, wanted: boolean, happening: Happening, delay: () => number): void {
    const running = this.#timers.get(name);
    if (!wanted) {
      clearTimeout(running);
      this.#timers.delete(name);
    } else if (running === undefined && !this.#closed) {
      const timer = setTimeout(() => {
        this.#timers.delete(name);
        this.happened(happening);
      }, delay());
      this.#timers.set(name, timer);
    }
  }
}
