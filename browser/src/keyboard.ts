/** Which keys a viewer holds, and what their strokes mean to the producer. Pure: keyboard events in, navigation events out. */

import { type Key, keysym } from "./keysyms.js";
import { type ModifierKeys, type NavigationEvent, modifierState } from "./navigation.js";

/** What is asked of a `KeyboardEvent`. */
export interface Stroke extends Key, ModifierKeys {
  readonly code: string;
  readonly repeat: boolean;
  readonly isComposing: boolean;
  /** In milliseconds. */
  readonly timeStamp: number;
}

interface Held {
  readonly key: string;
  readonly at: number;
  /** The modifier's flag was up with it: once it is down, so is the key. Not every browser has flags for every key. */
  readonly flag: ((keys: ModifierKeys) => boolean) | null;
}

/** The flag of each modifier, without its side. */
const FLAGS: Readonly<Record<string, (keys: ModifierKeys) => boolean>> = {
  Alt: (keys) => keys.altKey,
  Control: (keys) => keys.ctrlKey,
  ISO_Level3_Shift: (keys) => keys.getModifierState?.("AltGraph") ?? true,
  Shift: (keys) => keys.shiftKey,
  Super: (keys) => keys.metaKey,
};

/** AltGr is a Control before an Alt for Windows, which come within this time. */
const ALT_GR_MS = 50;

/** The keys of one viewer. */
export class Keyboard {
  readonly #held = new Map<string, Held>();

  /** A key goes down, or repeats. Nothing comes of keys that are part of a character yet to come. */
  press(stroke: Stroke): NavigationEvent[] {
    if (stroke.isComposing) {
      return [];
    }
    const key = keysym(stroke);
    if (key === null) {
      return characters(stroke.key);
    }
    const id = idOf(stroke);
    const before = this.#held.get(id);
    const flag = flagOf(key);
    if (flag !== null && (stroke.repeat || before !== undefined)) {
      return [];
    }
    const events = this.align(stroke, id);
    if (key === "ISO_Level3_Shift") {
      events.push(...this.#dropAltGrControl(stroke));
    }
    if (before !== undefined && before.key !== key) {
      events.push(up(before.key, modifierState(stroke)));
    }
    this.#held.set(id, { key, at: stroke.timeStamp, flag: flag?.(stroke) === true ? flag : null });
    return [...events, { event: "KeyPress", key, modifier_state: modifierState(stroke) }];
  }

  /** A key goes up. What is released is what was pressed, even if the key would now be another. */
  release(stroke: Stroke): NavigationEvent[] {
    const id = idOf(stroke);
    const held = this.#held.get(id);
    const state = modifierState(stroke);
    if (held === undefined) {
      // Of this key some systems tell only that it went up.
      return stroke.key === "PrintScreen" ? tap("Print", state) : [];
    }
    this.#held.delete(id);
    const events = this.align(stroke, id);
    events.push(up(held.key, state));
    if (held.key.startsWith("Super_")) {
      // Macs do not tell of keys that go up while Command is held.
      events.push(...this.#drop(({ key }) => flagOf(key) === null, state));
    }
    return events;
  }

  /** Lets go of modifiers that an event says are no longer held: they went up where nobody listened. */
  align(keys: ModifierKeys, except?: string): NavigationEvent[] {
    return this.#drop(({ flag }, id) => id !== except && flag !== null && !flag(keys), modifierState(keys));
  }

  /** Lets go of everything. */
  releaseAll(): NavigationEvent[] {
    return this.#drop(() => true, "");
  }

  #dropAltGrControl(stroke: Stroke): NavigationEvent[] {
    return this.#drop(({ key, at }) => key === "Control_L" && stroke.timeStamp - at < ALT_GR_MS, modifierState(stroke));
  }

  #drop(isMeant: (held: Held, id: string) => boolean, state: string): NavigationEvent[] {
    const meant = [...this.#held].filter(([id, held]) => isMeant(held, id));
    for (const [id] of meant) {
      this.#held.delete(id);
    }
    return meant.map(([, { key }]) => up(key, state));
  }
}

/** Strokes that write a text: for what input methods, clipboards and the keyboards of phones give. */
export function strokesOf(text: string): NavigationEvent[] {
  return Array.from(text.normalize("NFC").replace(/\r\n?/g, "\n")).flatMap((character) => {
    const key = { "\n": "Enter", "\t": "Tab", "\b": "Backspace" }[character] ?? character;
    const name = keysym({ key, location: 0 });
    return name === null ? [] : tap(name, "");
  });
}

/** Strokes of a key that writes more than one character, as some layouts have; the names of keys are no characters. */
function characters(key: string): NavigationEvent[] {
  return /^[\x20-\x7e]*$/.test(key) ? [] : strokesOf(key);
}

function tap(key: string, modifier_state: string): NavigationEvent[] {
  return [{ event: "KeyPress", key, modifier_state }, up(key, modifier_state)];
}

function up(key: string, modifier_state: string): NavigationEvent {
  return { event: "KeyRelease", key, modifier_state };
}

function flagOf(key: string): ((keys: ModifierKeys) => boolean) | null {
  return FLAGS[key.replace(/_[LR]$/, "")] ?? null;
}

/** The key's place on the keyboard; keyboards of phones know none. */
function idOf(stroke: Stroke): string {
  return stroke.code === "" ? `key ${stroke.key}` : stroke.code;
}
