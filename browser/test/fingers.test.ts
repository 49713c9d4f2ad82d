import assert from "node:assert/strict";
import { test } from "vitest";
import { Fingers } from "../src/fingers.js";

const on = (x: number, y: number) => ({ x, y, inside: true });
const frame = { event: "TouchFrame", modifier_state: "" };

test("fingers have the lowest numbers that are free, and each change is one frame", () => {
  const fingers = new Fingers();
  assert.deepEqual(fingers.down([{ id: -5, point: on(1, 2), force: 0.25 }, { id: 1e9, point: on(3, 4) }], ""), [
    { event: "TouchDown", identifier: 0, x: 1, y: 2, pressure: 0.25, modifier_state: "" },
    { event: "TouchDown", identifier: 1, x: 3, y: 4, pressure: 0.5, modifier_state: "" },
    frame,
  ]);
  assert.deepEqual(fingers.up([{ id: -5, point: on(5, 6) }], ""), [
    { event: "TouchUp", identifier: 0, x: 5, y: 6, modifier_state: "" },
    frame,
  ]);
  const [next] = fingers.down([{ id: "pen 1", point: on(7, 8), force: 1 }], "");
  assert.deepEqual(next, { event: "TouchDown", identifier: 0, x: 7, y: 8, pressure: 1, modifier_state: "" });
});

test("a finger that went down beside the picture is never the producer's", () => {
  const fingers = new Fingers();
  assert.deepEqual(fingers.down([{ id: 0, point: { x: 0, y: 0, inside: false } }], ""), []);
  assert.deepEqual(fingers.move([{ id: 0, point: on(1, 1) }], ""), []);
  assert.deepEqual(fingers.up([{ id: 0, point: on(1, 1) }], ""), []);
});

test("a finger of the picture is followed beyond its edge, and lifted where it was last seen", () => {
  const fingers = new Fingers();
  fingers.down([{ id: 0, point: on(1, 1) }], "");
  const [moved] = fingers.move([{ id: 0, point: { x: 0, y: 9, inside: false }, force: 0 }], "");
  assert.deepEqual(moved, { event: "TouchMotion", identifier: 0, x: 0, y: 9, pressure: 0.5, modifier_state: "" });
  assert.deepEqual(fingers.up([{ id: 0, point: null }], "")[0], {
    event: "TouchUp", identifier: 0, x: 0, y: 9, modifier_state: "",
  });
});

test("cancelled touches are not lifted, and nothing is cancelled where nothing touched", () => {
  const fingers = new Fingers();
  assert.deepEqual(fingers.cancel(""), []);
  fingers.down([{ id: 0, point: on(1, 1) }, { id: 1, point: on(2, 2) }], "");
  assert.deepEqual(fingers.cancel(""), [{ event: "TouchCancel", modifier_state: "" }]);
  assert.deepEqual(fingers.up([{ id: 0, point: on(1, 1) }], ""), []);
});
