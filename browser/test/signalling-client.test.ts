import "./support/globals.js";
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ServerMessage } from "../src/protocol.js";
import { SignallingClient } from "../src/signalling-client.js";
import { type Message, TestSignallingServer } from "./support/signalling-server.js";

/** A client, and the things that happen to it, to be taken one after the other. */
function client(t: TestContext, url: string, reconnectionTimeout = 20): { client: SignallingClient; next: () => Promise<string> } {
  const happened: string[] = [];
  let wake = (): void => undefined;
  const note = (text: string): void => {
    happened.push(text);
    wake();
  };
  const made = new SignallingClient(
    { url, meta: { name: "test" }, reconnectionTimeout, handshakeTimeout: 5000 },
    {
      ready: (peerId) => {
        note(`ready ${peerId}`);
      },
      lost: () => {
        note("lost");
      },
      message: (message: ServerMessage) => {
        note(message.type);
      },
      problem: (text) => {
        note(`problem: ${text}`);
      },
    },
  );
  t.after(() => {
    made.close();
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
  return { client: made, next };
}

async function server(t: TestContext): Promise<TestSignallingServer> {
  const made = await TestSignallingServer.start();
  t.after(() => made.stop());
  return made;
}

const type = (message: Message): unknown => message["type"];

test("the first words are the version, the role of a listener and two questions", async (t) => {
  const signalling = await server(t);
  const { next } = client(t, signalling.url);
  assert.equal(await next(), "ready peer-1");
  assert.equal(await next(), "list");
  assert.equal(await next(), "listConsumers");
  assert.deepEqual(signalling.heard, [
    { type: "setProtocolVersion", version: "v1_1" },
    { type: "setPeerStatus", roles: ["listener"], meta: { name: "test" } },
    { type: "list" },
    { type: "listConsumers" },
  ]);
});

test("messages of newer protocols are passed over in silence and broken ones reported, and the connection stays", async (t) => {
  const signalling = await server(t);
  const { next } = client(t, signalling.url);
  for (const expected of ["ready peer-1", "list", "listConsumers"]) {
    assert.equal(await next(), expected);
  }
  signalling.say({ type: "tokenExpires", in: 5 });
  signalling.say("{");
  signalling.say({ type: "list" });
  signalling.say({ type: "endSession", sessionId: "s" });
  assert.match(await next(), /^problem: .*not JSON/);
  assert.match(await next(), /^problem: .*producers is not an array/);
  assert.equal(await next(), "endSession");
});

test("a lost connection comes back under a new name", async (t) => {
  const signalling = await server(t);
  const { client: made, next } = client(t, signalling.url);
  for (const expected of ["ready peer-1", "list", "listConsumers"]) {
    assert.equal(await next(), expected);
  }
  signalling.drop();
  assert.equal(await next(), "lost");
  assert.equal(made.peerId, null);
  assert.equal(made.send({ type: "list" }), false);
  assert.equal(await next(), "ready peer-2");
  assert.equal(made.peerId, "peer-2");
});

test("a server that is not there yet is found when it comes", async (t) => {
  const first = await TestSignallingServer.start();
  const port = first.port;
  await first.stop();
  const { next } = client(t, `ws://127.0.0.1:${port}`);
  const signalling = await TestSignallingServer.start(port);
  t.after(() => signalling.stop());
  assert.equal(await next(), "ready peer-1");
});

test("a client that is closed does not come back", async (t) => {
  const signalling = await server(t);
  const { client: made, next } = client(t, signalling.url);
  assert.equal(await next(), "ready peer-1");
  await signalling.hears((message) => type(message) === "listConsumers");
  made.close();
  for (const expected of ["list", "listConsumers", "lost"]) {
    const happened = await next();
    if (happened === "lost") {
      break;
    }
    assert.equal(happened, expected);
  }
  assert.equal(made.announce("producer"), false);
  // The next visitor is the second: the closed client did not connect again.
  const { next: other } = client(t, signalling.url);
  assert.equal(await other(), "ready peer-2");
});
