/** Says at times that this side is there, and notices when the other side is not. Decides nothing else. */

/** What a {@link Heartbeat} calls. */
export interface HeartbeatCalls {
  /** It is time to say something that the other side answers. */
  beat(): void;
  /** The other side has been silent for too long. Called at most once. */
  silent(): void;
}

/** How long the other side may take where there is reason to believe that it is gone. */
const QUICK_ANSWER_MS = 3000;

/** The rhythm of one connection. */
export class Heartbeat {
  readonly #calls: HeartbeatCalls;
  readonly #interval: ReturnType<typeof setInterval>;
  #patience: ReturnType<typeof setTimeout> | undefined;

  /** Times are in milliseconds. */
  constructor(heartbeatMs: number, silenceMs: number, calls: HeartbeatCalls) {
    this.#calls = calls;
    this.#interval = setInterval(() => {
      // Silence is measured from a beat and not from the last word: browsers let the timers of a hidden page sleep
      // for a minute, and then nobody was asked.
      this.#patience ??= this.#wait(silenceMs - heartbeatMs);
      calls.beat();
    }, heartbeatMs);
  }

  /** Asks now, and takes no answer for silence soon. */
  ask(): void {
    clearTimeout(this.#patience);
    this.#patience = this.#wait(QUICK_ANSWER_MS);
    this.#calls.beat();
  }

  /** The other side said something. */
  heard(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }

  /** Calls nothing any more. */
  stop(): void {
    clearInterval(this.#interval);
    this.heard();
  }

  #wait(milliseconds: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      this.stop();
      this.#calls.silent();
    }, milliseconds);
  }
}
