/**
 * When a preview runs: it begins a moment after somebody looks at a producer and ends when they look away. There is never
 * more than one, and none lasts, since each costs its producer a viewer. How it looks is left to who opens it.
 */

import type { Peer } from "../src/index.js";

/** A preview that runs. */
export interface OpenPreview {
  close(): void;
}

/** How previews run. Times are in milliseconds. */
export interface PreviewOptions {
  /** Begins to show the producer; null where it cannot. */
  open(producer: Peer): OpenPreview | null;
  /** For this long somebody has to look before it begins: passing by costs nothing. */
  readonly delay?: number;
  /** After this long it ends, looked at or not. */
  readonly longest?: number;
}

/** The one preview of the page. */
export class Preview {
  readonly #options: Required<PreviewOptions>;
  #wanted: Peer | null = null;
  #open: OpenPreview | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PreviewOptions) {
    this.#options = { delay: 350, longest: 15_000, ...options };
  }

  /** Somebody looks at `producer`. */
  look(producer: Peer): void {
    if (this.#wanted?.id === producer.id) {
      return;
    }
    this.stop();
    this.#wanted = producer;
    this.#timer = setTimeout(() => {
      this.#open = this.#options.open(producer);
      this.#timer = setTimeout(() => {
        // It does not begin again until somebody has looked away.
        this.#close();
      }, this.#options.longest);
    }, this.#options.delay);
  }

  /** Nobody looks at the producer any more. */
  lookAway(id: string): void {
    if (this.#wanted?.id === id) {
      this.stop();
    }
  }

  /** Ends the preview, whoever looks. */
  stop(): void {
    this.#wanted = null;
    this.#close();
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#open?.close();
    this.#open = null;
  }
}
