import assert from "node:assert/strict";
import { test } from "vitest";
import { Choice, Steady } from "../dashboard/choice.js";
import { type Session, VIEWER_METRICS, readAnswer } from "../dashboard/data.js";
import { clock, quantity } from "../dashboard/format.js";
import { axisOf, lineOf } from "../dashboard/lines.js";
import { badness, firstRows, listed, listedWords, worst } from "../dashboard/ranking.js";
import { tilesOf } from "../dashboard/tiles.js";
import { piecesOf, scaleOf, timelineWords } from "../dashboard/timeline.js";

const NOW = 100_000;
const BEGAN = { requested: 1000, offered: 1010, answered: 1100, iceConnected: 1200, dtlsConnected: 1250, firstFrame: 1400 };

/** A viewer of whom ten samples say the same. */
function viewer(id: string, measured: object = {}, more: object = {}): Session {
  const at = Array.from({ length: 10 }, (_, index) => NOW - 10_000 + index * 1000);
  const good = { target: 1e6, sent: 1e6, estimate: 2e6, loss: 0, roundTrip: 0.02, frameRate: 30, queueDelay: 0, rung: 0 };
  const values: Record<string, unknown> = { ...good, ...measured };
  const columns = VIEWER_METRICS.map((metric) => [metric, Array.isArray(values[metric]) ? values[metric] : at.map(() => values[metric])]);
  const samples = { at, ...(Object.fromEntries(columns) as object) };
  const session = { id, peerId: `peer-${id}`, transport: "native", state: "streaming", phases: BEGAN, end: null, codecs: ["video/VP8"], samples };
  const read = readAnswer({ version: 1, now: NOW, startedAt: 1, sessions: [{ ...session, ...more }] });
  assert.ok(read?.sessions[0] !== undefined);
  return read.sessions[0];
}

const over = (isError: boolean) => ({ state: "ended", end: { reason: isError ? "transportFailed" : "ended", text: "no way", isError } });

test("who is worse off comes first", () => {
  const slow = Array.from({ length: 10 }, (_, index) => (index < 2 ? 30 : 12));
  const all = [
    viewer("well"),
    viewer("left", {}, over(false)),
    viewer("lossy", { loss: 0.08 }),
    viewer("stalled", { sent: 0 }),
    viewer("slow", { frameRate: slow }),
    viewer("far", { roundTrip: 0.3 }),
    viewer("failed", {}, over(true)),
  ];
  const order = listed(all, { order: "worst", filter: "all", words: "", now: NOW }).map(({ id }) => id);
  assert.deepEqual(order, ["stalled", "failed", "lossy", "slow", "far", "well", "left"]);
  assert.deepEqual(worst(all, 2, NOW).map(({ id }) => id), ["stalled", "lossy"]);
});

test("waiting for a first picture gets worse with time", () => {
  const waiting = viewer("a", {}, { state: "connecting", samples: {} });
  assert.ok(badness(waiting, 2000) < 10);
  assert.ok(badness(waiting, 9000) > 45);
  assert.deepEqual(worst([waiting], 3, NOW), []);
});

test("the usual frame rate is known of what comes later, too", () => {
  const one = viewer("a", { frameRate: 30, roundTrip: 0 });
  assert.equal(badness(one, NOW), 0);
  one.samples.frameRate.push(60, 60, 60, 60, 60, 60, 60, 60);
  assert.equal(badness(one, NOW), 0);
  one.samples.frameRate.push(30, 30, 30, 30, 30, 30, 30, 30);
  assert.equal(badness(one, NOW), 20);
});

test("no more rows are listed than a page bears, with those that are plotted", () => {
  const all = Array.from({ length: 300 }, (_, index) => viewer(`v${index}`));
  const rows = firstRows(all, new Map([["v0", 0], ["v250", 1]]));
  assert.deepEqual([rows.length, rows.at(-1)?.id], [201, "v250"]);
  assert.equal(listedWords(201, 300, 400, 2), "201 of 400 listed, 99 more match (search for them, or choose another order), 2 plotted");
  assert.equal(listedWords(3, 3, 3, 1), "3 listed, 1 plotted");
  assert.equal(listedWords(3, 3, 5, 0), "3 of 5 listed, 0 plotted");
  assert.equal(listedWords(0, 0, 0, 0), "nobody has come yet");
});

