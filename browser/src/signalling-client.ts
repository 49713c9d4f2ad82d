/**
 * One conversation with the signalling server that outlives its connections. Says hello, keeps the order of messages,
 * resumes where the server allows it and checks what arrives; what messages mean to sessions is left to its observer.
 */

import { Backoff } from "./backoff.js";
import { messageOf } from "./events.js";
import { Heartbeat } from "./heartbeat.js";
import { Outbox } from "./outbox.js";
import {
  type ClientMessage,
  type ConnectionProblem,
  type Json,
  type Lease,
  type PeerRole,
  type ProtocolVersion,
  type ServerMessage,
  chooseVersion,
  parseServerMessage,
  serializeClientMessage,
} from "./protocol.js";
import { ServerSocket } from "./server-socket.js";

/** How a {@link SignallingClient} connects. */
export interface SignallingOptions {
  /** Address of the server, `ws:` or `wss:`. */
  readonly url: string;
  /** What proves to the server that this client may come; empty: nothing. */
  readonly token: string;
  /** How this client describes itself to others. */
  readonly meta: Json;
  /** Upper bound of a usual wait before the next try, in milliseconds; 0: no second try. */
  readonly reconnectionTimeout: number;
  /** How long the server may take to answer the first words, in milliseconds. */
  readonly handshakeTimeout: number;
}

/** After the server forgot this client: it talks to a server again, still tries to, or does not try. */
export type Outlook = "back" | "trying" | "over";

/** Who is told what happens on the connection. */
export interface SignallingObserver {
  /** The server knows this client, which is called `peerId` until {@link lost}. */
  ready(peerId: string): void;
  /** The connection broke after {@link ready}; another try follows by itself. What is said is kept meanwhile. */
  lost(): void;
  /** What was begun with the server cannot go on there: it was not found again in time, or is another one. */
  forgotten(outlook: Outlook): void;
  /** The server said something that is not part of saying hello. */
  message(message: ServerMessage): void;
  /** Something is wrong that ends nothing; for people to read, and for programs where there is a `reason`. */
  problem(text: string, reason?: ConnectionProblem): void;
}

/** Both sides say what has arrived after so many counted messages at the latest. */
const ACKNOWLEDGED_EVERY = 64;

/** A conversation with the signalling server. */
export class SignallingClient {
  readonly #options: SignallingOptions;
  readonly #observer: SignallingObserver;
  readonly #backoff: Backoff;
  #socket: ServerSocket | null = null;
  /** Lost connections that may yet turn out to be alive. */
  readonly #abandoned: ServerSocket[] = [];
  /** Of this connection; null until it is chosen. */
  #version: ProtocolVersion | null = null;
  #peerId: string | null = null;
  #roles: readonly PeerRole[] = [];
  /** Whether this client hears of others; not where the server denies it. */
  #listens = true;
  /** Whether a server knows what this client says of itself. */
  #introduced = false;
  /** Whether this connection works. */
  #ready = false;
  #closed = false;

  /** What the client may come back with; null where the server keeps nothing. */
  #lease: Lease | null = null;
  /** Whether this connection asked to go on where the last one ended. */
  #resuming = false;
  /** Null where the server counts nothing. */
  #outbox: Outbox<string> | null = null;
  /** Whether what is in the outbox may go out on this connection. */
  #flowing = false;
  /** How many counted messages have arrived. */
  #received = 0;
  /** Of this connection; null until its lease is there. */
  #heartbeat: Heartbeat | null = null;

  /** Until the connection is ready, or until the next try. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Until the server has certainly forgotten this client. */
  #expiry: ReturnType<typeof setTimeout> | undefined;

  /** @throws `SyntaxError` where the address is none. */
  constructor(options: SignallingOptions, observer: SignallingObserver) {
    this.#options = options;
    this.#observer = observer;
    const usual = options.reconnectionTimeout;
    this.#backoff = new Backoff({ first: usual / 4, longest: usual * 4 });
    this.#connect();
  }

  /** This client's name on the server; null while there is no working connection. */
  get peerId(): string | null {
    return this.#ready ? this.#peerId : null;
  }

  /** Whether the server keeps this client for a while, and passes on why sessions end. */
  get leased(): boolean {
    return this.#lease !== null;
  }

