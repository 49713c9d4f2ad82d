/** A signalling server of a few lines for tests: honest, in order, without limits. Not for use outside of tests. */

import { EventEmitter, once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { Outbox } from "../../src/outbox.js";

/** A message, unchecked: tests also say things that are wrong. */
export type Message = Readonly<Record<string, unknown>>;

/** What a server is like. */
export interface ServerOptions {
  /** What it says that it speaks; nothing: it is older than 1.2. */
  readonly versions?: readonly string[];
  readonly leaseMs?: number;
  readonly heartbeatMs?: number;
  readonly silenceMs?: number;
  /** Told to those that speak 1.2. */
  readonly iceServers?: readonly Message[];
}

/** Versions of a server that speaks 1.2. */
export const MODERN: ServerOptions = { versions: ["v1_0", "v1_1", "v1_2", "v9_9"] };

interface Peer {
  readonly id: string;
  /** Null: it speaks a version without leases. */
  outbox: Outbox<string> | null;
  received: number;
  socket: WebSocket;
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
  /** Set to answer no heartbeat and pass nothing on. */
  silent = false;
  /** Set to refuse every status with these words that names one of these roles. */
  refuse: { readonly roles: readonly string[]; readonly details: string } | null = null;
  /** Added to how many messages this server says to have received of a client that comes back. */
  miscount = 0;
  /** How connections of clients ended, in order: code and reason. */
  readonly closes: [number, string][] = [];
  /** The subprotocols that each client offered, in order. */
  readonly offered: string[] = [];
  /** The path and query that each client asked for, in order. */
  readonly addresses: string[] = [];
  readonly #options: ServerOptions;
  readonly #server: WebSocketServer;
  readonly #events = new EventEmitter();
  readonly #peers = new Map<string, Peer>();
  readonly #sessions = new Map<string, Session>();
  #count = 0;

  private constructor(server: WebSocketServer, options: ServerOptions) {
    this.#server = server;
    this.#options = options;
    this.#events.setMaxListeners(0);
    server.on("connection", (socket, request) => {
      this.offered.push(request.headers["sec-websocket-protocol"] ?? "");
      this.addresses.push(request.url ?? "");
      this.#welcome(socket);
    });
  }

  /** Listens on `port` of this machine, or on a free one. */
  static async start(port = 0, options: ServerOptions = {}): Promise<TestSignallingServer> {
    const server = new WebSocketServer({ host: "127.0.0.1", port });
    await once(server, "listening");
    return new TestSignallingServer(server, options);
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

  /** How the connection of a client ended, the first one, now or in `deadline` milliseconds. */
  async seesClose(deadline = 5000): Promise<[number, string]> {
    const signal = AbortSignal.timeout(deadline);
    for (;;) {
      const [first] = this.closes;
      if (first !== undefined) {
        return first;
      }
      await once(this.#events, "closed", { signal });
    }
  }

  /** Says something to everybody. */
  say(message: Message | string): void {
    for (const peer of this.#peers.values()) {
      this.#send(peer, message);
    }
  }

  /** Says something of the kind that is not counted. */
  sayUncounted(message: Message): void {
    for (const { socket } of this.#peers.values()) {
      socket.send(JSON.stringify(message));
    }
  }

  /** Closes all connections properly. */
  close(code: number, reason: string): void {
    for (const client of this.#server.clients) {
      client.close(code, reason);
    }
  }

  /** Breaks all connections and forgets everybody, as a server that starts anew. */
  forget(): void {
    for (const peer of this.#peers.values()) {
      this.#leave(peer);
    }
    this.drop();
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
    let peer: Peer = {
      id: `peer-${this.#count}`,
      socket,
      roles: [],
      meta: null,
      version: "v1_0",
      outbox: null,
      received: 0,
    };
    this.#peers.set(peer.id, peer);
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Message;
      if (this.silent || peer.socket !== socket) {
        return;
      }
      this.heard.push(message);
      if (message["type"] === "setProtocolVersion") {
        peer = this.#choose(peer, message);
      } else {
        this.#handle(peer, message);
      }
      this.#events.emit("heard");
    });
    socket.on("error", () => undefined);
    socket.on("close", (code, reason) => {
      this.closes.push([code, reason.toString()]);
      this.#events.emit("closed");
      // A lost one may come back; this server waits for ever.
      if (peer.socket === socket && (peer.outbox === null || code !== 1006)) {
        this.#leave(peer);
      }
    });
    const { versions } = this.#options;
    this.#send(peer, { type: "welcome", peerId: peer.id, ...(versions === undefined ? {} : { versions }) });
  }

  /** Answers the choice of a version; the peer may turn out to be an earlier one. */
  #choose(asking: Peer, message: Message): Peer {
    asking.version = String(message["version"]);
    if (asking.version !== "v1_2") {
      return asking;
    }
    const resume = message["resume"] as { token: string; received: number } | undefined;
    const known = resume === undefined ? undefined : this.#peers.get(resume.token.replace("token of ", ""));
    const resumed = known?.outbox?.resume(resume?.received ?? -1) ?? false;
    const peer = resumed ? (known ?? asking) : asking;
    if (resumed) {
      this.#peers.delete(asking.id);
      peer.socket.close(1000, "replaced");
      peer.socket = asking.socket;
    } else {
      peer.outbox = new Outbox();
    }
    const { leaseMs = 30_000, heartbeatMs = 10_000, silenceMs = 25_000, iceServers } = this.#options;
    const times = { leaseMs, heartbeatMs, silenceMs };
    const { id, received } = peer;
    sendRaw(peer, { type: "lease", peerId: id, token: `token of ${id}`, ...times, resumed, received: received + (resumed ? this.miscount : 0) });
    if (iceServers !== undefined && !resumed) {
      this.#send(peer, { type: "iceServers", iceServers });
    }
    flush(peer);
    return peer;
  }

  #leave(peer: Peer): void {
    this.#peers.delete(peer.id);
    for (const session of this.#sessions.values()) {
      if (session.producer === peer || session.consumer === peer) {
        this.#end(peer, session.id, null, "peerGone");
      }
    }
    this.#setStatus(peer, [], peer.meta);
  }

  #handle(peer: Peer, message: Message): void {
    peer.received += message["type"] === "heartbeat" ? 0 : 1;
    switch (message["type"]) {
      case "heartbeat":
        if (peer.outbox?.arrived(Number(message["received"])) !== true) {
          throw new Error(`a client has received ${String(message["received"])} messages, which cannot be`);
        }
        sendRaw(peer, { type: "heartbeat", received: peer.received });
        break;
      case "setPeerStatus":
        if (this.refuse?.roles.some((role) => (message["roles"] as string[]).includes(role)) === true) {
          this.#send(peer, { type: "error", details: this.refuse.details, code: "forbidden" });
          break;
        }
        this.#setStatus(peer, message["roles"] as string[], message["meta"] ?? null);
        break;
      case "list":
        this.#send(peer, { type: "list", producers: this.#withRole("producer") });
        break;
      case "listConsumers":
        this.#send(peer, { type: "listConsumers", consumers: this.#withRole("consumer") });
        break;
      case "startSession":
        this.#start(peer, String(message["peerId"]), message["offer"] ?? null);
        break;
      case "peer":
        this.#forward(peer, message);
        break;
      case "endSession":
      case "endSessionV1_1":
        this.#end(peer, String(message["sessionId"]), message["error"] ?? null, message["reason"] ?? null);
        break;
    }
  }

  #setStatus(peer: Peer, roles: readonly string[], meta: unknown): void {
    peer.roles = roles;
    peer.meta = meta;
    for (const listener of this.#peers.values()) {
      if (listener.roles.includes("listener")) {
        this.#send(listener, { type: "peerStatusChanged", roles, meta, peerId: peer.id });
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
      const code = asking.version === "v1_2" ? { code: "unknownPeer", peerId: targetId } : {};
      // Only those that cannot read codes are told the name in words.
      const whom = asking.version === "v1_2" ? "that peer" : `Peer with ID '${targetId}'`;
      this.#send(asking, { type: "error", details: `${whom} not found`, ...code });
      return;
    }
    const toConsumer = target.roles.includes("consumer");
    const [producer, consumer] = toConsumer ? [asking, target] : [target, asking];
    this.#count += 1;
    const session = { id: `session-${this.#count}`, producer, consumer };
    this.#sessions.set(session.id, session);
    const laterOffers = [producer, consumer].every(({ version }) => version === "v1_2") ? { laterOffers: true } : {};
    this.#send(consumer, { type: "sessionStarted", peerId: producer.id, sessionId: session.id, ...laterOffers });
    this.#send(producer, { type: "startSession", peerId: consumer.id, sessionId: session.id, offer });
  }

  #forward(from: Peer, message: Message): void {
    const session = this.#sessions.get(String(message["sessionId"]));
    if (session !== undefined) {
      this.#send(session.producer === from ? session.consumer : session.producer, message);
    }
  }

  #end(from: Peer, sessionId: string, error: unknown, reason: unknown): void {
    const session = this.#sessions.get(sessionId);
    this.#sessions.delete(sessionId);
    if (session === undefined) {
      return;
    }
    const other = session.producer === from ? session.consumer : session.producer;
    if (other.version === "v1_0") {
      this.#send(other, { type: "endSession", sessionId });
    } else {
      const why = other.version === "v1_2" ? { reason } : {};
      this.#send(other, { type: "endSessionV1_1", sessionId, error, ...why });
    }
  }

  #send(peer: Peer, message: Message | string): void {
    if (peer.outbox === null) {
      sendRaw(peer, message);
    } else {
      peer.outbox.push(typeof message === "string" ? message : JSON.stringify(message));
      flush(peer);
    }
  }
}

function flush(peer: Peer): void {
  if (peer.socket.readyState === WebSocket.OPEN) {
    for (const text of peer.outbox?.take() ?? []) {
      peer.socket.send(text);
    }
  }
}

function sendRaw(peer: Peer, message: Message | string): void {
  peer.socket.send(typeof message === "string" ? message : JSON.stringify(message));
}