test("unknown values are no fault of the viewer's", () => {
  const nothing = Object.fromEntries(VIEWER_METRICS.map((metric) => [metric, null]));
  assert.equal(badness(viewer("a", nothing), NOW), 0);
});

test("search looks at all that names a viewer, and wants every word", () => {
  const all = [viewer("1"), viewer("2", {}, { transport: "webrtcbin" }), viewer("3", {}, over(true))];
  const found = (words: string, filter: "all" | "live" | "ended" | "failed" = "all"): string[] =>
    listed(all, { order: "viewer", filter, words, now: NOW }).map(({ id }) => id);
  assert.deepEqual(found("VP8 webrtcbin"), ["2"]);
  assert.deepEqual(found("no way"), ["3"]);
  assert.deepEqual(found("peer-1 webrtcbin"), []);
  assert.deepEqual(found("", "live"), ["1", "2"]);
  assert.deepEqual(found("", "failed"), ["3"]);
});

test("an order by a measure has those without it last", () => {
  const all = [viewer("none", { sent: null }), viewer("little", { sent: 1 }), viewer("much", { sent: 9 }), viewer("gone", { sent: 99 }, over(false))];
  const order = (by: "sent" | "frameRate"): string[] => listed(all, { order: by, filter: "all", words: "", now: NOW }).map(({ id }) => id);
  assert.deepEqual(order("sent").slice(0, 2), ["much", "little"]);
});

for (const [value, unit, words] of [
  [0, "bitrate", "0 bit/s"],
  [999, "bitrate", "999 bit/s"],
  [999.7, "bitrate", "1 kbit/s"],
  [1_234_567, "bitrate", "1.23 Mbit/s"],
  [25_600_000, "bitrate", "25.6 Mbit/s"],
  [0.0005, "duration", "500 µs"],
  [0.0123, "duration", "12.3 ms"],
  [2.5, "duration", "2.5 s"],
  [125, "duration", "2 min 5 s"],
  [7300, "duration", "2 h 1 min"],
  [0.0512, "share", "5.12 %"],
  [29.97, "rate", "30 /s"],
  [7, "count", "7"],
  [null, "bitrate", "–"],
  [Number.NaN, "count", "–"],
] as const) {
  test(`${String(value)} is a ${unit} of ${words}`, () => {
    assert.equal(quantity(value, unit), words);
  });
}

test("instants are times of the day", () => {
  assert.equal(clock(Date.UTC(2026, 0, 2, 3, 4, 5), "UTC"), "03:04:05");
});

test("lines that were not sampled at once share an axis and are not broken by each other", () => {
  const { seconds, places } = axisOf([{ at: [1000, 2000, 3000] }, { at: [1500, 2500] }], 1000, 2600, 1000);
  assert.deepEqual(seconds, [1, 1.5, 2, 2.5]);
  assert.deepEqual(lineOf([7, null, 9], places[0] ?? []), [7, undefined, null, undefined]);
  assert.deepEqual(lineOf([5, 6], places[1] ?? []), [undefined, 5, undefined, 6]);
});

test("a line is broken where nothing was heard for a while", () => {
  const { seconds, places } = axisOf([{ at: [1000, 2000, 9000] }], 0, 10_000, 1000);
  assert.deepEqual(seconds, [1, 2, 3, 9]);
  assert.deepEqual(lineOf([1, 2, 3], places[0] ?? []), [1, 2, null, 3]);
});

test("the beginning of a session is a piece for each phase that was seen", () => {
  const pieces = piecesOf(viewer("a"), NOW);
  assert.deepEqual(pieces.map(({ step, from, to }) => [step, from, to]), [
    ["offer", 0, 10],
    ["answer", 10, 100],
    ["ice", 100, 200],
    ["dtls", 200, 250],
    ["frame", 250, 400],
  ]);
  const unseen = piecesOf(viewer("a", {}, { phases: { ...BEGAN, iceConnected: null } }), NOW);
  assert.deepEqual(unseen.map(({ step, from }) => [step, from]).slice(2), [["dtls", 100], ["frame", 250]]);
});

