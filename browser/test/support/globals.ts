/** What browsers have and Node 20 has not. Import it before the library. */

import { WebSocket } from "ws";

class NodeErrorEvent extends Event {
  readonly message: string;
  readonly error: unknown;

  constructor(type: string, init: { message?: string; error?: unknown } = {}) {
    super(type);
    this.message = init.message ?? "";
    this.error = init.error;
  }
}

/** Browsers follow an error by `close` and let nobody die of it. */
class BrowserWebSocket extends WebSocket {
  constructor(url: string, protocols?: string[]) {
    super(url, protocols);
    this.on("error", () => undefined);
  }
}

const page = new EventTarget();

Object.assign(globalThis, {
  addEventListener: page.addEventListener.bind(page),
  removeEventListener: page.removeEventListener.bind(page),
  dispatchEvent: page.dispatchEvent.bind(page),
  WebSocket: BrowserWebSocket,
  ErrorEvent: NodeErrorEvent,
  reportError: (error: unknown) => {
    throw error;
  },
});
