import assert from "node:assert/strict";
import { test } from "vitest";
import { FramePairing, isBefore } from "../src/frame-pairing.js";

const pairing = (capacity = 8): FramePairing<string, string> => new FramePairing(capacity);

test("what was said before the frame is shown is told with it", () => {
  const pairs = pairing();
  assert.deepEqual(pairs.said(3000, "a"), []);
  assert.deepEqual(pairs.said(6000, "b"), []);
  assert.deepEqual(pairs.shown(3000, "first"), [{ frame: "first", info: "a" }]);
  assert.deepEqual(pairs.shown(6000, "second"), [{ frame: "second", info: "b" }]);
});

test("what is said after the frame is shown is told at once", () => {
  const pairs = pairing();
  assert.deepEqual(pairs.shown(3000, "first"), []);
  assert.deepEqual(pairs.said(3000, "a"), [{ frame: "first", info: "a" }]);
  assert.deepEqual(pairs.said(3000, "b"), [{ frame: "first", info: "b" }]);
});

test("everything that was said about a frame is told, once", () => {
  const pairs = pairing();
  pairs.said(3000, "a");
  pairs.said(3000, "b");
  assert.deepEqual(
    pairs.shown(3000, "first").map(({ info }) => info),
    ["a", "b"],
  );
  assert.deepEqual(pairs.shown(3000, "again"), []);
});

test("a frame of which nothing was said has no pair", () => {
  const pairs = pairing();
  pairs.said(3000, "a");
  assert.deepEqual(pairs.shown(2999, "another"), []);
});

test("frames that were left out are forgotten with the next one", () => {
  const pairs = pairing();
  pairs.said(3000, "a");
  pairs.said(6000, "b");
  pairs.shown(9000, "third");
  assert.deepEqual(pairs.shown(3000, "late"), []);
  assert.equal(pairs.said(12_000, "d").length, 0);
  // Left are what was said of the frame to come, and nothing of the frames before it.
  assert.equal(pairs.size, 1);
});

test("timestamps that wrap are in order", () => {
  assert.ok(isBefore(0xffff_ff00, 0x100));
  assert.ok(!isBefore(0x100, 0xffff_ff00));
  assert.ok(!isBefore(5, 5));
  const pairs = pairing();
  pairs.said(0xffff_ff00, "before");
  pairs.said(0x100, "after");
  assert.deepEqual(pairs.shown(0xffff_ff00, "last"), [{ frame: "last", info: "before" }]);
  assert.deepEqual(pairs.shown(0x100, "first"), [{ frame: "first", info: "after" }]);
});

test("a producer that speaks of frames that never come costs no more than the capacity", () => {
  const pairs = pairing(4);
  for (let timestamp = 0; timestamp < 1000; timestamp += 1) {
    pairs.said(timestamp, "said");
    pairs.said(7_000_000, "said of one frame again and again");
  }
  assert.ok(pairs.size <= 4);
  assert.ok(pairs.shown(7_000_000, "frame").length <= 4);
});

test("frames of which nothing is said cost no more than the capacity", () => {
  const pairs = pairing(4);
  for (let timestamp = 0; timestamp < 1000; timestamp += 1) {
    pairs.shown(timestamp, "frame");
  }
  assert.equal(pairs.size, 4);
});

test("another stream begins without what was said of the last", () => {
  const pairs = pairing();
  pairs.said(3000, "a");
  pairs.clear();
  assert.deepEqual(pairs.shown(3000, "first"), []);
});
