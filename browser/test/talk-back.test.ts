import "./support/globals.js";
import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "vitest";
import { TalkBack, TalkBackError, type TalkBackOptions, type TalkBackState } from "../src/index.js";
import { setUp } from "./support/clients.js";
import { FakeDevices, named } from "./support/fake-media.js";
import { FakePeerConnection } from "./support/fake-peer-connection.js";
import { MODERN, type TestSignallingServer } from "./support/signalling-server.js";

interface Scene {
  readonly server: TestSignallingServer;
  readonly devices: FakeDevices;
  readonly talk: TalkBack;
  readonly states: TalkBackState[];
  /** The server starts the `count`-th session, and its media runs. */
  readonly connect: (count?: number) => Promise<FakePeerConnection>;
}

/** A page that may talk to the passive consumer `door`. */
async function scene(t: TestContext, options: TalkBackOptions = {}): Promise<Scene> {
  const { server, connect: connectClient } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  const devices = FakeDevices.install();
  const talk = new TalkBack(await connectClient(), "door", options);
  t.onTestFinished(() => {
    talk.close();
  });
  const states: TalkBackState[] = [];
  talk.addEventListener("stateChanged", () => {
    states.push(talk.state);
  });
  const connect = async (count = 1): Promise<FakePeerConnection> => {
    await server.hears(() => asked(server) >= count);
    const before = FakePeerConnection.made.length;
    server.say({ type: "startSession", peerId: "door", sessionId: `talk-${count}`, offer: null });
    await server.hears((m) => m["type"] === "peer" && m["sessionId"] === `talk-${count}` && m["sdp"] !== undefined);
    const connection = FakePeerConnection.made[before];
    assert.ok(connection !== undefined);
    connection.become("connected");
    return connection;
  };
  return { server, devices, talk, states, connect };
}

const asked = (server: TestSignallingServer): number =>
  server.heard.filter((m) => m["type"] === "startSession" && m["peerId"] === "door").length;

async function problem(talk: TalkBack): Promise<TalkBackError> {
  const [event] = (await once(talk, "error", { signal: AbortSignal.timeout(5000) })) as [ErrorEvent];
  assert.ok(event.error instanceof TalkBackError);
  assert.equal(event.error, talk.problem);
  assert.equal(event.message, event.error.message);
  return event.error;
}

test("the microphone is asked for when talk starts and released when it stops", async (t) => {
  const { devices, talk, states, connect } = await scene(t);
  assert.equal(devices.asked.length, 0);
  const started = talk.start();
  const connection = await connect();
  assert.equal(await started, true);
  const [microphone] = devices.given;
  assert.equal(connection.getSenders()[0]?.track, microphone?.getAudioTracks()[0]);
  assert.deepEqual(devices.asked, [
    { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } },
  ]);
  talk.stop();
  assert.equal(microphone?.getAudioTracks()[0]?.readyState, "ended");
  assert.deepEqual(states, ["asking", "connecting", "talking", "idle"]);
});

test("the next talk goes through the same session, with the microphone of that talk", async (t) => {
  const { server, devices, talk, connect } = await scene(t);
  const first = talk.start();
  const connection = await connect();
  await first;
  talk.stop();
  const [sender] = connection.getSenders();
  assert.equal(sender?.track, null);
  assert.equal(await talk.start(), true);
  assert.equal(sender.track, devices.given[1]?.getAudioTracks()[0]);
  assert.equal(asked(server), 1);
});

test("who has stopped talking leaves the listener to others after a while", async (t) => {
  const { server, talk, connect } = await scene(t, { linger: 20 });
  const started = talk.start();
  await connect();
  await started;
  talk.stop();
  const end = await server.hears((m) => m["type"] === "endSessionV1_1");
  assert.equal(end["sessionId"], "talk-1");
  const again = talk.start();
  await connect(2);
  assert.equal(await again, true);
});

test("a talk that is stopped while the person is asked gives the microphone back and asks nobody", async (t) => {
  const { server, devices, talk } = await scene(t);
  let answer = (): void => undefined;
  devices.hold = new Promise((resolve) => {
    answer = resolve;
  });
  const started = talk.start();
  talk.stop();
  assert.equal(await started, false);
  answer();
  await devices.hold;
  await new Promise(setImmediate);
  assert.equal(devices.given[0]?.getTracks()[0]?.readyState, "ended");
  assert.equal(asked(server), 0);
  assert.equal(talk.problem, null);
});