  /** Queues a message; false where there is neither a working connection nor one that may be resumed. */
  send(message: ClientMessage): boolean {
    return (this.#ready || this.leased) && this.#say(message);
  }

  /** Announces this client's roles beside `listener`, now and to every server to come; false as in {@link send}. */
  announce(...roles: readonly PeerRole[]): boolean {
    this.#roles = roles;
    return this.send(this.#status());
  }

  /** Ends the conversation for good. */
  close(reason: string): void {
    if (this.#closed) {
      return;
    }
    const wasReady = this.#ready;
    this.#closed = true;
    this.#ready = false;
    this.#lease = null;
    this.#heartbeat?.stop();
    clearTimeout(this.#timer);
    clearTimeout(this.#expiry);
    this.#socket?.close(reason);
    this.#socket = null;
    this.#closeAbandoned();
    if (wasReady) {
      this.#observer.lost();
    }
  }

  /** Connects at once where the next try waits, and asks a connection that seems to work for a sign of life. */
  hurry(): void {
    if (this.#closed) {
      return;
    }
    if (this.#socket === null && this.#options.reconnectionTimeout > 0) {
      clearTimeout(this.#timer);
      this.#connect();
    } else {
      this.#heartbeat?.ask();
    }
  }

  #connect(): void {
    this.#version = null;
    this.#resuming = false;
    this.#socket = new ServerSocket(this.#options.url, this.#options.token, {
      text: (text) => {
        this.#read(text);
      },
      closed: (words) => {
        this.#drop(words);
      },
    });
    this.#timer = setTimeout(() => {
      this.#drop("the signalling server does not answer");
    }, this.#options.handshakeTimeout);
  }

  /** Gives up the connection, and comes back later where that is wanted. */
  #drop(problem: string | null): void {
    const [socket, wasReady] = [this.#socket, this.#ready];
    const comesBack = this.#options.reconnectionTimeout > 0;
    this.#ready = false;
    this.#flowing = false;
    this.#socket = null;
    this.#heartbeat?.stop();
    this.#heartbeat = null;
    clearTimeout(this.#timer);
    const lease = comesBack ? this.#lease : null;
    if (lease === null) {
      socket?.close("the connection is given up");
    } else {
      if (socket?.abandon() === true) {
        this.#abandoned.push(socket);
      }
      // The server may notice the loss later than this side, by the silence that both allow.
      this.#expiry ??= setTimeout(() => {
        this.#forget("trying");
      }, lease.leaseMs + lease.silenceMs);
    }
    if (comesBack) {
      this.#timer = setTimeout(() => {
        this.#connect();
      }, this.#backoff.next());
    }
    if (problem !== null) {
      this.#observer.problem(problem);
    }
    if (lease === null) {
      this.#forget(comesBack ? "trying" : "over");
    }
    if (wasReady) {
      this.#observer.lost();
    }
  }

  /** Gives up what was begun with the server. */
  #forget(outlook: Outlook): void {
    const wasIntroduced = this.#introduced;
    this.#introduced = false;
    this.#lease = null;
    this.#outbox = null;
    this.#endGap();
    if (wasIntroduced) {
      this.#observer.forgotten(outlook);
    }
  }

  #endGap(): void {
    clearTimeout(this.#expiry);
    this.#expiry = undefined;
    this.#closeAbandoned();
  }

  #closeAbandoned(): void {
    for (const socket of this.#abandoned.splice(0)) {
      socket.close("replaced by another connection");
    }
  }

  #read(text: string): void {
    this.#heartbeat?.heard();
    const message = this.#parse(text);
    if (message?.type === "welcome") {
      this.#greet(message.peerId, chooseVersion(message.versions));
    } else if (message?.type === "lease") {
      this.#onLease(message);
    } else if (message?.type === "heartbeat") {
      this.#onHeartbeat(message.received);
    } else {
      this.#count();
      if (message !== null) {
        this.#pass(message);
      }
    }
  }

  #parse(text: string): ServerMessage | null {
    try {
      return parseServerMessage(text);
    } catch (error) {
      this.#observer.problem(`a message of the signalling server cannot be understood: ${messageOf(error)}`);
      return null;
    }
  }

  #greet(peerId: string, version: ProtocolVersion): void {
    if (this.#version !== null) {
      return;
    }
    this.#version = version;
    this.#peerId = peerId;
    if (version !== "v1_2") {
      this.#forget("back");
    }
    this.#resuming = this.#lease !== null;
    const resume = this.#lease === null ? {} : { resume: { token: this.#lease.token, received: this.#received } };
    this.#socket?.send(serializeClientMessage({ type: "setProtocolVersion", version, ...resume }));
    if (!this.#resuming) {
      this.#introduce();
    }
  }

  /** Says who this client is to a server that does not know it. */
  #introduce(): void {
    this.#outbox = this.#version === "v1_2" ? new Outbox() : null;
    this.#received = 0;
    this.#flowing = true;
    this.#listens = true;
    this.#say(this.#status());
  }

  #onLease(lease: Lease): void {
    if (this.#version !== "v1_2" || this.#heartbeat !== null) {
      return;
    }
    const resumed = this.#resuming && lease.resumed;
    if (resumed && this.#outbox?.resume(lease.received) !== true) {
      // A proper end makes the server forget this client too.
      this.#lease = null;
      this.#drop("the signalling server resumes what cannot be resumed; starting anew");
      return;
    }
    this.#heartbeat = new Heartbeat(lease.heartbeatMs, lease.silenceMs, {
      beat: () => {
        this.#acknowledge();
      },
      silent: () => {
        this.#drop("the signalling server has fallen silent");
      },
    });
    if (this.#resuming && !resumed) {
      this.#forget("back");
    }
    this.#lease = lease;
    this.#peerId = lease.peerId;
    this.#endGap();
    if (resumed) {
      this.#flowing = true;
      this.#flush();
      if (this.#introduced) {
        this.#becomeReady(lease.peerId);
      }
    } else if (this.#resuming) {
      this.#introduce();
    }
  }

  #onHeartbeat(received: number): void {
    if (this.#outbox?.arrived(received) === false) {
      this.#observer.problem(`the signalling server says that ${received} messages arrived, which cannot be`);
    }
  }

  /** Counts a message after the lease, whether or not it can be understood. */
  #count(): void {
    if (this.#heartbeat !== null) {
      this.#received += 1;
      if (this.#received % ACKNOWLEDGED_EVERY === 0) {
        this.#acknowledge();
      }
    }
  }

  #acknowledge(): void {
    this.#socket?.send(serializeClientMessage({ type: "heartbeat", received: this.#received }));
  }

  #pass(message: ServerMessage): void {
    if (this.#ready || message.type === "iceServers") {
      this.#observer.message(message);
    } else if (message.type === "error") {
      this.#onRefused(message.details, message.code);
    } else if (message.type === "peerStatusChanged" && message.peerId !== null && message.peerId === this.#peerId) {
      this.#introduced = true;
      this.#becomeReady(message.peerId);
      this.#say({ type: "list" });
      this.#say({ type: "listConsumers" });
      this.#observer.message(message);
    }
  }

  /** The first status was refused. Who may not listen may still produce, or play what it knows the name of. */
  #onRefused(details: string, code: string | null): void {
    if (code !== "forbidden" || !this.#listens || this.#introduced || this.#lease === null) {
      this.#observer.problem(details);
      return;
    }
    this.#listens = false;
    this.#introduced = true;
    this.#say(this.#status());
    this.#becomeReady(this.#lease.peerId);
    this.#observer.problem("the signalling server does not let this client list who is there", "mayNotList");
  }

  #becomeReady(peerId: string): void {
    clearTimeout(this.#timer);
    this.#ready = true;
    this.#backoff.reset();
    this.#observer.ready(peerId);
  }

  #status(): ClientMessage {
    return { type: "setPeerStatus", roles: this.#listens ? ["listener", ...this.#roles] : this.#roles, meta: this.#options.meta };
  }

  #say(message: ClientMessage): boolean {
    const text = serializeClientMessage(message);
    if (this.#outbox === null) {
      return this.#socket?.send(text) ?? false;
    }
    this.#outbox.push(text);
    this.#flush();
    return true;
  }

  #flush(): void {
    if (this.#flowing) {
      for (const text of this.#outbox?.take() ?? []) {
        this.#socket?.send(text);
      }
    }
  }
}
