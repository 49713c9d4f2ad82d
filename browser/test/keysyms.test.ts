import assert from "node:assert/strict";
import { test } from "vitest";
import { keysym } from "../src/keysyms.js";

for (const [key, location, name] of [
  ["a", 0, "a"],
  ["A", 0, "A"],
  ["7", 0, "7"],
  ["7", 3, "KP_7"],
  [" ", 0, "space"],
  ["/", 0, "slash"],
  ["/", 3, "KP_Divide"],
  ["Enter", 0, "Return"],
  ["Enter", 3, "KP_Enter"],
  ["ArrowLeft", 0, "Left"],
  ["Shift", 1, "Shift_L"],
  ["Shift", 2, "Shift_R"],
  ["Meta", 1, "Super_L"],
  ["AltGraph", 2, "ISO_Level3_Shift"],
  ["F12", 0, "F12"],
  ["ä", 0, "adiaeresis"],
  ["ÿ", 0, "ydiaeresis"],
  ["×", 0, "multiply"],
  ["€", 0, "U20AC"],
  ["😀", 0, "U1F600"],
  ["MediaPlayPause", 0, "XF86AudioPlay"],
  ["ZenkakuHankaku", 0, "Zenkaku_Hankaku"],
  ["HangulMode", 0, "Hangul"],
  ["\u007f", 0, null],
  ["Dead", 0, null],
  ["Unidentified", 0, null],
  ["constructor", 0, null],
] as const) {
  test(`the key ${JSON.stringify(key)} at location ${location} is ${name ?? "no keysym"}`, () => {
    assert.equal(keysym({ key, location }), name);
  });
}
