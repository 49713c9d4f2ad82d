/** A signalling client that writes down what happens to it. */

import "./globals.js";
import type { TestContext } from "vitest";
import type { ServerMessage } from "../../src/protocol.js";
import { SignallingClient, type SignallingOptions } from "../../src/signalling-client.js";

/** A client that ends with the test, and the things that happen to it, to be taken one after the other. */
export function notingClient(
  t: TestContext,
  url: string,
  options: Partial<SignallingOptions> = {},
  onMessage: (message: ServerMessage) => string | null = (message) => message.type,
): { client: SignallingClient; next: () => Promise<string>; until: (expected: string) => Promise<string[]> } {
  const happened: string[] = [];
  let wake = (): void => undefined;
  const note = (text: string | null): void => {
    if (text !== null) {
      happened.push(text);
      wake();
    }
  };
  const client = new SignallingClient(
    { url, token: "", meta: { name: "test" }, reconnectionTimeout: 20, handshakeTimeout: 5000, ...options },
    {
      ready: (peerId) => {
        note(`ready ${peerId}`);
      },
      lost: () => {
        note("lost");
      },
      forgotten: (outlook) => {
        note(`forgotten: ${outlook}`);
      },
      message: (message) => {
        note(onMessage(message));
      },
      problem: (text, reason) => {
        note(`problem: ${text}${reason === undefined ? "" : ` (${reason})`}`);
      },
    },
  );
  t.onTestFinished(() => {
    client.close("the test is over");
  });
  const next = async (): Promise<string> => {
    for (;;) {
      const first = happened.shift();
      if (first !== undefined) {
        return first;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const until = async (expected: string): Promise<string[]> => {
    const before: string[] = [];
    for (;;) {
      const now = await next();
      if (now === expected) {
        return before;
      }
      before.push(now);
    }
  };
  return { client, next, until };
}
