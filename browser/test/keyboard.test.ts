import assert from "node:assert/strict";
import { test } from "vitest";
import { Keyboard, type Stroke, strokesOf } from "../src/keyboard.js";
import type { NavigationEvent } from "../src/navigation.js";
import { strokesBetween } from "../src/text-capture.js";

type Step = [type: "down" | "up", key: string, code: string, more?: Partial<Stroke> & { on?: string[] }];

function stroke([, key, code, more]: Step): Stroke {
  const { on = [], ...rest } = more ?? {};
  return {
    ...{ key, code, location: code.endsWith("Right") ? 2 : 1, repeat: false, isComposing: false, timeStamp: 0 },
    ...{ shiftKey: false, ctrlKey: false, altKey: false, metaKey: false },
    getModifierState: (name) => on.includes(name),
    ...rest,
  };
}

/** `+a` for a press, `-a` for a release, with the modifiers after a space. */
function told(events: readonly NavigationEvent[]): string[] {
  return events.map((event) => {
    assert.ok(event.event === "KeyPress" || event.event === "KeyRelease");
    const state = event.modifier_state === "" ? "" : ` ${event.modifier_state}`;
    return `${event.event === "KeyPress" ? "+" : "-"}${event.key}${state}`;
  });
}

function typed(...steps: Step[]): string[] {
  const keyboard = new Keyboard();
  return told(steps.flatMap((step) => (step[0] === "down" ? keyboard.press(stroke(step)) : keyboard.release(stroke(step)))));
}

const [shift, meta] = [{ shiftKey: true }, { metaKey: true }];