test("a session that starts after its talk was stopped is ended, and the next talk has its own", async (t) => {
  const { server, talk, connect } = await scene(t);
  const first = talk.start();
  await server.hears(() => asked(server) === 1);
  talk.stop();
  assert.equal(await first, false);
  server.say({ type: "startSession", peerId: "door", sessionId: "late", offer: null });
  await server.hears((m) => m["type"] === "endSession" && m["sessionId"] === "late");
  const second = talk.start();
  await connect(2);
  assert.equal(await second, true);
});

test("a microphone that is refused is told in words, and nobody is called", async (t) => {
  const { server, devices, talk } = await scene(t);
  devices.fault = named("NotAllowedError");
  const failed = problem(talk);
  assert.equal(await talk.start(), false);
  const { reason, message } = await failed;
  assert.equal(reason, "denied");
  assert.match(message, /may not use the microphone/);
  assert.equal(asked(server), 0);
  assert.equal(talk.state, "idle");
});

test.for([
  ["refused", null, "busy", /Somebody else is talking/],
  ["ended", null, "cutOff", /ended by the other side/],
  ["description", "no codec in common", "failed", /no codec in common/],
] as const)("a talk that the listener ends as %s, with the words %s, is %s", async ([code, words, reason, text], t) => {
  const { server, devices, talk, connect } = await scene(t);
  const started = talk.start();
  await connect();
  await started;
  const failed = problem(talk);
  server.say({ type: "endSessionV1_1", sessionId: "talk-1", error: words, reason: code });
  const error = await failed;
  assert.equal(error.reason, reason);
  assert.match(error.message, text);
  assert.equal(talk.state, "idle");
  assert.equal(devices.given[0]?.getTracks()[0]?.readyState, "ended");
});

test("a listener that the server does not know is refused in the server's words", async (t) => {
  const { server, talk } = await scene(t);
  server.ignoreStartSession = false;
  const failed = problem(talk);
  assert.equal(await talk.start(), false);
  assert.equal((await failed).reason, "refused");
});

test("a listener that does not answer is not waited for for ever", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  FakeDevices.install();
  const talk = new TalkBack(await connect({ connectTimeout: 20 }), "door");
  const failed = problem(talk);
  assert.equal(await talk.start(), false);
  assert.equal((await failed).reason, "timeout");
});

test("a microphone that is unplugged ends the talk", async (t) => {
  const { devices, talk, connect } = await scene(t);
  const started = talk.start();
  await connect();
  await started;
  const failed = problem(talk);
  devices.given[0]?.getAudioTracks()[0]?.vanish();
  assert.equal((await failed).reason, "inUse");
  assert.equal(talk.state, "idle");
});

test("nobody is called while nobody listens, and the microphone stays off", async (t) => {
  const { connect } = await setUp(t);
  const devices = FakeDevices.install();
  const talk = new TalkBack(await connect(), () => null);
  const failed = problem(talk);
  assert.equal(await talk.start(), false);
  assert.equal((await failed).reason, "nobodyListens");
  assert.equal(devices.asked.length, 0);
});

test("two talks with the same listener from one page exclude each other", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  FakeDevices.install();
  const api = await connect();
  const [first, second] = [new TalkBack(api, "door"), new TalkBack(api, "door")];
  void first.start();
  await server.hears(() => asked(server) === 1);
  const failed = problem(second);
  assert.equal(await second.start(), false);
  assert.equal((await failed).reason, "busy");
});

test("what the page plays is silent while it talks, and as before afterwards", async (t) => {
  const player = { muted: false };
  const { talk, connect } = await scene(t, { halfDuplex: player as HTMLMediaElement });
  const started = talk.start();
  assert.equal(player.muted, false);
  await connect();
  await started;
  assert.equal(player.muted, true);
  talk.stop();
  assert.equal(player.muted, false);
  player.muted = true;
  await talk.start();
  talk.stop();
  assert.equal(player.muted, true);
});
