/** Keeps things that may not pass yet, in order. Serves ICE candidates, which must follow their description. */

/** A gate that is shut at first: what comes is held until it opens and passes at once while it is open. */
export class Gate<T> {
  readonly #pass: (item: T) => void;
  #held: T[] = [];
  #open = false;

  /** @param pass - called for every item, in the order in which they came. */
  constructor(pass: (item: T) => void) {
    this.#pass = pass;
  }

  /** Takes an item. */
  push(item: T): void {
    if (this.#open) {
      this.#pass(item);
    } else {
      this.#held.push(item);
    }
  }

  /** Lets everything pass that was held, and whatever comes. */
  open(): void {
    this.#open = true;
    const held = this.#held;
    this.#held = [];
    for (const item of held) {
      this.#pass(item);
    }
  }

  /** Holds what comes from now on. */
  shut(): void {
    this.#open = false;
  }
}
