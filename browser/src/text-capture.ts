/** Sends what is written in a text field as strokes of keys: for phones, input methods and pasting. */

import { strokesOf } from "./keyboard.js";
import type { NavigationEvent } from "./navigation.js";

/** A field that people write in. */
export type TextField = HTMLInputElement | HTMLTextAreaElement;

/** How much is kept in the field for Backspace to take away from. */
const KEPT = 200;

/** Captures what is written in `field` until it is released. */
export class TextCapture {
  readonly #field: TextField;
  readonly #emit: (event: NavigationEvent) => void;
  readonly #listeners = new AbortController();
  #text: string;

  constructor(field: TextField, emit: (event: NavigationEvent) => void) {
    this.#field = field;
    this.#emit = emit;
    this.#text = field.value;
    const { signal } = this.#listeners;
    field.addEventListener(
      "input",
      (event) => {
        // A text that an input method is still at may change as a whole.
        if (!(event as InputEvent).isComposing) {
          this.#update();
        }
      },
      { signal },
    );
    field.addEventListener("compositionend", () => { this.#update(); }, { signal });
    (field as HTMLElement).addEventListener("keydown", (event) => { this.#press(event); }, { signal });
    field.addEventListener("blur", () => { this.#empty(); }, { signal });
  }

  /** Stops listening. */
  release(): void {
    this.#listeners.abort();
  }

  /** Keys that write nothing into the field, but mean something to the producer. */
  #press(event: KeyboardEvent): void {
    if (event.isComposing) {
      return;
    }
    if (event.key === "Enter" && this.#field.localName === "input") {
      event.preventDefault();
      this.#send(strokesOf("\n"));
      this.#empty();
    } else if (event.key === "Backspace" && this.#field.value === "") {
      this.#send(strokesOf("\b"));
    }
  }

  #update(): void {
    const text = this.#field.value;
    this.#send(strokesBetween(this.#text, text));
    this.#text = text;
    if (text.length > KEPT) {
      this.#empty();
    }
  }

  #empty(): void {
    this.#field.value = "";
    this.#text = "";
  }

  #send(events: readonly NavigationEvent[]): void {
    for (const event of events) {
      this.#emit(event);
    }
  }
}

/** The strokes that make one text of another, at whose end they are written: what differs is taken away and written anew. */
export function strokesBetween(before: string, after: string): NavigationEvent[] {
  const [old, now] = [Array.from(before), Array.from(after)];
  let same = 0;
  while (same < old.length && same < now.length && old[same] === now[same]) {
    same += 1;
  }
  return strokesOf("\b".repeat(old.length - same) + now.slice(same).join(""));
}
