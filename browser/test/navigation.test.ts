import assert from "node:assert/strict";
import { test } from "vitest";
import { liftedButtons, modifierState, touchPressure } from "../src/navigation.js";
import { toVideoPoint } from "../src/video-geometry.js";

const none = { shiftKey: false, ctrlKey: false, altKey: false, metaKey: false };
const video = { width: 1280, height: 720 };

test("a wide video in a square element has bars above and below", () => {
  const element = { width: 640, height: 640 };
  assert.deepEqual(toVideoPoint({ x: 320, y: 320 }, element, video, "contain"), { x: 640, y: 360, inside: true });
  assert.deepEqual(toVideoPoint({ x: 0, y: 140 }, element, video, "contain"), { x: 0, y: 0, inside: true });
  assert.deepEqual(toVideoPoint({ x: 640, y: 500 }, element, video, "contain"), { x: 1280, y: 720, inside: true });
});

test("a point on a bar is the nearest of the picture and not inside", () => {
  const element = { width: 640, height: 640 };
  assert.deepEqual(toVideoPoint({ x: 320, y: 20 }, element, video, "contain"), { x: 640, y: 0, inside: false });
});

test("a high element beside a wide one has bars left and right", () => {
  const element = { width: 1920, height: 720 };
  assert.deepEqual(toVideoPoint({ x: 320, y: 0 }, element, video, "contain"), { x: 0, y: 0, inside: true });
  assert.deepEqual(toVideoPoint({ x: 100, y: 360 }, element, video, "contain"), { x: 0, y: 360, inside: false });
});

test("a video that covers or fills its element has no bars", () => {
  const element = { width: 720, height: 720 };
  assert.deepEqual(toVideoPoint({ x: 0, y: 0 }, element, video, "cover"), { x: 280, y: 0, inside: true });
  assert.deepEqual(toVideoPoint({ x: 720, y: 720 }, element, video, "fill"), { x: 1280, y: 720, inside: true });
});

test("there is no point before the first picture", () => {
  assert.equal(toVideoPoint({ x: 1, y: 1 }, { width: 10, height: 10 }, { width: 0, height: 0 }, "contain"), null);
});

test("no modifier is an empty text, not a missing one", () => {
  assert.equal(modifierState(none), "");
});

test("modifiers are joined by plus signs", () => {
  assert.equal(
    modifierState({ shiftKey: true, ctrlKey: true, altKey: true, metaKey: true }),
    "shift-mask+control-mask+mod1-mask+meta-mask",
  );
});

test("the right button is the third of X11 and the middle one the second", () => {
  assert.equal(modifierState({ ...none, buttons: 2 }), "button3-mask");
  assert.equal(modifierState({ ...none, buttons: 4 }), "button2-mask");
  assert.equal(modifierState({ ...none, buttons: 1 | 8 | 16 }), "button1-mask+button4-mask+button5-mask");
});

test("a touch always has a pressure", () => {
  assert.equal(touchPressure(undefined), 0.5);
  assert.equal(touchPressure(0), 0.5);
  assert.equal(touchPressure(0.25), 0.25);
  assert.equal(touchPressure(3), 1);
});

for (const [name, mask] of [
  ["CapsLock", "lock-mask"],
  ["NumLock", "mod2-mask"],
  ["AltGraph", "mod5-mask"],
  ["Super", "super-mask"],
  ["Hyper", "hyper-mask"],
  ["ScrollLock", ""],
] as const) {
  test(`${name} is ${mask === "" ? "no modifier" : mask}`, () => {
    assert.equal(modifierState({ ...none, getModifierState: (asked) => asked === name }), mask);
  });
}

test("AltGr that Windows tells of as Control and Alt is neither of them", () => {
  const keys = { ...none, ctrlKey: true, altKey: true };
  assert.equal(modifierState({ ...keys, getModifierState: (name) => name === "AltGraph" }), "mod5-mask");
  assert.equal(modifierState({ ...keys, getModifierState: () => false }), "control-mask+mod1-mask");
});

test("buttons that went up unheard are known by those that are still down", () => {
  assert.deepEqual(liftedButtons([0, 1, 2], 2), [0, 1]);
  assert.deepEqual(liftedButtons([0, 3], 1 | 8), []);
});
