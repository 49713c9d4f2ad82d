/**
 * One connection to the signalling server that comes back by itself. Says hello, keeps the order of messages and
 * checks what arrives; what messages mean to sessions is left to its observer.
 */

import { Backoff } from "./backoff.js";
import { messageOf } from "./events.js";
import {
  type ClientMessage,
  type Json,
  type PeerRole,
  type ServerMessage,
  parseServerMessage,
  serializeClientMessage,
} from "./protocol.js";

/** How a {@link SignallingClient} connects. */
export interface SignallingOptions {
  /** Address of the server, `ws:` or `wss:`. */
  readonly url: string;
  /** How this client describes itself to others. */
  readonly meta: Json;
  /** Upper bound of a usual wait before the next try, in milliseconds; 0: no second try. */
  readonly reconnectionTimeout: number;
  /** How long the server may take to answer the first words, in milliseconds. */
  readonly handshakeTimeout: number;
}

/** Who is told what happens on the connection. */
export interface SignallingObserver {
  /** The server knows this client, which is called `peerId` until {@link lost}. */
  ready(peerId: string): void;
  /** The connection broke after {@link ready}; another try follows by itself. */
  lost(): void;
  /** The server said something that is not part of saying hello. */
  message(message: ServerMessage): void;
  /** Something is wrong that ends nothing; for people to read. */
  problem(text: string): void;
}

/** A connection to the signalling server. */
export class SignallingClient {
  readonly #options: SignallingOptions;
  readonly #observer: SignallingObserver;
  readonly #backoff: Backoff;
  #socket: WebSocket | null = null;
  #peerId: string | null = null;
  #ready = false;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

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

  /** Queues a message; false where there is no working connection. */
  send(message: ClientMessage): boolean {
    return this.#ready && this.#write(message);
  }

  /** Announces this client's roles beside `listener`. */
  announce(...roles: readonly PeerRole[]): boolean {
    return this.#ready && this.#writeStatus(roles);
  }

  /** Ends the connection for good. */
  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#drop();
    }
  }

  #connect(): void {
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    // Events of a socket that was given up can still be under way, so that each handler asks whether it is current.
    socket.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (this.#socket === socket && typeof event.data === "string") {
        this.#read(event.data);
      }
    });
    socket.addEventListener("close", () => {
      if (this.#socket === socket) {
        this.#drop();
      }
    });
    this.#timer = setTimeout(() => {
      this.#observer.problem("the signalling server does not answer");
      this.#drop();
    }, this.#options.handshakeTimeout);
  }

  #drop(): void {
    const [socket, wasReady] = [this.#socket, this.#ready];
    clearTimeout(this.#timer);
    this.#socket = null;
    this.#peerId = null;
    this.#ready = false;
    socket?.close();
    if (!this.#closed && this.#options.reconnectionTimeout > 0) {
      this.#timer = setTimeout(() => {
        this.#connect();
      }, this.#backoff.next());
    }
    if (wasReady) {
      this.#observer.lost();
    }
  }

  #read(text: string): void {
    let message: ServerMessage | null;
    try {
      message = parseServerMessage(text);
    } catch (error) {
      this.#observer.problem(`a message of the signalling server cannot be understood: ${messageOf(error)}`);
      return;
    }
    if (message === null) {
      return;
    }
    if (message.type === "welcome") {
      this.#peerId = message.peerId;
      // Servers that only know 1.0 ignore this message; others then say why a session ended.
      this.#write({ type: "setProtocolVersion", version: "v1_1" });
      this.#writeStatus([]);
    } else if (this.#ready) {
      this.#observer.message(message);
    } else if (message.type === "peerStatusChanged" && message.peerId === this.#peerId) {
      this.#becomeReady(message.peerId);
    }
  }

  #becomeReady(peerId: string | null): void {
    if (peerId === null) {
      return;
    }
    clearTimeout(this.#timer);
    this.#ready = true;
    this.#backoff.reset();
    this.#observer.ready(peerId);
    this.#write({ type: "list" });
    this.#write({ type: "listConsumers" });
  }

  #writeStatus(roles: readonly PeerRole[]): boolean {
    return this.#write({ type: "setPeerStatus", roles: ["listener", ...roles], meta: this.#options.meta });
  }

  #write(message: ClientMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return false;
    }
    this.#socket.send(serializeClientMessage(message));
    return true;
  }
}
