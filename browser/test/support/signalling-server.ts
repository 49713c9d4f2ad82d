/** A signalling server of a few lines for tests: honest, in order, without limits. Not for use outside of tests. */

import { EventEmitter, once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** A message, unchecked: tests also say things that are wrong. */
export type Message = Readonly<Record<string, unknown>>;

interface Peer {
  readonly id: string;
  readonly socket: WebSocket;
  roles: readonly string[];
  meta: unknown;
  version: string;
}

interface Session {
  readonly id: string;
  readonly producer: Peer;
  readonly consumer: Peer;
}

/** A running server. */
export class TestSignallingServer {
  /** Everything that clients said, in order. */
  readonly heard: Message[] = [];
  /** Set to keep `startSession` unanswered. */
  ignoreStartSession = false;
  readonly #server: WebSocketServer;
  readonly #events = new EventEmitter();
  readonly #peers = new Map<string, Peer>();
  readonly #sessions = new Map<string, Session>();
  #count = 0;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.#events.setMaxListeners(0);
    server.on("connection", (socket) => {
      this.#welcome(socket);
    });
  }

  /** Listens on `port` of this machine, or on a free one. */
  static async start(port = 0): Promise<TestSignallingServer> {
    const server = new WebSocketServer({ host: "127.0.0.1", port });
    await once(server, "listening");
    return new TestSignallingServer(server);
  }

  /** The port it listens on. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Its address. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** The first message, heard already or in `deadline` milliseconds, that `matches`. */
  async hears(matches: (message: Message) => boolean, deadline = 5000): Promise<Message> {
    const signal = AbortSignal.timeout(deadline);
    for (;;) {
      const found = this.heard.find(matches);
      if (found !== undefined) {
        return found;
      }
      await once(this.#events, "heard", { signal });
    }
  }

  /** Says something to everybody. */
  say(message: Message | string): void {
    for (const peer of this.#peers.values()) {
      peer.socket.send(typeof message === "string" ? message : JSON.stringify(message));
    }
  }

  /** Breaks all connections. */
  drop(): void {
    for (const client of this.#server.clients) {
      client.terminate();
    }
  }

  /** Ends the server. */
  async stop(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, "close");
  }

  #welcome(socket: WebSocket): void {
    this.#count += 1;
    const peer: Peer = { id: `peer-${this.#count}`, socket, roles: [], meta: null, version: "v1_0" };
    this.#peers.set(peer.id, peer);
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Message;
      this.heard.push(message);
      this.#handle(peer, message);
      this.#events.emit("heard");
    });
    socket.on("close", () => {
      this.#leave(peer);
    });
    send(peer, { type: "welcome", peerId: peer.id });
  }

  #leave(peer: Peer): void {
    this.#peers.delete(peer.id);
    for (const session of this.#sessions.values()) {
      if (session.producer === peer || session.consumer === peer) {
        this.#end(peer, session.id, null);
      }
    }
    this.#setStatus(peer, [], peer.meta);
  }

  #handle(peer: Peer, message: Message): void {
    switch (message["type"]) {
      case "setProtocolVersion":
        peer.version = String(message["version"]);
        break;
      case "setPeerStatus":
        this.#setStatus(peer, message["roles"] as string[], message["meta"] ?? null);
        break;
      case "list":
        send(peer, { type: "list", producers: this.#withRole("producer") });
        break;
      case "listConsumers":
        send(peer, { type: "listConsumers", consumers: this.#withRole("consumer") });
        break;
      case "startSession":
        this.#start(peer, String(message["peerId"]), message["offer"] ?? null);
        break;
      case "peer":
        this.#forward(peer, message);
        break;
      case "endSession":
      case "endSessionV1_1":
        this.#end(peer, String(message["sessionId"]), message["error"] ?? null);
        break;
    }
  }

  #setStatus(peer: Peer, roles: readonly string[], meta: unknown): void {
    peer.roles = roles;
    peer.meta = meta;
    for (const listener of this.#peers.values()) {
      if (listener.roles.includes("listener")) {
        send(listener, { type: "peerStatusChanged", roles, meta, peerId: peer.id });
      }
    }
  }

  #withRole(role: string): Message[] {
    return [...this.#peers.values()].filter(({ roles }) => roles.includes(role)).map(({ id, meta }) => ({ id, meta }));
  }

  #start(asking: Peer, targetId: string, offer: unknown): void {
    const target = this.#peers.get(targetId);
    if (this.ignoreStartSession) {
      return;
    }
    if (target === undefined) {
      send(asking, { type: "error", details: `Peer with ID '${targetId}' not found` });
      return;
    }
    const toConsumer = target.roles.includes("consumer");
    const [producer, consumer] = toConsumer ? [asking, target] : [target, asking];
    this.#count += 1;
    const session = { id: `session-${this.#count}`, producer, consumer };
    this.#sessions.set(session.id, session);
    send(consumer, { type: "sessionStarted", peerId: producer.id, sessionId: session.id });
    send(producer, { type: "startSession", peerId: consumer.id, sessionId: session.id, offer });
  }

  #forward(from: Peer, message: Message): void {
    const session = this.#sessions.get(String(message["sessionId"]));
    if (session !== undefined) {
      send(session.producer === from ? session.consumer : session.producer, message);
    }
  }

  #end(from: Peer, sessionId: string, error: unknown): void {
    const session = this.#sessions.get(sessionId);
    this.#sessions.delete(sessionId);
    if (session !== undefined) {
      const other = session.producer === from ? session.consumer : session.producer;
      const modern = other.version === "v1_1";
      send(other, modern ? { type: "endSessionV1_1", sessionId, error } : { type: "endSession", sessionId });
    }
  }
}

function send(peer: Peer, message: Message): void {
  peer.socket.send(JSON.stringify(message));
}
