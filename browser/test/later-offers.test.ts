import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "vitest";
import { type ConsumerSession, SessionState } from "../src/index.js";
import { consuming, ended, isDescription, session, setUp, stream } from "./support/clients.js";
import { FakeDataChannel, FakePeerConnection } from "./support/fake-peer-connection.js";
import { MODERN, type ServerOptions, type TestSignallingServer } from "./support/signalling-server.js";

interface Scene {
  readonly server: TestSignallingServer;
  readonly consumer: ConsumerSession;
  readonly connection: FakePeerConnection;
  readonly say: (sdp: object) => void;
}

/** A consumer whose transport is up, with a producer that is played by the test. */
async function streaming(t: TestContext, options: ServerOptions = MODERN, laterOffers = true): Promise<Scene> {
  const { server, connect } = await setUp(t, options);
  server.ignoreStartSession = true;
  const consumer = session(await connect(), "somebody");
  consumer.connect();
  await server.hears((m) => m["type"] === "startSession");
  server.say({ type: "sessionStarted", peerId: "somebody", sessionId: "s", ...(laterOffers ? { laterOffers } : {}) });
  const say = (sdp: object): void => {
    server.say({ type: "peer", sessionId: "s", sdp });
  };
  say({ type: "offer", sdp: "a=ice-ufrag:one\r\n" });
  await server.hears((m) => isDescription(m, "answer"));
  const connection = consumer.rtcPeerConnection as unknown as FakePeerConnection;
  connection.become("connected");
  return { server, consumer, connection, say };
}

const isRestart = (m: Readonly<Record<string, unknown>>): boolean =>
  (m["sdp"] as { sdp?: string } | undefined)?.sdp === "own restarting offer";
const count = (server: TestSignallingServer, what: typeof isRestart): number => server.heard.filter(what).length;
const answers = (server: TestSignallingServer): number => count(server, (m) => isDescription(m, "answer"));

test("a consumer whose network path fails offers another one, and streams on when it stands", async (t) => {
  const { server, consumer, connection, say } = await streaming(t);
  connection.become("failed");
  assert.ok(consumer.interrupted);
  await server.hears(isRestart);
  say({ type: "answer", sdp: "a=ice-ufrag:two\r\n" });
  const mended = once(consumer, "interruptedChanged", { signal: AbortSignal.timeout(5000) });
  connection.become("connected");
  await mended;
  assert.ok(!consumer.interrupted);
  assert.equal(consumer.state, SessionState.streaming);
});

test("an answer that stays on the old path is not taken, and no other path is asked for", async (t) => {
  const { server, consumer, connection, say } = await streaming(t);
  assert.ok(consumer.restartIce());
  await server.hears(isRestart);
  say({ type: "answer", sdp: "a=ice-ufrag:one\r\n" });
  say({ type: "offer", sdp: "a=ice-ufrag:one\r\n" });
  await server.hears(() => answers(server) === 2);
  assert.ok(!connection.calls.includes("remote answer"));
  assert.equal(consumer.state, SessionState.streaming);
  assert.ok(!consumer.restartIce());
});

test("when the network comes back, another path is asked for at once", async (t) => {
  const { server } = await streaming(t);
  dispatchEvent(new Event("online"));
  await server.hears(isRestart);
});

test("where two offers cross, the consumer answers, and asks again for its path", async (t) => {
  const { server, consumer, connection, say } = await streaming(t);
  assert.ok(consumer.restartIce());
  await server.hears(isRestart);
  say({ type: "offer", sdp: "a=ice-ufrag:one\r\n" });
  await server.hears(() => answers(server) === 2 && count(server, isRestart) === 2);
  const steps = connection.calls.filter((call) => !call.startsWith("candidate"));
  assert.deepEqual(steps.slice(2), ["local offer", "local rollback", "remote offer", "local answer", "local offer"]);
});

test("an offer that crosses with a new path itself is enough", async (t) => {
  const { server, consumer, say } = await streaming(t);
  assert.ok(consumer.restartIce());
  await server.hears(isRestart);
  say({ type: "offer", sdp: "a=ice-ufrag:another\r\n" });
  await server.hears(() => answers(server) === 2);
  say({ type: "offer", sdp: "a=ice-ufrag:another\r\n" });
  await server.hears(() => answers(server) === 3);
  assert.equal(count(server, isRestart), 1);
});

