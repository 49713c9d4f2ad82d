/** Says at times that this side is there, and notices when the other side is not. Decides nothing else. */

/** What a {@link Heartbeat} calls. */
export interface HeartbeatCalls {
  /** It is time to say something that the other side answers. */
  beat(): void;
  /** The other side has been silent for too long. Called at most once. */
  silent(): void;
}

/** The rhythm of one connection. */
export class Heartbeat {
  readonly #interval: ReturnType<typeof setInterval>;
  #patience: ReturnType<typeof setTimeout> | undefined;

  /** Times are in milliseconds. */
  constructor(heartbeatMs: number, silenceMs: number, calls: HeartbeatCalls) {
    this.#interval = setInterval(() => {
      // Silence is measured from a beat and not from the last word: browsers let the timers of a hidden page sleep
      // for a minute, and then nobody was asked.
      this.#patience ??= setTimeout(() => {
        this.stop();
        calls.silent();
      }, silenceMs - heartbeatMs);
      calls.beat();
    }, heartbeatMs);
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
}
