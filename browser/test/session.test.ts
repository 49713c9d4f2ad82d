import assert from "node:assert/strict";
import { test } from "vitest";
import { SessionState } from "../src/index.js";
import { connected, consuming, ended, isDescription, session, setUp, stream } from "./support/clients.js";
import { FakePeerConnection } from "./support/fake-peer-connection.js";

test("a description goes out before every candidate of it", async (t) => {
  const { server } = await consuming(t);
  await server.hears(() => server.heard.filter((m) => m["ice"] !== undefined).length === 4);
  const words = server.heard
    .filter((m) => m["type"] === "peer")
    .map((m) => (m["sdp"] as { sdp?: string } | undefined)?.sdp ?? (m["ice"] as { candidate: string }).candidate);
  for (const kind of ["offer", "answer"]) {
    assert.deepEqual(
      words.filter((word) => word.includes(kind)),
      [`own ${kind}`, `candidate:${kind}:1`, `candidate:${kind}:2`],
    );
  }
});

test("candidates that come before the description are used after it, in their order", async (t) => {
  const { server, connect } = await setUp(t);
  server.ignoreStartSession = true;
  const consumer = session(await connect(), "somebody");
  consumer.connect();
  await server.hears((m) => m["type"] === "startSession");
  server.say({ type: "sessionStarted", peerId: "somebody", sessionId: "s" });
  const candidate = (name: string): void => {
    server.say({ type: "peer", sessionId: "s", ice: { candidate: name, sdpMLineIndex: 0 } });
  };
  candidate("candidate:a");
  candidate("candidate:b");
  server.say({ type: "peer", sessionId: "s", sdp: { type: "offer", sdp: "first offer" } });
  candidate("candidate:c");
  server.say({ type: "peer", sessionId: "s", sdp: { type: "offer", sdp: "second offer" } });
  // The second answer comes after everything that was said before the second offer.
  await server.hears(() => server.heard.filter((m) => isDescription(m, "answer")).length === 2);
  const calls = FakePeerConnection.made.at(-1)?.calls ?? [];
  assert.deepEqual(
    calls.filter((call) => call.startsWith("candidate:")),
    ["candidate:a", "candidate:b", "candidate:c"],
  );
  assert.ok(calls.indexOf("remote offer") < calls.indexOf("candidate:a"));
});

test("a session streams when the transport is up and fails when it is down", async (t) => {
  const { consumer } = await consuming(t);
  const connection = FakePeerConnection.made.at(-1);
  assert.equal<unknown>(consumer.rtcPeerConnection, connection);
  connection?.become("connected");
  assert.equal(consumer.state, SessionState.streaming);
  const end = ended(consumer);
  connection?.become("failed");
  assert.deepEqual(await end, { kind: "transportFailed" });
  assert.equal(consumer.rtcPeerConnection, null);
});

test("the text of an end of protocol 1.1 reaches the application", async (t) => {
  const { consumer, say } = await consuming(t);
  const end = ended(consumer);
  say({ type: "endSessionV1_1", error: "no encoder is left" });
  assert.deepEqual(await end, { kind: "endedByPeer", error: "no encoder is left", reason: null });
});

test("an end of protocol 1.0 is an ordinary end", async (t) => {
  const { consumer, say } = await consuming(t);
  const end = ended(consumer);
  say({ type: "endSession" });
  assert.deepEqual(await end, { kind: "endedByPeer", error: null, reason: null });
});

test("a description that cannot be applied ends the session, and the peer is told why", async (t) => {
  const { server, consumer, say } = await consuming(t);
  const end = ended(consumer);
  say({ type: "peer", sdp: { type: "offer", sdp: "nonsense" } });
  assert.deepEqual(await end, { kind: "negotiationFailed", error: "no media in common" });
  const told = await server.hears((m) => m["type"] === "endSessionV1_1");
  assert.match(String(told["error"]), /no media in common/);
  await server.hears((m) => m["type"] === "endSession");
});

