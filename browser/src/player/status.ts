/** What a player tells its page. Types only. */

import type { PlayerReason } from "./causes.js";
import type { PlayerState } from "./situation.js";

/** What a player tells about its state. */
export interface PlayerStatus {
  readonly state: PlayerState;
  /** For people. May hold a producer's words: show it as text, never as HTML. */
  readonly text: string;
  /** For programs; null where nothing is wrong. */
  readonly reason: PlayerReason | null;
}

/** The events of a player. */
export interface PlayerEventMap {
  /** The state, or what is to be said about it, changed. */
  statechange: CustomEvent<PlayerStatus>;
  /** The first picture of a session is shown; `detail.at` is on the clock of `performance.now()`. */
  firstframe: CustomEvent<{ readonly at: number }>;
}
