import assert from "node:assert/strict";
import { test } from "vitest";
import { Outbox } from "../src/outbox.js";

function filled(count: number): Outbox<number> {
  const outbox = new Outbox<number>();
  for (let message = 0; message < count; message += 1) {
    outbox.push(message);
  }
  return outbox;
}

test("what did not arrive is sent again in order on the next connection", () => {
  const outbox = filled(5);
  assert.deepEqual(outbox.take(), [0, 1, 2, 3, 4]);
  outbox.push(5);
  assert.ok(outbox.resume(2));
  assert.deepEqual(outbox.take(), [2, 3, 4, 5]);
  assert.deepEqual(outbox.take(), []);
  assert.ok(outbox.arrived(6));
  assert.ok(outbox.resume(6));
  assert.deepEqual(outbox.take(), []);
});

test("a count that cannot be is refused and changes nothing", () => {
  const outbox = filled(2);
  outbox.take();
  outbox.push(2);
  assert.equal(outbox.arrived(3), false, "only two were sent");
  assert.ok(outbox.arrived(1));
  assert.equal(outbox.resume(0), false, "the first is gone");
  assert.deepEqual(outbox.take(), [2]);
  assert.ok(outbox.resume(1));
  assert.deepEqual(outbox.take(), [1, 2]);
});