test("a producer that renegotiates gets another answer", async (t) => {
  const { server, say } = await consuming(t);
  const answers = (): number => server.heard.filter((m) => isDescription(m, "answer")).length;
  assert.equal(answers(), 1);
  say({ type: "peer", sdp: { type: "offer", sdp: "another offer" } });
  await server.hears(() => answers() > 1);
});

test("a server that does not start the session is not waited for for ever", async (t) => {
  const { server, connect } = await setUp(t);
  server.ignoreStartSession = true;
  const viewer = await connect({ connectTimeout: 10 });
  const consumer = session(viewer, "somebody");
  const end = ended(consumer);
  consumer.connect();
  assert.deepEqual(await end, { kind: "timeout", waitingFor: "session" });
});

test("a producer that says nothing is not waited for for ever", async (t) => {
  const { server, connect } = await setUp(t);
  server.ignoreStartSession = true;
  const viewer = await connect({ connectTimeout: 1000 });
  const consumer = session(viewer, "somebody");
  const end = ended(consumer);
  consumer.connect();
  await server.hears((m) => m["type"] === "startSession");
  server.say({ type: "sessionStarted", peerId: "somebody", sessionId: "s" });
  assert.deepEqual(await end, { kind: "timeout", waitingFor: "description" });
});

test("a session with nobody is refused with the server's words", async (t) => {
  const { connect } = await setUp(t);
  const consumer = session(await connect(), "nobody");
  const end = ended(consumer);
  consumer.connect();
  assert.deepEqual(await end, { kind: "refused", error: "Peer with ID 'nobody' not found" });
});

test("a session that was closed before it started is ended when it starts", async (t) => {
  const { server, connect } = await setUp(t);
  server.ignoreStartSession = true;
  const viewer = await connect();
  const first = session(viewer, "somebody");
  const second = session(viewer, "somebody");
  first.connect();
  second.connect();
  first.close();
  await server.hears(() => server.heard.filter((m) => m["type"] === "startSession").length === 2);
  server.say({ type: "sessionStarted", peerId: "somebody", sessionId: "of the first" });
  server.say({ type: "sessionStarted", peerId: "somebody", sessionId: "of the second" });
  assert.equal((await server.hears((m) => m["type"] === "endSession"))["sessionId"], "of the first");
  second.close();
  await server.hears((m) => m["sessionId"] === "of the second" && m["type"] === "endSession");
});

test("sessions that still negotiate end when an older server is lost, and the connection comes back", async (t) => {
  const { server, connect } = await setUp(t);
  server.ignoreStartSession = true;
  const viewer = await connect();
  const consumer = session(viewer, "somebody");
  consumer.connect();
  const [end, again] = [ended(consumer), connected(viewer)];
  server.drop();
  assert.deepEqual(await end, { kind: "signallingLost" });
  await again;
});

test("an offer of the consumer goes with the request, and its candidates after the session has a name", async (t) => {
  const { server, connect } = await setUp(t);
  server.ignoreStartSession = true;
  const viewer = await connect();
  const consumer = viewer.createConsumerSessionWithOfferOptions("somebody", { offerToReceiveVideo: true });
  assert.ok(consumer?.connect());
  assert.equal((await server.hears((m) => m["type"] === "startSession"))["offer"], "own offer");
  assert.equal(server.heard.filter((m) => m["ice"] !== undefined).length, 0);
  server.say({ type: "sessionStarted", peerId: "somebody", sessionId: "s" });
  await server.hears((m) => m["sessionId"] === "s" && m["ice"] !== undefined);
});

test("there is one producer session at a time for everybody", async (t) => {
  const { connect } = await setUp(t);
  const api = await connect();
  const producer = api.createProducerSession(stream);
  assert.ok(producer !== null);
  assert.ok(producer.start());
  assert.equal(api.createProducerSession(stream), null);
  producer.close();
  assert.ok(api.createProducerSession(stream) !== null);
});

test("a producer that nobody asked for ends sessions that reach it", async (t) => {
  const { server, connect } = await setUp(t);
  await connect();
  server.say({ type: "startSession", peerId: "x", sessionId: "s", offer: null });
  assert.equal((await server.hears((m) => m["type"] === "endSession"))["sessionId"], "s");
});
