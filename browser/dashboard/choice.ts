/** Which items are plotted: those that were chosen, or those that a rule names as long as nobody chose. Pure. */

import { COLOURS } from "./colours.js";

/** A choice of items. Each keeps its colour while it is chosen. */
export class Choice {
  #chosen: Set<string> | null = null;
  #places = new Map<string, number>();
  /** What there was last; null: nobody asked yet. */
  #there: ReadonlySet<string> | null = null;

  /** Whether a rule chooses. */
  get isAutomatic(): boolean {
    return this.#chosen === null;
  }

  /** Has the rule choose again. */
  follow(): void {
    this.#chosen = null;
  }

  /** Chooses an item, beside those that are now plotted, or leaves it out. */
  set(id: string, isChosen: boolean): void {
    const there = this.#there;
    const chosen = new Set([...(this.#chosen ?? this.#places.keys())].filter((one) => there?.has(one) ?? true));
    if (isChosen) {
      chosen.add(id);
    } else {
      chosen.delete(id);
    }
    this.#chosen = chosen;
  }

  /**
   * The items to be plotted with the places of their colours, of those that there are. No more than colours. The rule
   * chooses again when all that was chosen is gone.
   */
  of(all: readonly string[], rule: () => readonly string[]): ReadonlyMap<string, number> {
    const there = new Set(all);
    this.#there = there;
    if (this.#chosen !== null && this.#chosen.size > 0 && ![...this.#chosen].some((id) => there.has(id))) {
      this.follow();
    }
    const wanted = (this.#chosen === null ? rule() : [...this.#chosen].filter((id) => there.has(id))).slice(-COLOURS);
    const kept = new Map([...this.#places].filter(([id]) => wanted.includes(id)));
    const taken = new Set(kept.values());
    for (const id of wanted) {
      if (!kept.has(id)) {
        let place = 0;
        while (taken.has(place)) {
          place += 1;
        }
        taken.add(place);
        kept.set(id, place);
      }
    }
    this.#places = kept;
    return kept;
  }
}

/** How long (ms) a rule's choice stands, so that lines can be followed with the eyes. */
const STANDS = 10_000;

/** Keeps what a rule chose for a while, unless one of them is gone or there is place for more. */
export class Steady {
  #ids: readonly string[] = [];
  #since = -Infinity;

  /** What is chosen at `now` (ms), of those that are there. */
  of(now: number, there: readonly string[], count: number, rule: () => readonly string[]): readonly string[] {
    const isWhole = this.#ids.length === Math.min(count, there.length) && this.#ids.every((id) => there.includes(id));
    if (!isWhole || now - this.#since >= STANDS || now < this.#since) {
      this.#ids = rule();
      this.#since = now;
    }
    return this.#ids;
  }
}
