/** Keeps navigation events in their order, and moves of the pointer to one a frame. */

import type { NavigationEvent } from "./navigation.js";

/** What a queue is made of: where events go, whether they pile up there, and what calls back before the next frame. */
export interface QueueParts {
  emit(event: NavigationEvent): void;
  isBusy(): boolean;
  nextFrame(run: () => void): void;
}

/** Passes events on. */
export class EventQueue {
  readonly #parts: QueueParts;
  #move: NavigationEvent | null = null;
  #isWaiting = false;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  /** Sends events at once, after the move that waits: a click is where the pointer was. */
  send(events: readonly NavigationEvent[]): void {
    if (events.length > 0) {
      this.flush();
    }
    for (const event of events) {
      this.#parts.emit(event);
    }
  }

  /** Sends a move with the next frame, in place of the one that waits. It goes on waiting where events pile up. */
  sendMove(move: NavigationEvent): void {
    this.#move = move;
    this.#wait();
  }

  /** Sends the move that waits. */
  flush(): void {
    const move = this.#move;
    this.#move = null;
    if (move !== null) {
      this.#parts.emit(move);
    }
  }

  #wait(): void {
    if (this.#isWaiting) {
      return;
    }
    this.#isWaiting = true;
    this.#parts.nextFrame(() => {
      this.#isWaiting = false;
      if (this.#move === null) {
        return;
      }
      if (this.#parts.isBusy()) {
        this.#wait();
      } else {
        this.flush();
      }
    });
  }
}
