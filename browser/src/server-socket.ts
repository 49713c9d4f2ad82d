/** One websocket to the signalling server: text in, text out, and its end in words. */

/** Who is told what happens on a {@link ServerSocket}. */
export interface SocketObserver {
  /** The server said something. */
  text(text: string): void;
  /** The connection is over; `words` say how the server ended it, null where it broke. */
  closed(words: string | null): void;
}

const NORMAL = 1000;
const NO_STATUS = 1005;
const BROKEN = 1006;

/** A websocket that is open or will be. */
export class ServerSocket {
  readonly #socket: WebSocket;
  /** Null as soon as nobody wants to hear: events of a socket that was given up can still be under way. */
  #observer: SocketObserver | null;

  /**
   * Connects, and shows `token` unless it is empty.
   *
   * @throws `SyntaxError` where the address is none.
   */
  constructor(url: string, token: string, observer: SocketObserver) {
    this.#observer = observer;
    // Subprotocols are all that a page can send beside the address, and a token in an address ends up in logs. Servers
    // that know none refuse a connection that offers some.
    this.#socket =
      token === "" ? new WebSocket(url) : new WebSocket(url, ["gstwebrtc", `gstwebrtc.token.${base64Url(token)}`]);
    this.#socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "string") {
        this.#observer?.text(data);
      }
    });
    this.#socket.addEventListener("close", ({ code, reason }) => {
      const told = this.#observer;
      this.#observer = null;
      told?.closed(wordsFor(code, reason));
    });
  }

  /** Queues a message; false where the connection is not open. */
  send(text: string): boolean {
    const open = this.#socket.readyState === WebSocket.OPEN;
    if (open) {
      this.#socket.send(text);
    }
    return open;
  }

  /** Ends the connection properly, for `reason` of at most 123 bytes. */
  close(reason: string): void {
    this.#observer = null;
    this.#socket.close(NORMAL, reason);
  }

  /**
   * Stops to listen and leaves the connection as it is: a proper end, should it get through after all, would end this
   * client on the server. False where there is nothing left to be closed later.
   */
  abandon(): boolean {
    this.#observer = null;
    if (this.#socket.readyState === WebSocket.CONNECTING) {
      this.#socket.close();
    }
    return this.#socket.readyState === WebSocket.OPEN;
  }
}

function wordsFor(code: number, reason: string): string | null {
  if (code === BROKEN) {
    return null;
  }
  const why = reason === "" ? "it gave no reason" : reason;
  return `the signalling server closed the connection: ${why}${code === NO_STATUS ? "" : ` (${code})`}`;
}

/** Base64 in the alphabet of RFC 4648 section 5, without padding: a subprotocol may not contain `=` or `/`. */
function base64Url(text: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