test("a beginning that goes on, or came to nothing, says so", () => {
  const stuck = { requested: 1000, offered: 1010, answered: 1100 };
  const going = piecesOf(viewer("a", {}, { state: "connecting", phases: stuck }), 3000).at(-1);
  assert.deepEqual([going?.step, going?.from, going?.to, going?.state], ["ice", 100, 2000, "going"]);
  const failed = piecesOf(viewer("a", {}, { ...over(true), phases: { ...stuck, ended: 9000 } }), NOW);
  assert.equal(timelineWords(failed), "offer made 10 ms · answered 90 ms · ICE 7.9 s and never done");
  assert.deepEqual(piecesOf(viewer("a", {}, { phases: {} }), NOW), []);
});

test("bars have one scale, which one that hangs does not spoil", () => {
  const bar = (to: number) => [{ step: "frame", words: "", from: 0, to, state: "done" }] as const;
  assert.equal(scaleOf([bar(400), bar(500)]), 500);
  assert.equal(scaleOf([...Array.from({ length: 20 }, () => bar(400)), bar(60_000)]), 800);
  assert.equal(scaleOf([]), 200);
});

test("what is plotted follows a rule until somebody chooses, and keeps its colours", () => {
  const choice = new Choice();
  const all = ["a", "b", "c"];
  assert.deepEqual([...choice.of(all, () => ["b", "a"])], [["b", 0], ["a", 1]]);
  assert.deepEqual([...choice.of(all, () => ["c", "a"])], [["a", 1], ["c", 0]]);
  choice.set("b", true);
  choice.set("c", false);
  assert.equal(choice.isAutomatic, false);
  assert.deepEqual([...choice.of(all, () => all)], [["a", 1], ["b", 0]]);
  assert.deepEqual([...choice.of(["b"], () => all)], [["b", 0]]);
  choice.follow();
  assert.equal(choice.of(all, () => all).size, 3);
});

test("where all that was chosen is gone the rule chooses again, but not where nothing was to be plotted", () => {
  const choice = new Choice();
  choice.of(["a", "b"], () => ["a", "b"]);
  choice.set("b", false);
  assert.deepEqual([...choice.of(["a", "b"], () => ["b"]).keys()], ["a"]);
  assert.deepEqual([...choice.of(["c", "d"], () => ["d"]).keys()], ["d"]);
  assert.equal(choice.isAutomatic, true);
  choice.set("c", true);
  choice.of(["c"], () => []);
  choice.set("c", false);
  assert.deepEqual([...choice.of(["c"], () => ["c"]).keys()], []);
});

test("no more are plotted than there are colours, and the last chosen are", () => {
  const choice = new Choice();
  const all = Array.from({ length: 20 }, (_, index) => `v${index}`);
  for (const id of all) {
    choice.set(id, true);
  }
  assert.deepEqual([...choice.of(all, () => []).keys()], all.slice(-8));
});

test("what a rule chose stands for a while, but not without one that left nor with place for more", () => {
  const steady = new Steady();
  const at = (now: number, there: string[], rule: string[]): readonly string[] => steady.of(now, there, 2, () => rule);
  assert.deepEqual(at(0, ["a", "b", "c"], ["a", "b"]), ["a", "b"]);
  assert.deepEqual(at(9000, ["a", "b", "c"], ["c", "a"]), ["a", "b"]);
  assert.deepEqual(at(10_000, ["a", "b", "c"], ["c", "a"]), ["c", "a"]);
  assert.deepEqual(at(11_000, ["a", "b"], ["a", "b"]), ["a", "b"]);
  assert.deepEqual(at(12_000, ["a"], ["a"]), ["a"]);
  assert.deepEqual(at(13_000, ["a", "d"], ["d", "a"]), ["d", "a"]);
});

test("the tiles say how many watch and how badly", () => {
  const all = [viewer("a", { loss: 0.06 }), viewer("b", { sent: null }), viewer("c", {}, over(true))];
  const tiles = new Map(tilesOf(all, [], NOW, 5000).map(({ name, value, isBad }) => [name, [value, isBad]]));
  assert.deepEqual(tiles.get("watching"), ["2", false]);
  assert.deepEqual(tiles.get("failed"), ["1", true]);
  assert.deepEqual(tiles.get("sent to all"), ["1 Mbit/s", false]);
  assert.deepEqual(tiles.get("most loss"), ["6 %", true]);
});
