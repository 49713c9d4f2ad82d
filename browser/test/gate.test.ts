import assert from "node:assert/strict";
import { test } from "vitest";
import { Gate } from "../src/gate.js";

test("what comes before the gate opens passes in order when it does", () => {
  const passed: number[] = [];
  const gate = new Gate<number>((item) => passed.push(item));
  gate.push(1);
  gate.push(2);
  assert.deepEqual(passed, []);
  gate.open();
  gate.push(3);
  assert.deepEqual(passed, [1, 2, 3]);
});

test("a gate that was open can be shut again", () => {
  const passed: number[] = [];
  const gate = new Gate<number>((item) => passed.push(item));
  gate.open();
  gate.shut();
  gate.push(1);
  assert.deepEqual(passed, []);
  gate.open();
  assert.deepEqual(passed, [1]);
});
