/** A peer of the signalling server that says what it likes, in the plain words of the protocol and without any library. */

import { once } from "node:events";
import { WebSocket } from "ws";

type Message = Readonly<Record<string, unknown>>;

/** A stranger at a signalling server. */
export class Stranger {
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Registers one; every session that is asked of it ends with `end`. */
  static async join(url: string, roles: readonly string[], name: string, end = ""): Promise<Stranger> {
    const socket = new WebSocket(url);
    const say = (message: Message): void => {
      socket.send(JSON.stringify(message));
    };
    socket.on("message", (data: Buffer) => {
      const { type, sessionId } = JSON.parse(data.toString()) as Message;
      if (type === "startSession") {
        say({ type: "endSessionV1_1", sessionId, error: end });
      }
    });
    await once(socket, "open");
    say({ type: "setProtocolVersion", version: "v1_1" });
    say({ type: "setPeerStatus", roles, meta: { name } });
    return new Stranger(socket);
  }

  /** Goes away. */
  leave(): void {
    this.#socket.terminate();
  }
}
