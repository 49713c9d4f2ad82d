/** How long to wait before the next try. Knows no timer: who asks does the waiting. */

/** Bounds of the delays that a {@link Backoff} gives. */
export interface BackoffOptions {
  /** The longest that the first delay can be, in milliseconds. */
  readonly first: number;
  /** The longest that any delay can be, in milliseconds. */
  readonly longest: number;
  /** A source of numbers in [0, 1); `Math.random` unless a test needs to know them. */
  readonly random?: () => number;
}

/**
 * Delays that double with every failure, each shortened by up to a half at random so that the clients of a
 * server that restarts do not all come back in the same instant.
 */
export class Backoff {
  readonly #first: number;
  readonly #longest: number;
  readonly #random: () => number;
  #ceiling: number;

  constructor(options: BackoffOptions) {
    this.#first = options.first;
    this.#longest = options.longest;
    this.#random = options.random ?? Math.random;
    this.#ceiling = Math.min(options.first, options.longest);
  }

  /** The delay before the next try, in milliseconds. */
  next(): number {
    const ceiling = this.#ceiling;
    this.#ceiling = Math.min(ceiling * 2, this.#longest);
    return ceiling * (1 - this.#random() / 2);
  }

  /** Starts again with short delays, after a success. */
  reset(): void {
    this.#ceiling = Math.min(this.#first, this.#longest);
  }
}