test("where the other side is older nothing is offered, and a failed path is the end", async (t) => {
  const { server, consumer, connection } = await streaming(t, MODERN, false);
  assert.ok(!consumer.restartIce());
  const end = ended(consumer);
  connection.become("failed");
  assert.deepEqual(await end, { kind: "transportFailed" });
  assert.equal(count(server, isRestart), 0);
});

test("an older server is never sent an offer inside a session", async (t) => {
  for (const options of [{}, { versions: ["v1_0", "v1_1"] }]) {
    const { server, consumer } = await streaming(t, options, false);
    assert.ok(!consumer.restartIce());
    assert.equal(count(server, isRestart), 0);
  }
});

test("an offer that is refused after all ends nothing, and is taken back", async (t) => {
  const { server, consumer, connection, say } = await streaming(t);
  assert.ok(consumer.restartIce());
  await server.hears(isRestart);
  server.say({ type: "error", details: "no offers here", code: "offerNotAllowed", sessionId: "s" });
  say({ type: "offer", sdp: "a=ice-ufrag:one\r\n" });
  await server.hears(() => answers(server) === 2);
  assert.equal(consumer.state, SessionState.streaming);
  assert.ok(!consumer.restartIce());
  assert.equal(connection.signalingState, "stable");
});

test("a session that does not stream asks for no new path", async (t) => {
  const { connect } = await setUp(t, MODERN);
  assert.ok(!session(await connect(), "somebody").restartIce());
});

test("a producer passes over an offer that crosses its own, with its candidates, and answers others", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  const producer = (await connect()).createProducerSession(stream);
  assert.ok(producer?.start());
  server.say({ type: "startSession", peerId: "somebody", sessionId: "s", offer: null });
  await server.hears((m) => isDescription(m, "offer"));
  const connection = FakePeerConnection.made.at(-1);
  assert.ok(connection !== undefined);
  const says = (what: object): void => {
    server.say({ type: "peer", sessionId: "s", ...what });
  };
  says({ sdp: { type: "offer", sdp: "an offer that crosses" } });
  says({ ice: { candidate: "candidate:of it", sdpMLineIndex: 0 } });
  says({ sdp: { type: "answer", sdp: "the answer" } });
  says({ ice: { candidate: "candidate:of the answer", sdpMLineIndex: 0 } });
  says({ sdp: { type: "offer", sdp: "a later offer" } });
  await server.hears((m) => isDescription(m, "answer"));
  assert.deepEqual(connection.calls, [
    "local offer",
    "remote answer",
    "candidate:of the answer",
    "remote offer",
    "local answer",
  ]);
});

test("a channel of the application has its place in the first exchange", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  const consumer = session(await connect(), "somebody");
  const channel = consumer.createDataChannel("chat", { ordered: false });
  assert.equal(channel.label, "chat");
  consumer.connect();
  await server.hears((m) => m["type"] === "startSession");
  server.say({ type: "sessionStarted", peerId: "somebody", sessionId: "s" });
  server.say({ type: "peer", sessionId: "s", sdp: { type: "offer", sdp: "an offer" } });
  await server.hears((m) => isDescription(m, "answer"));
  assert.equal(channel.readyState, "connecting");
});

test("a channel without a place is offered one where that may be, and else closed with an error", async (t) => {
  for (const mayOffer of [true, false]) {
    const { server, consumer, connection } = await streaming(t, MODERN, mayOffer);
    connection.sctp = null;
    const problem = once(consumer, "error", { signal: AbortSignal.timeout(5000) });
    const channel = consumer.createDataChannel("chat");
    if (mayOffer) {
      await server.hears((m) => isDescription(m, "offer"));
      assert.equal(channel.readyState, "connecting");
      server.say({ type: "peer", sessionId: "s", sdp: { type: "answer", sdp: "no place" } });
    }
    const [event] = (await problem) as [ErrorEvent];
    assert.match(event.message, /no place for data channels/);
    assert.equal(channel.readyState, "closed");
    assert.equal(consumer.state, SessionState.streaming);
  }
});

