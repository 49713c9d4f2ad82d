import assert from "node:assert/strict";
import { test } from "vitest";
import { Backoff } from "../src/backoff.js";

const delays = (backoff: Backoff, count: number): number[] => Array.from({ length: count }, () => backoff.next());

test("delays double up to the longest", () => {
  const backoff = new Backoff({ first: 100, longest: 500, random: () => 0 });
  assert.deepEqual(delays(backoff, 5), [100, 200, 400, 500, 500]);
});

test("chance takes away up to half of a delay, never all of it", () => {
  const backoff = new Backoff({ first: 100, longest: 500, random: () => 0.999 });
  for (const [index, delay] of delays(backoff, 4).entries()) {
    const ceiling = [100, 200, 400, 500][index] ?? 0;
    assert.ok(delay > ceiling / 2 && delay < ceiling * 0.51, `${delay} of ${ceiling}`);
  }
});

test("a success makes the next delay short again", () => {
  const backoff = new Backoff({ first: 100, longest: 500, random: () => 0 });
  delays(backoff, 3);
  backoff.reset();
  assert.equal(backoff.next(), 100);
});

test("a first delay beyond the longest is cut", () => {
  assert.equal(new Backoff({ first: 900, longest: 500, random: () => 0 }).next(), 500);
});
