import assert from "node:assert/strict";
import { type TestContext, test, vi } from "vitest";
import type { ConsumerSession, GstWebRTCAPI } from "../src/index.js";
import { shareConnection } from "../src/player/server.js";
import { PAUSE_KEEPS, type Refusal, Viewing } from "../src/player/viewing.js";
import { type PlayerState, type Situation, helpOf, stateOf } from "../src/player/situation.js";
import { wordsFor } from "../src/player/words.js";
import { connected, setUp, stream } from "./support/clients.js";
import { FakePeerConnection } from "./support/fake-peer-connection.js";
import { FakeApi } from "./support/fake-page.js";

/** What servers say that let nobody in. */
const refusal: { now: Refusal | null } = { now: null };

/** A viewer, and what becomes of it. */
interface Seen {
  readonly viewing: Viewing;
  readonly until: (state: PlayerState) => Promise<void>;
  /** Waits for the server to be there or away, however short that is. */
  readonly untilServer: (server: Situation["server"]) => Promise<void>;
}

function view(t: TestContext, api: GstWebRTCAPI, producer = ""): Seen {
  let wake = (): void => undefined;
  const viewing = new Viewing({
    api,
    producer,
    wish: "play",
    hidden: false,
    explain: () => Promise.resolve(refusal.now),
    prepare: () => undefined,
    sessionChanged: () => undefined,
    changed: () => {
      wake();
    },
  });
  t.onTestFinished(() => {
    viewing.close();
  });
  viewing.open();
  const changed = async (is: () => boolean): Promise<void> => {
    while (!is()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    viewing,
    until: (state) => changed(() => stateOf(viewing.situation) === state),
    untilServer: (server) => changed(() => viewing.situation.server === server),
  };
}

/** The media of the session that was made last runs, and its picture is shown. */
function play(viewing: Viewing): void {
  const own = FakePeerConnection.made.find((made) => made === (viewing.session?.rtcPeerConnection as unknown));
  assert.ok(own !== undefined);
  own.become("connected");
  viewing.happened({ type: "shown" });
}

/** A session of the viewer has its connection. */
async function connecting(viewing: Viewing): Promise<ConsumerSession> {
  const { session } = viewing;
  assert.ok(session !== null);
  if (session.rtcPeerConnection === null) {
    await new Promise((resolve) => {
      session.addEventListener("rtcPeerConnectionChanged", resolve, { once: true });
    });
  }
  return session;
}

test("a producer that restarts is played again, by a server that passes on who comes and goes", async (t) => {
  const { connect } = await setUp(t);
  const { viewing, until } = view(t, await connect(), "door");
  await until("waiting");
  const producing = await connect({ meta: { name: "door" } });
  assert.ok(producing.createProducerSession(stream)?.start());
  await until("connecting");
  const first = await connecting(viewing);
  play(viewing);
  await until("playing");
  producing.close();
  await until("waiting");
  assert.equal(viewing.situation.reason, "producerLeft");
  const again = await connect({ meta: { name: "door" } });
  assert.ok(again.createProducerSession(stream)?.start());
  await until("reconnecting");
  assert.notEqual(await connecting(viewing), first);
  play(viewing);
  await until("playing");
});

test("a server that is lost and comes back disturbs no picture", async (t) => {
  const { server, connect } = await setUp(t);
  const { viewing, until, untilServer } = view(t, await connect());
  const producing = await connect();
  assert.ok(producing.createProducerSession(stream)?.start());
  await until("connecting");
  const session = await connecting(viewing);
  play(viewing);
  server.drop();
  for (const there of ["lost", "up"] as const) {
    await untilServer(there);
    assert.equal(stateOf(viewing.situation), "playing");
  }
  assert.equal(viewing.session, session);
});

test("a server that lets nobody in is asked why, once it is late", async (t) => {
  vi.useFakeTimers();
  t.onTestFinished(() => {
    vi.useRealTimers();
    refusal.now = null;
  });
  for (const [forGood, state] of [[true, "ended"], [false, "connecting"]] as const) {
    refusal.now = { text: "the token is not known", forGood };
    const fake = new FakeApi();
    fake.clientId = null;
    const { viewing } = view(t, fake.api);
    await vi.advanceTimersByTimeAsync(3900);
    assert.equal(viewing.names.serverSays, null);
    await vi.advanceTimersByTimeAsync(200);
    assert.equal(viewing.names.serverSays, "the token is not known");
    assert.equal(stateOf(viewing.situation), state);
    fake.connect(true);
    assert.equal(stateOf(viewing.situation), "waiting");
  }
});

test("players of one server and token share a connection, which ends with the last of them", async (t) => {
  const { server } = await setUp(t);
  const at = { url: server.url, iceServers: [] };
  const [one, two, other] = [shareConnection(at, ""), shareConnection(at, ""), shareConnection(at, "secret")];
  t.onTestFinished(() => {
    other.release();
  });
  assert.equal(one.api, two.api);
  assert.notEqual(one.api, other.api);
  await connected(two.api);
  one.release();
  one.release();
  assert.notEqual(two.api.clientId, null);
  two.release();
  assert.deepEqual(await server.seesClose(), [1000, "the client was closed"]);
  const anew = shareConnection(at, "");
  assert.notEqual(anew.api, one.api);
  anew.release();
});

test("tries grow rarer, and a picture makes them quick again", (t) => {
  vi.useFakeTimers();
  t.onTestFinished(() => {
    vi.useRealTimers();
  });
  const fake = new FakeApi();
  const { viewing } = view(t, fake.api);
  fake.come("p");
  const tries = (): number => fake.sessions.length;
  for (const longest of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    const before = tries();
    fake.last.end({ kind: "transportFailed" });
    vi.advanceTimersByTime(longest / 2 - 1);
    assert.equal(tries(), before, `before ${longest / 2} ms`);
    vi.advanceTimersByTime(longest / 2 + 1);
    assert.equal(tries(), before + 1, `after ${longest} ms`);
  }
  fake.last.stream("video");
  viewing.happened({ type: "shown" });
  fake.last.end({ kind: "transportFailed" });
  const before = tries();
  vi.advanceTimersByTime(1000);
  assert.equal(tries(), before + 1);
});

test("a long pause stops what is sent, and play begins anew", (t) => {
  vi.useFakeTimers();
  t.onTestFinished(() => {
    vi.useRealTimers();
  });
  const fake = new FakeApi();
  const { viewing } = view(t, fake.api);
  fake.come("p");
  fake.last.stream("video");
  viewing.happened({ type: "pause" });
  vi.advanceTimersByTime(PAUSE_KEEPS - 1);
  assert.ok(!fake.last.closed);
  viewing.happened({ type: "play" });
  vi.advanceTimersByTime(PAUSE_KEEPS);
  assert.ok(!fake.last.closed);
  viewing.happened({ type: "pause" });
  vi.advanceTimersByTime(PAUSE_KEEPS);
  assert.ok(fake.last.closed);
  assert.equal(viewing.session, null);
  viewing.happened({ type: "play" });
  assert.equal(fake.sessions.length, 2);
});

test("who closes a viewing leaves no timer and no session", (t) => {
  vi.useFakeTimers();
  t.onTestFinished(() => {
    vi.useRealTimers();
  });
  const fake = new FakeApi();
  const { viewing } = view(t, fake.api);
  fake.come("p");
  fake.last.end({ kind: "transportFailed" });
  viewing.close();
  assert.equal(vi.getTimerCount(), 0);
  assert.equal(fake.listeners, 0);
});

test("a connection that shows no picture is told of while somebody looks, and can be begun anew", (t) => {
  vi.useFakeTimers();
  t.onTestFinished(() => {
    vi.useRealTimers();
  });
  const fake = new FakeApi();
  const { viewing } = view(t, fake.api);
  fake.come("p");
  fake.last.stream("video");
  const help = (): unknown => helpOf(viewing.situation);
  const words = (): string => wordsFor(viewing.situation, { ...viewing.names, server: "", token: false });
  for (const [stop, go] of [["hidden", "visible"], ["pause", "play"]] as const) {
    viewing.happened({ type: stop });
    vi.advanceTimersByTime(20_000 - 1);
    viewing.happened({ type: go });
    vi.advanceTimersByTime(9000);
    assert.equal(help(), null, stop);
    assert.match(words(), /Waiting for the first picture/);
  }
  vi.advanceTimersByTime(1001);
  assert.equal(help(), "Try now");
  assert.match(words(), /no picture comes/);
  viewing.happened({ type: "retry" });
  assert.deepEqual(fake.sessions.map(({ closed }) => closed), [true, false]);
  fake.last.stream("video");
  assert.equal(help(), null);
  viewing.happened({ type: "shown" });
  vi.advanceTimersByTime(20_000);
  assert.equal(stateOf(viewing.situation), "playing");
});
