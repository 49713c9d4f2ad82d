/** When ICE is to begin anew, and when to give up. Knows neither connections nor networks: it is told. */

/** What a {@link Recovery} calls. */
export interface RecoveryCalls {
  /** Has ICE begin anew; false where that cannot be asked for. */
  restart(): boolean;
  /** The network path is lost for good. */
  giveUp(): void;
  /** Media no longer comes through, or does again. */
  interrupted(is: boolean): void;
}

/** Short losses mend themselves. */
const PATIENCE_MS = 2000;
/** How long a new beginning may take. */
const RESTART_MS = 15_000;

/** Watches over the transport of one session. */
export class Recovery {
  readonly #calls: RecoveryCalls;
  #wasConnected = false;
  #interrupted = false;
  #patience: ReturnType<typeof setTimeout> | undefined;
  /** Until a new beginning has failed. */
  #limit: ReturnType<typeof setTimeout> | undefined;

  constructor(calls: RecoveryCalls) {
    this.#calls = calls;
  }

  /** The transport changed its state. */
  transport(state: RTCPeerConnectionState): void {
    switch (state) {
      case "connected":
        this.#wasConnected = true;
        this.stop();
        this.#tell(false);
        break;
      case "disconnected":
        this.#tell(true);
        this.#patience ??= setTimeout(() => {
          this.#restart();
        }, PATIENCE_MS);
        break;
      case "failed":
        this.#tell(this.#wasConnected);
        if (this.#limit === undefined && !(this.#wasConnected && this.#restart())) {
          this.#calls.giveUp();
        }
        break;
      case "closed":
        this.#calls.giveUp();
        break;
      case "new":
      case "connecting":
        break;
    }
  }

  /** The network of this computer is another one: paths over the old one are likely dead, and nobody has noticed. */
  networkChanged(): void {
    if (this.#wasConnected) {
      this.#restart();
    }
  }

  /** Waits for nothing any more. */
  stop(): void {
    clearTimeout(this.#patience);
    clearTimeout(this.#limit);
    this.#patience = undefined;
    this.#limit = undefined;
  }

  #restart(): boolean {
    const possible = this.#calls.restart();
    if (possible && this.#interrupted) {
      this.#limit ??= setTimeout(() => {
        this.#calls.giveUp();
      }, RESTART_MS);
    }
    return possible;
  }

  #tell(interrupted: boolean): void {
    if (interrupted !== this.#interrupted) {
      this.#interrupted = interrupted;
      this.#calls.interrupted(interrupted);
    }
  }
}
