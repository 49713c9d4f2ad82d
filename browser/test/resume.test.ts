import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "vitest";
import { type GstWebRTCAPI, type GstWebRTCConfig, SessionState } from "../src/index.js";
import { connected, consuming, ended, isDescription, producerListed, session, setUp, stream } from "./support/clients.js";
import { FakePeerConnection } from "./support/fake-peer-connection.js";
import { MODERN } from "./support/signalling-server.js";

/** What listeners of the client are told, in order. */
function told(api: GstWebRTCAPI): string[] {
  const happened: string[] = [];
  api.registerConnectionListener({
    connected: (id) => happened.push(`connected ${id}`),
    disconnected: () => happened.push("disconnected"),
    problem: (text) => happened.push(text),
  });
  api.registerPeerListener({
    producerAdded: ({ id }) => happened.push(`added ${id}`),
    producerRemoved: ({ id }) => happened.push(`removed ${id}`),
  });
  return happened;
}

test("a resumed connection ends no session and takes no producer off the list", async (t) => {
  const { server, viewer, consumer, producer, say } = await consuming(t, { options: MODERN });
  const happened = told(viewer);
  const back = connected(viewer);
  server.drop();
  assert.equal(await back, "peer-1");
  assert.deepEqual(happened, ["disconnected", "connected peer-1"]);
  assert.deepEqual(viewer.getAvailableProducers(), [{ id: "peer-2", meta: {} }]);
  assert.equal(consumer.state, SessionState.connecting);
  assert.equal(producer.state, SessionState.streaming);
  // The negotiation goes on where it was.
  const answers = (): number => server.heard.filter((m) => isDescription(m, "answer")).length;
  assert.equal(answers(), 1);
  say({ type: "peer", sdp: { type: "offer", sdp: "another offer" } });
  await server.hears(() => answers() > 1);
});

test("what sessions say while the connection is lost arrives when it is back", async (t) => {
  const { server, consumer, viewer } = await consuming(t, { options: MODERN });
  const back = connected(viewer);
  server.drop();
  await new Promise<void>((resolve) => {
    viewer.registerConnectionListener({
      connected: () => undefined,
      disconnected: () => {
        consumer.close();
        resolve();
      },
    });
  });
  await back;
  const end = await server.hears((m) => m["type"] === "endSessionV1_1");
  assert.deepEqual(end, { type: "endSessionV1_1", sessionId: consumer.sessionId, reason: "ended" });
});

test("sessions whose media runs outlive their server, and the stream is offered to the next one", async (t) => {
  const { server, viewer, consumer, producer } = await consuming(t, { options: MODERN });
  const [ofProducer, ofConsumer] = FakePeerConnection.made.slice(-2);
  ofProducer?.become("connected");
  ofConsumer?.become("connected");
  const listed = producerListed(viewer);
  const gone = new Promise<string>((resolve) => {
    viewer.registerPeerListener({
      producerRemoved: ({ id }) => {
        resolve(id);
      },
    });
  });
  server.forget();
  const id = await listed;
  assert.equal(await gone, "peer-2");
  assert.notEqual(id, "peer-2");
  assert.deepEqual(
    viewer.getAvailableProducers().map((peer) => peer.id),
    [id],
  );
  assert.equal(consumer.state, SessionState.streaming);
  assert.equal(producer.state, SessionState.streaming);
  const end = ended(consumer);
  ofConsumer?.become("failed");
  assert.deepEqual(await end, { kind: "transportFailed" });
});

test("sessions that still negotiate end when their server is another one", async (t) => {
  const { server, viewer, consumer, producer } = await consuming(t, { options: MODERN });
  const [end, back] = [ended(consumer), connected(viewer)];
  server.forget();
  assert.deepEqual(await end, { kind: "signallingLost" });
  await back;
  assert.equal(producer.state, SessionState.streaming);
});

test("the reason of an end reaches the other member", async (t) => {
  const { server, consumer, producer } = await consuming(t, { options: MODERN });
  const end = ended(consumer);
  producer.close();
  assert.deepEqual(await end, { kind: "endedByPeer", error: null, reason: "ended" });
  assert.ok(!server.heard.some(({ type }) => type === "endSession"));
});

test("a session that fails tells the other member why, for programs and for people", async (t) => {
  const { server, consumer, say } = await consuming(t, { options: MODERN });
  const end = ended(consumer);
  say({ type: "peer", sdp: { type: "offer", sdp: "nonsense" } });
  assert.equal((await end).kind, "negotiationFailed");
  const said = await server.hears(({ type }) => type === "endSessionV1_1");
  assert.equal(said["reason"], "description");
  assert.match(String(said["error"]), /no media in common/);
});

test("a reason of a newer protocol is an unknown one, and an end of the server names it", async (t) => {
  const { consumer, say } = await consuming(t, { options: MODERN });
  const end = ended(consumer);
  say({ type: "endSessionV1_1", error: "the moon is full", reason: "fullMoon" });
  assert.deepEqual(await end, { kind: "endedByPeer", error: "the moon is full", reason: "unknown" });
});

