import assert from "node:assert/strict";
import { type TestContext, test } from "vitest";
import type { ServerMessage } from "../src/protocol.js";
import { notingClient } from "./support/noting-client.js";
import { Relay } from "./support/relay.js";
import { MODERN, type Message, type ServerOptions, TestSignallingServer } from "./support/signalling-server.js";

/** A server that gives leases, behind a relay that can be cut. */
async function setUp(t: TestContext, options: ServerOptions = {}): Promise<{ server: TestSignallingServer; relay: Relay }> {
  const server = await TestSignallingServer.start(0, { ...MODERN, ...options });
  t.onTestFinished(() => server.stop());
  const relay = await Relay.start(server.port);
  t.onTestFinished(() => {
    relay.stop();
  });
  return { server, relay };
}

const counted = ({ type }: Message): boolean => type !== "heartbeat" && type !== "setProtocolVersion";
const choices = (server: TestSignallingServer): Message[] =>
  server.heard.filter(({ type }) => type === "setProtocolVersion");
/** The sessions that messages are about, nothing for other messages. */
const named = (message: ServerMessage): string | null => (message.type === "endSession" ? message.sessionId : null);

test("of the versions that a server lists the highest is chosen that both know", async (t) => {
  const { server } = await setUp(t);
  const { next } = notingClient(t, server.url);
  for (const expected of ["ready peer-1", "peerStatusChanged", "list", "listConsumers"]) {
    assert.equal(await next(), expected);
  }
  assert.deepEqual(server.heard[0], { type: "setProtocolVersion", version: "v1_2" });
});

test("a server that lists no version of leases gets none of their words", async (t) => {
  const { server } = await setUp(t, { versions: ["v1_0", "v1_1"] });
  const { client, until } = notingClient(t, server.url);
  await until("listConsumers");
  assert.deepEqual(choices(server), [{ type: "setProtocolVersion", version: "v1_1" }]);
  assert.equal(client.leased, false);
});

test("a lost connection is resumed under the same name, with what either side said meanwhile", async (t) => {
  const { server, relay } = await setUp(t);
  const { client, next, until } = notingClient(t, relay.url);
  await until("listConsumers");
  relay.cut();
  assert.equal(await next(), "lost");
  assert.equal(client.peerId, null);
  assert.ok(client.send({ type: "endSession", sessionId: "said in the gap" }));
  server.say({ type: "endSession", sessionId: "s" });
  assert.equal(await next(), "ready peer-1");
  assert.equal(client.peerId, "peer-1");
  assert.equal(await next(), "endSession");
  await server.hears(({ sessionId }) => sessionId === "said in the gap");
  assert.deepEqual(server.heard.filter(counted).map(({ type }) => type), [
    "setPeerStatus",
    "list",
    "listConsumers",
    "endSession",
  ]);
  assert.deepEqual(choices(server)[1]?.["resume"], { token: "token of peer-1", received: 3 });
});

test("wherever the connection is cut, nothing is lost, doubled or reordered", async (t) => {
  const { server, relay } = await setUp(t);
  const [batches, batch] = [40, 50];
  const { client, until } = notingClient(t, relay.url, { reconnectionTimeout: 1 }, named);
  await until("ready peer-1");
  const arrived: string[] = [];
  for (let index = 0; index < batches; index += 1) {
    // Somewhere in the middle of the messages, and then in the middle of two greetings.
    relay.cutAfter(1 + ((index * 977) % 3989), 1 + ((index * 61) % 1013), 1 + ((index * 41) % 1511));
    for (let said = index * batch; said < (index + 1) * batch; said += 1) {
      assert.ok(client.send({ type: "endSession", sessionId: `up ${said}` }));
      server.say({ type: "endSession", sessionId: `down ${said}` });
    }
    const last = (index + 1) * batch - 1;
    arrived.push(...(await until(`down ${last}`)), `down ${last}`);
    await server.hears(({ sessionId }) => sessionId === `up ${last}`);
  }
  assert.deepEqual(
    arrived.filter((event) => event.startsWith("down")),
    Array.from({ length: batches * batch }, (_, index) => `down ${index}`),
  );
  assert.deepEqual(
    server.heard.flatMap(({ type, sessionId }) => (type === "endSession" ? [sessionId] : [])),
    Array.from({ length: batches * batch }, (_, index) => `up ${index}`),
  );
  assert.ok(choices(server).length > batches, `there were only ${choices(server).length} connections`);
});