for (const [what, steps, expected] of [
  ["a key repeats while it is held",
    [["down", "a", "KeyA"], ["down", "a", "KeyA", { repeat: true }], ["up", "a", "KeyA"]],
    ["+a", "+a", "-a"]],
  ["a modifier does not repeat",
    [["down", "Shift", "ShiftLeft", shift], ["down", "Shift", "ShiftLeft", { ...shift, repeat: true }], ["up", "Shift", "ShiftLeft"]],
    ["+Shift_L shift-mask", "-Shift_L"]],
  ["released is what was pressed, though shift went up first",
    [["down", "Shift", "ShiftLeft", shift], ["down", "A", "KeyA", shift], ["up", "Shift", "ShiftLeft"], ["up", "a", "KeyA"]],
    ["+Shift_L shift-mask", "+A shift-mask", "-Shift_L", "-A"]],
  ["a repeated key that becomes another one is released as the first",
    [["down", "a", "KeyA"], ["down", "A", "KeyA", { ...shift, repeat: true }], ["up", "A", "KeyA", shift]],
    ["+a", "-a shift-mask", "+A shift-mask", "-A shift-mask"]],
  ["keys whose release Command swallows go up with it",
    [["down", "Meta", "MetaLeft", meta], ["down", "c", "KeyC", meta], ["up", "Meta", "MetaLeft"]],
    ["+Super_L meta-mask", "+c meta-mask", "-Super_L", "-c"]],
  ["the second shift goes up with the first where only one is told of",
    [["down", "Shift", "ShiftLeft", shift], ["down", "Shift", "ShiftRight", shift], ["up", "Shift", "ShiftRight"]],
    ["+Shift_L shift-mask", "+Shift_R shift-mask", "-Shift_L", "-Shift_R"]],
  ["an Alt that went up elsewhere is let go of with the next key",
    [["down", "Alt", "AltLeft", { altKey: true }], ["down", "x", "KeyX"]],
    ["+Alt_L mod1-mask", "-Alt_L", "+x"]],
  ["a modifier without a flag is kept until it goes up",
    [["down", "Meta", "MetaLeft"], ["down", "x", "KeyX"], ["up", "x", "KeyX"], ["up", "Meta", "MetaLeft"]],
    ["+Super_L", "+x", "-x", "-Super_L"]],
  ["AltGr that comes as Control and Alt is AltGr alone",
    [["down", "Control", "ControlLeft", { ctrlKey: true, timeStamp: 100 }],
      ["down", "AltGraph", "AltRight", { ctrlKey: true, altKey: true, on: ["AltGraph"], timeStamp: 101 }],
      ["down", "@", "KeyQ", { ctrlKey: true, altKey: true, on: ["AltGraph"], timeStamp: 200 }],
      ["up", "@", "KeyQ", { ctrlKey: true, altKey: true, on: ["AltGraph"], timeStamp: 300 }],
      ["up", "Control", "ControlLeft", { on: ["AltGraph"], timeStamp: 400 }],
      ["up", "AltGraph", "AltRight", { timeStamp: 400 }]],
    ["+Control_L control-mask", "-Control_L mod5-mask", "+ISO_Level3_Shift mod5-mask", "+at mod5-mask", "-at mod5-mask",
      "-ISO_Level3_Shift"]],
  ["Control held on purpose stays held with AltGr",
    [["down", "Control", "ControlLeft", { ctrlKey: true, timeStamp: 100 }],
      ["down", "AltGraph", "AltRight", { ctrlKey: true, on: ["AltGraph"], timeStamp: 900 }]],
    ["+Control_L control-mask", "+ISO_Level3_Shift control-mask+mod5-mask"]],
  ["a dead key is nothing, and what it makes is a key",
    [["down", "Dead", "BracketLeft"], ["up", "Dead", "BracketLeft"], ["down", "é", "KeyE"], ["up", "e", "KeyE"]],
    ["+eacute", "-eacute"]],
  ["what an input method takes is nothing",
    [["down", "Process", "KeyK"], ["down", "k", "KeyK", { isComposing: true }], ["up", "k", "KeyK"]],
    []],
  ["a release without a press is nothing",
    [["up", "a", "KeyA"]],
    []],
  ["a key that is told of only when it goes up is pressed and released",
    [["up", "PrintScreen", "PrintScreen"]],
    ["+Print", "-Print"]],
  ["a key that writes two characters writes both",
    [["down", "لا", "KeyB"]],
    ["+U0644", "-U0644", "+U0627", "-U0627"]],
  ["keys of other alphabets are their characters",
    [["down", "д", "KeyL"], ["up", "д", "KeyL"]],
    ["+U0434", "-U0434"]],
  ["keys of a keyboard without places are told apart by what they write",
    [["down", "a", ""], ["down", "b", ""], ["up", "a", ""], ["up", "b", ""]],
    ["+a", "+b", "-a", "-b"]],
  ["locks are told with every key",
    [["down", "A", "KeyA", { on: ["CapsLock", "NumLock"] }]],
    ["+A lock-mask+mod2-mask"]],
] satisfies [string, Step[], string[]][]) {
  test(what, () => {
    assert.deepEqual(typed(...steps), expected);
  });
}

test("all keys go up where the focus is lost, and none of them twice", () => {
  const keyboard = new Keyboard();
  keyboard.press(stroke(["down", "Shift", "ShiftLeft", shift]));
  keyboard.press(stroke(["down", "A", "KeyA", shift]));
  assert.deepEqual(told(keyboard.releaseAll()), ["-Shift_L", "-A"]);
  assert.deepEqual(told(keyboard.releaseAll()), []);
  assert.deepEqual(told(keyboard.release(stroke(["up", "A", "KeyA"]))), []);
});

test("a text is written key by key, with lines and tabs, whatever its form", () => {
  assert.deepEqual(told(strokesOf("a\r\nZ\t")), ["+a", "-a", "+Return", "-Return", "+Z", "-Z", "+Tab", "-Tab"]);
  assert.deepEqual(told(strokesOf("é€\u0007")), ["+eacute", "-eacute", "+U20AC", "-U20AC"]);
});

for (const [before, after, keys] of [
  ["", "hi", ["h", "i"]],
  ["hi", "h", ["BackSpace"]],
  ["teh", "the ", ["BackSpace", "BackSpace", "h", "e", "space"]],
  ["😀", "", ["BackSpace"]],
  ["same", "same", []],
] as const) {
  test(`from ${JSON.stringify(before)} to ${JSON.stringify(after)} it takes ${keys.length} strokes`, () => {
    const pressed = strokesBetween(before, after).flatMap((event) => (event.event === "KeyPress" ? [event.key] : []));
    assert.deepEqual(pressed, keys);
  });
}