test("a refusal finds its session by the names that the server gives, whatever its words", async (t) => {
  const { connect } = await setUp(t, MODERN);
  const viewer = await connect();
  const [first, second] = [session(viewer, "nobody"), session(viewer, "nobody else")];
  const ends = [ended(first), ended(second)];
  second.connect();
  first.connect();
  for (const end of ends) {
    assert.deepEqual(await end, { kind: "refused", error: "that peer not found", code: "unknownPeer" });
  }
});

test("a refusal inside a session ends it while it negotiates, and is a problem once it runs", async (t) => {
  const { consumer, viewer, say } = await consuming(t, { options: MODERN });
  FakePeerConnection.made.at(-1)?.become("connected");
  const problem = new Promise<string>((resolve) => {
    viewer.registerConnectionListener({ connected: () => undefined, disconnected: () => undefined, problem: resolve });
  });
  say({ type: "error", details: "the session is over", code: "unknownSession" });
  say({ type: "error", details: "no offers here", code: "offerNotAllowed" });
  assert.equal(await problem, "no offers here");
  assert.equal(consumer.state, SessionState.streaming);

  const other = await consuming(t, { options: MODERN });
  const end = ended(other.consumer);
  other.say({ type: "error", details: "no offers here", code: "offerNotAllowed" });
  assert.deepEqual(await end, { kind: "refused", error: "no offers here", code: "offerNotAllowed" });
});

test("a stream that this client may not produce is refused", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  const api = await connect();
  server.refuse = { roles: ["producer"], details: "the token allows no producer" };
  const producer = api.createProducerSession(stream);
  assert.ok(producer !== null && producer.start());
  assert.deepEqual(await ended(producer), { kind: "refused", error: "the token allows no producer", code: "forbidden" });
});

test("a refusal that names nobody is that of the oldest request", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  const viewer = await connect();
  const sessions = ["a", "b"].map((id) => session(viewer, id));
  const ends = sessions.map(ended);
  sessions.forEach((consumer) => consumer.connect());
  for (const [index, details] of ["no right to consume", "too many"].entries()) {
    const code = index === 0 ? "forbidden" : "tooManySessions";
    server.say({ type: "error", details, code });
    assert.deepEqual(await ends[index], { kind: "refused", error: details, code });
  }
});

const GIVEN = { urls: ["turn:given"], username: "u", credential: "c" };

test("ICE servers of the signalling server come before those of the page, and take the place of the public ones", async (t) => {
  const { server, connect } = await setUp(t, { ...MODERN, iceServers: [GIVEN] });
  server.ignoreStartSession = true;
  const used = async (config: GstWebRTCConfig): Promise<RTCConfiguration> => configurationOf(await connect(config));
  const own = { urls: "stun:own" };
  assert.deepEqual(await used({}), { bundlePolicy: "max-bundle", iceServers: [GIVEN] });
  assert.deepEqual(await used({ webrtcConfig: { iceServers: [own], iceTransportPolicy: "relay" } }), {
    bundlePolicy: "max-bundle",
    iceTransportPolicy: "relay",
    iceServers: [GIVEN, own],
  });
});

test("without any ICE servers the public ones are used, unless the page wants none", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  assert.equal((await configurationOf(await connect())).iceServers?.length, 1);
  const none = await connect({ webrtcConfig: { iceServers: [] } });
  assert.deepEqual((await configurationOf(none)).iceServers, []);
});

/** What a new peer connection of this client is made with. */
async function configurationOf(api: GstWebRTCAPI): Promise<RTCConfiguration> {
  const consumer = api.createConsumerSessionWithOfferOptions("somebody", { offerToReceiveVideo: true });
  assert.ok(consumer !== null);
  const made = once(consumer, "rtcPeerConnectionChanged", { signal: AbortSignal.timeout(5000) });
  consumer.connect();
  await made;
  const connection: unknown = consumer.rtcPeerConnection;
  assert.ok(connection instanceof FakePeerConnection);
  return connection.configuration;
}

for (const [what, reason, leave] of [
  ["a client that is closed", "the client was closed", (api: GstWebRTCAPI) => {
    api.close();
  }],
  ["a page that is left", "the page was left", () => {
    dispatchEvent(pageHide(false));
  }],
] as const) {
  test(`${what} ends its sessions and its connection with a reason`, async (t) => {
    const { server, viewer, consumer } = await consuming(t, { options: MODERN });
    const { sessionId } = consumer;
    leave(viewer);
    assert.deepEqual(consumer.endReason, { kind: "closed" });
    const end = await server.hears((m) => m["type"] === "endSessionV1_1");
    assert.deepEqual(end, { type: "endSessionV1_1", sessionId, reason: "stopping" });
    assert.deepEqual(await server.seesClose(), [1000, reason]);
  });
}

test("a page that may be shown again keeps its sessions", async (t) => {
  const { consumer } = await consuming(t, { options: MODERN });
  dispatchEvent(pageHide(true));
  assert.equal(consumer.state, SessionState.connecting);
});

function pageHide(persisted: boolean): Event {
  return Object.assign(new Event("pagehide"), { persisted });
}