test("64 counted messages are acknowledged, understood or not", async (t) => {
  const { server } = await setUp(t);
  const { until } = notingClient(t, server.url);
  await until("listConsumers");
  server.say({ type: "of a newer protocol" });
  server.say("{");
  for (let said = 5; said < 64; said += 1) {
    assert.ok(!server.heard.some(({ type }) => type === "heartbeat"));
    server.say({ type: "endSession", sessionId: "s" });
  }
  assert.deepEqual(await server.hears(({ type }) => type === "heartbeat"), { type: "heartbeat", received: 64 });
});

test("the client says that it is there as often as the lease wants", async (t) => {
  const { server } = await setUp(t, { heartbeatMs: 10, silenceMs: 5000 });
  const { until } = notingClient(t, server.url);
  await until("listConsumers");
  await server.hears(() => server.heard.filter(({ type }) => type === "heartbeat").length === 3);
  assert.equal(server.heard.at(-1)?.["received"], 3);
});

test("a server that falls silent is lost, and is not told a proper end that it would take for the last word", async (t) => {
  const { server, relay } = await setUp(t, { heartbeatMs: 20, silenceMs: 60 });
  const { next, until } = notingClient(t, relay.url);
  await until("listConsumers");
  relay.stall();
  assert.equal(await next(), "problem: the signalling server has fallen silent");
  assert.equal(await next(), "lost");
  assert.equal(await next(), "ready peer-1");
  assert.deepEqual(server.closes, []);
});

test("a server that forgot the client is introduced to it again, roles included", async (t) => {
  const { server } = await setUp(t);
  const { client, next, until } = notingClient(t, server.url);
  await until("listConsumers");
  assert.ok(client.announce("producer"));
  await until("peerStatusChanged");
  server.forget();
  assert.equal(await next(), "lost");
  assert.ok(client.send({ type: "endSession", sessionId: "of the old server" }));
  assert.equal(await next(), "forgotten: back");
  assert.equal(await next(), "ready peer-2");
  await until("listConsumers");
  assert.deepEqual(server.heard.filter(({ type }) => type === "setPeerStatus").at(-1)?.["roles"], ["listener", "producer"]);
  assert.ok(!server.heard.some(({ sessionId }) => sessionId === "of the old server"));
});

test("a client that does not find its server in time gives up what it began there", async (t) => {
  const { server } = await setUp(t, { leaseMs: 10, silenceMs: 20, heartbeatMs: 10 });
  const { client, next, until } = notingClient(t, server.url);
  await until("listConsumers");
  await server.stop();
  assert.equal(await next(), "lost");
  assert.equal(await next(), "forgotten: trying");
  assert.equal(client.send({ type: "list" }), false);
});

test("a client that does not try again gives up at once", async (t) => {
  const { server } = await setUp(t);
  const { client, next, until } = notingClient(t, server.url, { reconnectionTimeout: 0 });
  await until("listConsumers");
  server.drop();
  assert.equal(await next(), "forgotten: over");
  assert.equal(await next(), "lost");
  assert.equal(client.send({ type: "list" }), false);
});

test("an acknowledgement of what was not said is a problem that ends nothing", async (t) => {
  const { server } = await setUp(t);
  const { next, until } = notingClient(t, server.url);
  await until("listConsumers");
  server.sayUncounted({ type: "heartbeat", received: 1000 });
  assert.equal(await next(), "problem: the signalling server says that 1000 messages arrived, which cannot be");
  server.say({ type: "endSession", sessionId: "s" });
  assert.equal(await next(), "endSession");
});

test("a server that resumes what was not said is left properly and met anew", async (t) => {
  const { server } = await setUp(t);
  const { next, until } = notingClient(t, server.url);
  await until("listConsumers");
  server.miscount = 1000;
  server.drop();
  assert.equal(await next(), "lost");
  assert.equal(await next(), "problem: the signalling server resumes what cannot be resumed; starting anew");
  assert.equal(await next(), "forgotten: trying");
  assert.equal(await next(), "ready peer-3");
});

test("ICE servers are told even before the client is known", async (t) => {
  const { server } = await setUp(t, { iceServers: [{ urls: ["stun:s"] }] });
  const { next } = notingClient(t, server.url);
  assert.equal(await next(), "iceServers");
  assert.equal(await next(), "ready peer-1");
});
