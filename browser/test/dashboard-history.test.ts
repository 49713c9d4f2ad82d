import assert from "node:assert/strict";
import { test } from "vitest";
import { type Answer, readAnswer } from "../dashboard/data.js";
import { History, KEPT, firstFrom } from "../dashboard/history.js";

const PHASES = { requested: 1000, offered: 1010, answered: 1100, iceConnected: 1200, dtlsConnected: 1250, firstFrame: 1400 };

/** An answer with one viewer, who was sent `sent` at each of `at`. */
function answer(at: number[], sent: (number | null)[], more: object = {}): Answer {
  const read = readAnswer({
    ...{ version: 1, now: at.at(-1) ?? 1000, startedAt: 500, element: "ws", interval: 1000 },
    sessions: [{ id: "a", peerId: "p", state: "streaming", phases: PHASES, end: null, codecs: ["video/VP8"], samples: { at, sent } }],
    rungs: [],
    ...more,
  });
  assert.ok(read !== null);
  return read;
}

test("samples of later answers follow those before, and none is there twice", () => {
  const history = new History();
  history.add(answer([1000, 2000], [1, 2]));
  history.add(answer([2000, 3000], [2, 3]));
  const samples = history.sessions[0]?.samples;
  assert.deepEqual([samples?.at, samples?.sent, samples?.loss], [[1000, 2000, 3000], [1, 2, 3], [null, null, null]]);
});

test("the next question begins one interval before what is known", () => {
  const history = new History();
  assert.equal(history.since, 0);
  history.add(answer([5000, 6000], [1, 2]));
  assert.equal(history.since, 5000);
});

test("an element that was started anew begins from nothing", () => {
  const history = new History();
  history.add(answer([1000], [1]));
  history.add(answer([9000], [7], { startedAt: 8000 }));
  assert.deepEqual(history.sessions[0]?.samples.at, [9000]);
});

test("a session that the element has forgotten is over and stays to be seen, until it is old", () => {
  const history = new History();
  history.add(answer([1000], [1]));
  history.add(answer([2000], [1], { sessions: [] }));
  assert.equal(history.sessions[0]?.state, "ended");
  history.add(answer([2000], [1], { sessions: [], now: 1401 + KEPT }));
  assert.equal(history.sessions.length, 0);
});

test("a session that failed before it had a sample stays to be seen as long as others", () => {
  const history = new History();
  const end = { reason: "noCommonCodec", text: "no", isError: true };
  const phases = { requested: 9000, ended: 10_000 };
  history.add(answer([], [], { sessions: [{ id: "a", peerId: "p", state: "ended", phases, end }], now: 10_000 }));
  history.add(answer([], [], { sessions: [], now: 10_000 + KEPT }));
  assert.equal(history.sessions[0]?.end?.reason, "noCommonCodec");
  history.add(answer([], [], { sessions: [], now: 10_001 + KEPT }));
  assert.equal(history.sessions.length, 0);
});

test("samples that are too old are let go of", () => {
  const history = new History();
  history.add(answer([1000, 2000], [1, 2], { now: 1500 + KEPT }));
  assert.deepEqual(history.sessions[0]?.samples.at, [2000]);
});

test("all that is known is saved in the form in which it is told", () => {
  const history = new History();
  assert.deepEqual([history.whole], [null]);
  history.add(answer([1000], [1]));
  history.add(answer([2000], [2]));
  assert.deepEqual(readAnswer(JSON.parse(JSON.stringify(history.whole))), history.whole);
  assert.deepEqual(history.whole?.sessions[0]?.samples.sent, [1, 2]);
});

test("a second costs what it brings, however much is known", () => {
  const history = new History();
  history.add(answer([1000, 2000], [1, 2]));
  const known = history.sessions[0]?.samples;
  history.add(answer([2000, 3000], [2, 3]));
  assert.equal(history.sessions[0]?.samples.sent, known?.sent);
});

test("what is old is let go of when it is worth it", () => {
  const history = new History();
  const at = Array.from({ length: 100 }, (_, index) => 1000 * (index + 1));
  history.add(answer(at, at, { now: 2500 + KEPT }));
  assert.equal(history.sessions[0]?.samples.at.length, 100);
  history.add(answer([100_000], [1], { now: 10_500 + KEPT }));
  assert.deepEqual(history.sessions[0].samples.at.slice(0, 2), [11_000, 12_000]);
  assert.equal(history.sessions[0].samples.sent.length, 90);
});

test("what is held stays as it was while more is told", () => {
  const history = new History();
  assert.equal(history.snapshot(), null);
  history.add(answer([1000], [1]));
  const held = history.snapshot();
  history.add(answer([2000], [2]));
  assert.deepEqual([held?.sessions[0]?.samples.at, held?.sessions[0]?.samples.sent], [[1000], [1]]);
});

test("answers of other versions and nonsense are none", () => {
  for (const nonsense of [null, 7, "x", [], {}, { version: 2, now: 1, startedAt: 1 }, { version: 1, now: "1", startedAt: 1 }]) {
    assert.equal(readAnswer(nonsense), null);
  }
});

test("what is missing or of another kind is unknown, and columns are as long as their instants", () => {
  const read = readAnswer({
    ...{ version: 1, now: 1, startedAt: 1 },
    sessions: [{ id: 7, state: "teleported", phases: { requested: "x" }, samples: { at: [1, 2], sent: [5], loss: ["x", 0.5] } }],
    rungs: [null],
  });
  assert.ok(read !== null);
  const [session] = read.sessions;
  assert.deepEqual(session?.samples.sent, [5, null]);
  assert.deepEqual(session.samples.loss, [null, 0.5]);
  assert.deepEqual([session.id, session.state, session.phases.requested, session.end], ["", "connecting", null, null]);
  assert.deepEqual(read.rungs[0]?.samples.at, []);
});

for (const [from, place] of [[0, 0], [1, 0], [2, 1], [3, 1], [9, 3]] as const) {
  test(`from ${from} on begins at place ${place}`, () => {
    assert.equal(firstFrom([1, 3, 5], from), place);
  });
}
