/** What lies over the picture: the state in words, read out when it changes, and the button that helps. */

import { make } from "./make.js";
import type { PlayerState } from "./situation.js";

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

  /** Shows a state. `quiet` has something to say although the picture runs. */
  show(state: PlayerState, text: string, quiet: boolean): void {
    this.element.dataset["mode"] = state === "playing" || state === "idle" ? (quiet ? "badge" : "silent") : "full";
    this.#spinner.hidden = !BUSY.includes(state);
    if (this.#status.textContent !== text) {
      // Readers read out what changes.
      this.#status.textContent = text;
    }
    const help = HELP[state];
    this.#help.hidden = help === undefined;
    this.#help.textContent = help ?? "";
  }

  /** Shows whether there is sound to be turned on. */
  showSilenced(silenced: boolean): void {
    this.#sound.hidden = !silenced;
  }
}

const HELP: Readonly<Partial<Record<PlayerState, string>>> = {
  paused: "Play",
  reconnecting: "Try now",
  ended: "Try again",
};
