import "./support/globals.js";
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "vitest";
import { type ClientSession, type ProducerSession, SessionState } from "../src/index.js";
import { ended, setUp } from "./support/clients.js";
import { FakeStream, FakeTrack } from "./support/fake-media.js";
import { FakePeerConnection } from "./support/fake-peer-connection.js";
import { MODERN, type TestSignallingServer } from "./support/signalling-server.js";

/** A consumer's session with what is produced; the server says that it starts. */
async function joined(server: TestSignallingServer, producer: ProducerSession, peerId: string, sessionId: string): Promise<FakePeerConnection> {
  const added = once(producer, "clientConsumerAdded", { signal: AbortSignal.timeout(5000) });
  server.say({ type: "startSession", peerId, sessionId, offer: null });
  const [{ detail }] = (await added) as [CustomEvent<ClientSession>];
  assert.equal(detail.peerId, peerId);
  await server.hears((m) => m["sessionId"] === sessionId && m["sdp"] !== undefined);
  const connection = detail.rtcPeerConnection as unknown as FakePeerConnection;
  connection.become("connected");
  return connection;
}

test("one stream for everybody and one for each of several passive consumers are produced at once", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  const api = await connect();
  const streams = { all: new FakeStream("video"), a: new FakeStream("audio"), b: new FakeStream("audio") };
  const producers = {
    all: api.createProducerSession(streams.all.asStream),
    a: api.createProducerSessionForConsumer(streams.a.asStream, "a"),
    b: api.createProducerSessionForConsumer(streams.b.asStream, "b"),
  };
  assert.equal(api.createProducerSession(streams.a.asStream), null);
  assert.equal(api.createProducerSessionForConsumer(streams.b.asStream, "b"), null);
  for (const [name, producer] of Object.entries(producers)) {
    assert.ok(producer?.start() === true);
    const peerId = name === "all" ? "viewer" : name;
    const connection = await joined(server, producer, peerId, `session of ${name}`);
    const [track] = streams[name as keyof typeof streams].getTracks();
    assert.deepEqual<unknown>(connection.getSenders().map((sender) => sender.track), [track]);
  }
  const { all, a, b } = producers;
  b?.close();
  assert.equal(all?.clients.length, 1);
  assert.deepEqual([all.state, a?.state], [SessionState.streaming, SessionState.streaming]);
});

test("a camera is switched off with the last session that produces it, and goes on where the page wants that", async (t) => {
  const { connect } = await setUp(t, MODERN);
  const api = await connect();
  const states = (stream: FakeStream): string[] => stream.getTracks().map(({ readyState }) => readyState);
  const camera = new FakeStream("video", "audio");
  const all = api.createProducerSession(camera.asStream);
  const talk = api.createProducerSessionForConsumer(camera.asStream, "door");
  assert.ok(all !== null && talk !== null);
  all.close();
  assert.deepEqual(states(camera), ["live", "live"]);
  talk.close();
  assert.deepEqual(states(camera), ["ended", "ended"]);
  const kept = new FakeStream("video");
  const session = api.createProducerSession(kept.asStream);
  assert.ok(session !== null);
  session.keepsTracks = true;
  session.close();
  assert.deepEqual(states(kept), ["live"]);
});

test("a passive consumer whose session was given up does not get the stream for everybody", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  const api = await connect();
  const all = api.createProducerSession(new FakeStream("video").asStream);
  assert.ok(all?.start() === true);
  await server.hears((m) => (m["roles"] as string[] | undefined)?.includes("producer") === true);
  const talk = api.createProducerSessionForConsumer(new FakeStream("audio").asStream, "door");
  assert.ok(talk?.start() === true);
  talk.close();
  server.say({ type: "startSession", peerId: "door", sessionId: "late", offer: null });
  await server.hears((m) => m["type"] === "endSession" && m["sessionId"] === "late");
  assert.equal(all.clients.length, 0);
  // What the same peer asks for itself is another matter.
  await joined(server, all, "door", "its own");
});

test("the session ends when the person stops sharing, and consumers are told", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  const api = await connect();
  const stream = new FakeStream("video", "audio");
  const producer = api.createProducerSession(stream.asStream);
  assert.ok(producer?.start() === true);
  await joined(server, producer, "viewer", "s");
  const gone: MediaStreamTrack[] = [];
  producer.addEventListener("trackEnded", ({ detail }) => gone.push(detail));
  const [video, audio] = stream.getTracks();
  audio?.vanish();
  assert.equal(producer.state, SessionState.streaming);
  const end = ended(producer);
  video?.vanish();
  assert.deepEqual(await end, { kind: "mediaEnded" });
  assert.deepEqual<unknown>(gone, [audio, video]);
  assert.equal((await server.hears((m) => m["type"] === "endSessionV1_1"))["reason"], "ended");
  await server.hears((m) => m["type"] === "setPeerStatus" && !(m["roles"] as string[]).includes("producer"));
});

test("an application that puts another camera in the place of one that is gone keeps its session", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  const api = await connect();
  const stream = new FakeStream("video");
  const producer = api.createProducerSession(stream.asStream);
  assert.ok(producer?.start() === true);
  const connection = await joined(server, producer, "viewer", "s");
  const [next, wrong] = [new FakeTrack("video"), new FakeTrack("audio")] as unknown as MediaStreamTrack[];
  producer.addEventListener("trackEnded", (event) => {
    event.preventDefault();
  });
  const [gone] = stream.getTracks();
  gone?.vanish();
  assert.equal(producer.state, SessionState.streaming);
  const current = gone as unknown as MediaStreamTrack;
  assert.ok(next !== undefined && wrong !== undefined);
  await assert.rejects(producer.replaceTrack(current, wrong), { name: "InvalidModificationError" });
  await producer.replaceTrack(current, next);
  assert.deepEqual(connection.getSenders().map(({ track }) => track), [next]);
  assert.deepEqual<unknown>(stream.getTracks(), [next]);
  const later = await joined(server, producer, "another", "s2");
  assert.deepEqual(later.getSenders().map(({ track }) => track), [next]);
});

test("what goes wrong with one consumer is told by the producer's session too, which goes on", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  const api = await connect();
  const producer = api.createProducerSession(new FakeStream("video").asStream);
  assert.ok(producer?.start() === true);
  await joined(server, producer, "viewer", "s");
  const problem = once(producer, "error", { signal: AbortSignal.timeout(5000) });
  server.say({ type: "endSessionV1_1", sessionId: "s", error: "no codec", reason: "noCommonCodec" });
  const [{ message }] = (await problem) as [ErrorEvent];
  assert.match(message, /^the session with the consumer viewer: .*no codec/);
  assert.equal(producer.state, SessionState.streaming);
});

test("what ends the session with a passive consumer is told once", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  const api = await connect();
  const producer = api.createProducerSessionForConsumer(new FakeStream("audio").asStream, "door");
  assert.ok(producer?.start() === true);
  await joined(server, producer, "door", "s");
  const errors: string[] = [];
  producer.addEventListener("error", ({ message }) => errors.push(message));
  const end = ended(producer);
  server.say({ type: "endSessionV1_1", sessionId: "s", error: "no codec", reason: "noCommonCodec" });
  assert.equal((await end).kind, "endedByPeer");
  assert.equal(errors.length, 1);
});
