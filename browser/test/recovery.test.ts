import assert from "node:assert/strict";
import { afterEach, beforeEach, test, vi } from "vitest";
import { Recovery } from "../src/recovery.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watched(possible = true): { recovery: Recovery; calls: string[] } {
  const calls: string[] = [];
  const recovery = new Recovery({
    restart: () => {
      calls.push("restart");
      return possible;
    },
    giveUp: () => calls.push("give up"),
    interrupted: (is) => calls.push(is ? "interrupted" : "back"),
  });
  return { recovery, calls };
}

test("a loss that mends itself is told and left alone", () => {
  const { recovery, calls } = watched();
  recovery.transport("connected");
  recovery.transport("disconnected");
  vi.advanceTimersByTime(1900);
  recovery.transport("connected");
  vi.advanceTimersByTime(60_000);
  assert.deepEqual(calls, ["interrupted", "back"]);
});

test("a loss that lasts has ICE begin anew, and is given up where that does not help", () => {
  const { recovery, calls } = watched();
  recovery.transport("connected");
  recovery.transport("disconnected");
  vi.advanceTimersByTime(2000);
  recovery.transport("failed");
  vi.advanceTimersByTime(14_900);
  assert.deepEqual(calls, ["interrupted", "restart"]);
  vi.advanceTimersByTime(200);
  assert.deepEqual(calls, ["interrupted", "restart", "give up"]);
});

test("a new path is not given up", () => {
  const { recovery, calls } = watched();
  recovery.transport("connected");
  recovery.transport("failed");
  recovery.transport("connecting");
  recovery.transport("connected");
  vi.advanceTimersByTime(60_000);
  assert.deepEqual(calls, ["interrupted", "restart", "back"]);
});

test("without a way to begin anew a failure is the end, and a short loss is left to the browser", () => {
  const { recovery, calls } = watched(false);
  recovery.transport("connected");
  recovery.transport("disconnected");
  vi.advanceTimersByTime(60_000);
  assert.deepEqual(calls, ["interrupted", "restart"]);
  recovery.transport("failed");
  assert.deepEqual(calls, ["interrupted", "restart", "restart", "give up"]);
});

test("what never stood is given up at once", () => {
  const { recovery, calls } = watched();
  recovery.transport("connecting");
  recovery.networkChanged();
  recovery.transport("failed");
  assert.deepEqual(calls, ["give up"]);
});

test("another network has ICE begin anew before anything is lost", () => {
  const { recovery, calls } = watched();
  recovery.transport("connected");
  recovery.networkChanged();
  vi.advanceTimersByTime(60_000);
  assert.deepEqual(calls, ["restart"]);
});

test("nothing is done after the end", () => {
  const { recovery, calls } = watched();
  recovery.transport("connected");
  recovery.transport("disconnected");
  recovery.stop();
  vi.advanceTimersByTime(60_000);
  assert.deepEqual(calls, ["interrupted"]);
});
