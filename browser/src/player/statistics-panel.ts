/** Figures over the picture, as long as they are wanted. */

import type { ConsumerSession } from "../consumer-session.js";
import { figuresOf } from "./figures.js";
import { make } from "./make.js";

/** Shows the statistics of one session at a time. */
export class StatisticsPanel {
  /** The list of figures. */
  readonly element = make("dl", { part: "statistics", "aria-label": "Statistics", hidden: "" });
  #session: ConsumerSession | null = null;
  /** Counts what was followed: an earlier reading of the same session is over as well. */
  #reading = 0;

  /** Shows those of `session`; null: none. */
  follow(session: ConsumerSession | null): void {
    if (session === this.#session) {
      return;
    }
    this.#session = session;
    this.#reading += 1;
    this.element.hidden = true;
    if (session !== null) {
      void this.#read(session);
    }
  }

  async #read(session: ConsumerSession): Promise<void> {
    const reading = this.#reading;
    for await (const statistics of session.statistics()) {
      if (reading !== this.#reading) {
        return;
      }
      this.element.replaceChildren(...figuresOf(statistics).flatMap(([name, value]) => [words("dt", name), words("dd", value)]));
      this.element.hidden = this.element.childElementCount === 0;
    }
  }
}

function words(tag: "dt" | "dd", text: string): HTMLElement {
  const made = make(tag);
  made.textContent = text;
  return made;
}
