/** A relay between a client and a server that cuts, stalls and dribbles. For TCP of any kind; no use outside of tests. */

import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";

/** What a {@link Relay} does to what passes. */
export interface RelayOptions {
  /** Passes data on in pieces of at most so many bytes, each with a turn of the event loop before it; 0: as it comes. */
  readonly piece?: number;
}

/** A running relay. */
export class Relay {
  readonly #server: Server;
  readonly #piece: number;
  #target: number;
  readonly #sockets = new Set<Socket>();
  /** How many bytes may pass until each of the next cuts. */
  #cuts: readonly number[] = [];
  /** How many passed since the last one. */
  #passed = 0;

  private constructor(server: Server, target: number, options: RelayOptions) {
    this.#server = server;
    this.#piece = options.piece ?? 0;
    this.#target = target;
    server.on("connection", (client) => {
      const onward = connect({ port: this.#target, host: "127.0.0.1" });
      this.#pipe(client, onward);
      this.#pipe(onward, client);
    });
  }

  /** Relays to `target` of this machine, from a free port. */
  static async start(target: number, options: RelayOptions = {}): Promise<Relay> {
    const server = createServer({ noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Relay(server, target, options);
  }

  /** Its address for websockets. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** The port it listens on. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes new connections to another port. */
  retarget(target: number): void {
    this.#target = target;
  }

  /** Breaks all connections: nobody is told but by a reset, and what was under way is lost. */
  cut(): void {
    for (const socket of this.#sockets) {
      socket.resetAndDestroy();
    }
  }

  /** Breaks all connections each time that so many more bytes have passed in both directions together. */
  cutAfter(...bytes: readonly number[]): void {
    this.#cuts = bytes;
    this.#passed = 0;
  }

  /** Lets nothing pass on the connections that there are, which stay open. */
  stall(): void {
    for (const socket of this.#sockets) {
      socket.pause();
    }
  }

  /** Ends the relay and its connections. */
  stop(): void {
    this.#server.close();
    this.cut();
  }

  #pipe(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    let work = Promise.resolve();
    from.on("data", (data: Buffer) => {
      work = work.then(() => this.#pass(data, to));
    });
    from.on("error", () => undefined);
    from.on("close", () => {
      this.#sockets.delete(from);
      void work.then(() => to.destroy());
    });
    from.on("end", () => void work.then(() => to.end()));
  }

  async #pass(data: Buffer, to: Socket): Promise<void> {
    const size = this.#piece === 0 ? data.length : this.#piece;
    for (let at = 0; at < data.length; at += size) {
      if (this.#piece > 0) {
        await new Promise(setImmediate);
      }
      this.#passed += Math.min(size, data.length - at);
      const [next, ...later] = this.#cuts;
      if (next !== undefined && this.#passed >= next) {
        this.cutAfter(...later);
        this.cut();
      }
      to.write(data.subarray(at, at + size));
    }
  }
}