test("a channel that is opened while a new path is asked for has an offer of its own where the path is kept", async (t) => {
  const { server, consumer, connection, say } = await streaming(t);
  connection.sctp = null;
  assert.ok(consumer.restartIce());
  await server.hears(isRestart);
  const channel = consumer.createDataChannel("chat");
  say({ type: "answer", sdp: "a=ice-ufrag:one\r\n" });
  await server.hears((m) => isDescription(m, "offer") && !isRestart(m));
  connection.sctp = {};
  say({ type: "answer", sdp: "a=ice-ufrag:one\r\n" });
  say({ type: "offer", sdp: "a=ice-ufrag:one\r\n" });
  await server.hears(() => answers(server) === 2);
  assert.equal(channel.readyState, "connecting");
  assert.ok(!consumer.restartIce());
});

test("a channel that is asked for together with a path that is kept is offered again", async (t) => {
  const { server, consumer, connection, say } = await streaming(t);
  connection.sctp = null;
  assert.ok(consumer.restartIce());
  const channel = consumer.createDataChannel("chat");
  await server.hears(isRestart);
  say({ type: "answer", sdp: "a=ice-ufrag:one\r\n" });
  await server.hears((m) => isDescription(m, "offer") && !isRestart(m));
  assert.equal(channel.readyState, "connecting");
});

test("a channel that is opened while an offer is refused is closed with an error", async (t) => {
  const { server, consumer, connection } = await streaming(t);
  connection.sctp = null;
  assert.ok(consumer.restartIce());
  await server.hears(isRestart);
  const problem = once(consumer, "error", { signal: AbortSignal.timeout(5000) });
  const channel = consumer.createDataChannel("chat");
  server.say({ type: "error", details: "no offers here", code: "offerNotAllowed", sessionId: "s" });
  const [event] = (await problem) as [ErrorEvent];
  assert.match(event.message, /no place for data channels/);
  assert.equal(channel.readyState, "closed");
  assert.equal(consumer.state, SessionState.streaming);
});

test("channels of the other side are told, unless they are for remote control", async (t) => {
  const { consumer, connection } = await streaming(t);
  const labels: string[] = [];
  consumer.addEventListener("dataChannel", ({ detail }) => labels.push(detail.label));
  for (const label of ["chat", "control"]) {
    const channel = new FakeDataChannel(label);
    connection.dispatchEvent(Object.assign(new Event("datachannel"), { channel }));
  }
  assert.deepEqual(labels, ["chat"]);
  assert.equal(consumer.remoteController?.rtcDataChannel.label, "control");
});

test("no channel is opened in a session that is over", async (t) => {
  const { consumer } = await streaming(t);
  consumer.close();
  assert.throws(() => consumer.createDataChannel("late"), /over/);
});

test("an answer without a common codec ends the session with the codecs that were offered", async (t) => {
  const { server, consumer, connection, say } = await streaming(t);
  connection.createAnswer = () => Promise.resolve({ type: "answer", sdp: "v=0\r\nm=video 0 RTP 96\r\n" });
  const end = ended(consumer);
  say({ type: "offer", sdp: "v=0\r\nm=video 9 RTP 96\r\na=rtpmap:96 H265/90000\r\n" });
  assert.deepEqual(await end, { kind: "noCommonCodec", offered: ["video/H265"] });
  assert.equal((await server.hears((m) => m["type"] === "endSessionV1_1"))["reason"], "description");
});

test("a session that finds no path says that UDP alone was tried", async (t) => {
  const { server, consumer, say } = await consuming(t);
  say({ type: "peer", ice: { candidate: "candidate:1 1 UDP 1 192.0.2.1 4000 typ host", sdpMLineIndex: 0 } });
  await server.hears((m) => m["type"] === "peer");
  const end = ended(consumer);
  const connection = consumer.rtcPeerConnection as unknown as FakePeerConnection;
  while (!connection.calls.includes("candidate:1 1 UDP 1 192.0.2.1 4000 typ host")) {
    await new Promise(setImmediate);
  }
  connection.become("failed");
  assert.deepEqual(await end, { kind: "transportFailed", hint: "onlyUdp" });
});
