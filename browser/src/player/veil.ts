/** What lies over the picture: the state in words, read out when it changes, and the button that helps. */

import { make } from "./make.js";
import type { Help, PlayerState } from "./situation.js";

/** Who is told what the viewer wants. */
export interface VeilObserver {
  /** The button that helps was pressed. */
  help(): void;
  /** Sound is to be turned on. */
  unsilence(): void;
}

const BUSY: readonly PlayerState[] = ["connecting", "waiting", "reconnecting"];

/** The state of one player, to be seen and to be heard. */
export class Veil {
  /** The words and the button. */
  readonly element: HTMLElement;
  /** The button for sound and the marks of what is going on. */
  readonly corner: HTMLElement;
  readonly #spinner = make("div", { class: "spinner", "aria-hidden": "true" });
  readonly #status = make("p", { part: "status", role: "status", "aria-live": "polite" });
  readonly #help = make("button", { type: "button", part: "button words help" });
  readonly #sound = make("button", { type: "button", part: "button words sound" });

  constructor(observer: VeilObserver) {
    this.#help.addEventListener("click", () => {
      observer.help();
    });
    this.#sound.textContent = "Turn sound on";
    this.#sound.hidden = true;
    this.#sound.addEventListener("click", () => {
      observer.unsilence();
    });
    this.element = make("div", { class: "veil" }, this.#spinner, this.#status, this.#help);
    this.corner = make("div", { class: "corner" }, this.#sound);
  }

  /** Shows a state in words, and the button that helps. */
  show(state: PlayerState, text: string, help: Help): void {
    this.#spinner.hidden = !BUSY.includes(state);
    if (this.#status.textContent !== text) {
      // Readers read out what changes.
      this.#status.textContent = text;
    }
    this.#help.hidden = help === null;
    this.#help.textContent = help ?? "";
  }

  /** Shows whether there is sound to be turned on. */
  showSilenced(silenced: boolean): void {
    this.#sound.hidden = !silenced;
  }
}
