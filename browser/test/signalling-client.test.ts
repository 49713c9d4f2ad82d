import assert from "node:assert/strict";
import { type TestContext, test } from "vitest";
import { notingClient } from "./support/noting-client.js";
import { MODERN, type Message, type ServerOptions, TestSignallingServer } from "./support/signalling-server.js";

async function server(t: TestContext, options: ServerOptions = {}): Promise<TestSignallingServer> {
  const made = await TestSignallingServer.start(0, options);
  t.onTestFinished(() => made.stop());
  return made;
}

const type = (message: Message): unknown => message["type"];

test("the first words are the version, the role of a listener and two questions", async (t) => {
  const signalling = await server(t);
  const { next } = notingClient(t, signalling.url);
  for (const expected of ["ready peer-1", "peerStatusChanged", "list", "listConsumers"]) {
    assert.equal(await next(), expected);
  }
  assert.deepEqual(signalling.heard, [
    { type: "setProtocolVersion", version: "v1_1" },
    { type: "setPeerStatus", roles: ["listener"], meta: { name: "test" } },
    { type: "list" },
    { type: "listConsumers" },
  ]);
});

test("messages of newer protocols are passed over in silence and broken ones reported, and the connection stays", async (t) => {
  const signalling = await server(t);
  const { next, until } = notingClient(t, signalling.url);
  await until("listConsumers");
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
  const { client: made, next, until } = notingClient(t, signalling.url);
  await until("listConsumers");
  signalling.drop();
  assert.equal(await next(), "forgotten: trying");
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
  const { next } = notingClient(t, `ws://127.0.0.1:${port}`);
  const signalling = await TestSignallingServer.start(port);
  t.onTestFinished(() => signalling.stop());
  assert.equal(await next(), "ready peer-1");
});

test("a client that is closed says so and does not come back", async (t) => {
  const signalling = await server(t);
  const { client: made, next, until } = notingClient(t, signalling.url);
  assert.equal(await next(), "ready peer-1");
  await signalling.hears((message) => type(message) === "listConsumers");
  made.close("enough");
  await until("lost");
  assert.deepEqual(await signalling.seesClose(), [1000, "enough"]);
  assert.equal(made.announce("producer"), false);
  // The next visitor is the second: the closed client did not connect again.
  const { next: other } = notingClient(t, signalling.url);
  assert.equal(await other(), "ready peer-2");
});

test("what the server says in closing is told in words", async (t) => {
  const signalling = await server(t);
  const { next, until } = notingClient(t, signalling.url);
  for (const [code, reason] of [
    [1000, "that is all"],
    [1001, "the server is shutting down"],
    [1008, "messages were not read in time"],
  ] as const) {
    await until("listConsumers");
    signalling.close(code, reason);
    assert.equal(await next(), `problem: the signalling server closed the connection: ${reason} (${code})`);
  }
});

test("a refusal before the first words are over is told", async (t) => {
  const signalling = await server(t);
  signalling.refuse = { roles: ["listener"], details: "this client may not listen" };
  const { next } = notingClient(t, signalling.url);
  assert.equal(await next(), "problem: this client may not listen");
});

test("a client that may not listen is ready without it, and can still produce", async (t) => {
  const signalling = await server(t, MODERN);
  signalling.refuse = { roles: ["listener"], details: "this client may not listen" };
  const { client, next } = notingClient(t, signalling.url);
  assert.equal(await next(), "ready peer-1");
  assert.equal(await next(), "problem: the signalling server does not let this client list who is there (mayNotList)");
  assert.ok(client.announce("producer"));
  await signalling.hears((message) => JSON.stringify(message["roles"]) === '["producer"]');
  assert.deepEqual(signalling.heard.map(type), Array.of("setProtocolVersion", ...Array<string>(3).fill("setPeerStatus")));
});

test("a token is a subprotocol in the alphabet of addresses, and without one none is offered", async (t) => {
  const signalling = await server(t);
  await notingClient(t, `${signalling.url}/?room=1`, { token: "a>b?ü/" }).until("ready peer-1");
  await notingClient(t, signalling.url).until("ready peer-2");
  assert.deepEqual(signalling.offered, [
    `gstwebrtc,gstwebrtc.token.${Buffer.from("a>b?ü/").toString("base64url")}`,
    "",
  ]);
  assert.deepEqual(signalling.addresses, ["/?room=1", "/"]);
});
