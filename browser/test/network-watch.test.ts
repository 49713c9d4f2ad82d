import assert from "node:assert/strict";
import { afterEach, beforeEach, test, vi } from "vitest";
import "./support/globals.js";
import { Heartbeat } from "../src/heartbeat.js";
import { watchNetwork } from "../src/network-watch.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("another kind of network is noticed, a new guess at its speed is not, and neither is after the end", () => {
  const connection = Object.assign(new EventTarget(), { type: "wifi" });
  vi.stubGlobal("navigator", { connection });
  let changes = 0;
  const forget = watchNetwork(() => {
    changes += 1;
  });
  connection.dispatchEvent(new Event("change"));
  assert.equal(changes, 0);
  connection.type = "cellular";
  connection.dispatchEvent(new Event("change"));
  assert.equal(changes, 1);
  dispatchEvent(new Event("online"));
  assert.equal(changes, 2);
  forget();
  connection.type = "wifi";
  connection.dispatchEvent(new Event("change"));
  dispatchEvent(new Event("online"));
  assert.equal(changes, 2);
});

test("a connection that is in doubt is asked at once, and takes no answer for silence soon", () => {
  const calls: string[] = [];
  const heartbeat = new Heartbeat(10_000, 25_000, { beat: () => calls.push("beat"), silent: () => calls.push("silent") });
  heartbeat.ask();
  assert.deepEqual(calls, ["beat"]);
  vi.advanceTimersByTime(2900);
  heartbeat.heard();
  vi.advanceTimersByTime(3000);
  assert.deepEqual(calls, ["beat"]);
  heartbeat.ask();
  vi.advanceTimersByTime(3000);
  assert.deepEqual(calls, ["beat", "beat", "silent"]);
  vi.advanceTimersByTime(60_000);
  assert.deepEqual(calls, ["beat", "beat", "silent"]);
});
