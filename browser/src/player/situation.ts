/**
 * What a player knows, and what follows from it: which state the viewer sees, and when a session starts and ends. Pure:
 * no elements, no timers; {@link Viewing} lives by it.
 */

import type { EndReason } from "../end-reason.js";
import { type PlayerReason, type Sequel, outcomeOf } from "./causes.js";

/** What a player does, as its viewer and its page see it. */
export type PlayerState = "idle" | "connecting" | "waiting" | "playing" | "paused" | "reconnecting" | "ended";

/** What a player knows. */
export interface Situation {
  /** What the viewer wants. */
  readonly wish: "play" | "pause";
  /** Whether the signalling server is there; `unknown`: it was never reached. */
  readonly server: "unknown" | "up" | "lost";
  /** Whether the server is waited for unusually long. */
  readonly serverLate: boolean;
  /** Whether the server said that it does not let this viewer in. */
  readonly barred: boolean;
  /** The producer to play, while it is listed. */
  readonly producer: string | null;
  /** The session: none, under way, its transport up, its pictures shown. */
  readonly session: "none" | "starting" | "connected" | "shown";
  /** Whether the transport has been up unusually long without a picture. */
  readonly pictureLate: boolean;
  /** Whether nobody looks at the page; browsers show it no pictures then. */
  readonly hidden: boolean;
  /** Whether nothing comes through at the moment although the session goes on. */
  readonly disturbed: boolean;
  /** Of the session, or of the last one. */
  readonly sessionWith: string | null;
  /** Whether there ever was a picture. */
  readonly played: boolean;
  /** Why there is no session; null where nothing went wrong since the last picture. */
  readonly reason: PlayerReason | null;
  /** What follows from `reason`; null: nothing is to be waited for. */
  readonly sequel: Sequel | null;
}

/** Something that happens to a player. */
export type Happening =
  | { readonly type: "play" | "pause" | "retry" | "autoplayBlocked" }
  | { readonly type: "serverUp" | "serverLost" | "serverLate" | "barred" }
  /** Another producer is to be played than before, or none is there; null: none. */
  | { readonly type: "producer"; readonly id: string | null }
  | { readonly type: "connected" | "shown" | "disturbed" | "pictureLate" }
  | { readonly type: "hidden" | "visible" }
  | { readonly type: "ended"; readonly reason: EndReason }
  /** The wait after an end is over. */
  | { readonly type: "retryDue" }
  /** The viewer has paused for long. */
  | { readonly type: "pausedLong" };

/** What is to be done about the session. */
export type Command = { readonly do: "start"; readonly producer: string } | { readonly do: "end" } | null;

/** How every player begins. */
export const BEGINNING: Situation = {
  wish: "play",
  server: "unknown",
  serverLate: false,
  barred: false,
  producer: null,
  session: "none",
  pictureLate: false,
  hidden: false,
  disturbed: false,
  sessionWith: null,
  played: false,
  reason: null,
  sequel: null,
};

const CALM = { reason: null, sequel: null } as const;

/** The situation after something happened, and what is to be done. */
export function advance(before: Situation, happening: Happening): { readonly now: Situation; readonly command: Command } {
  const now = { ...before, ...changeBy(before, happening) };
  if (happening.type === "pausedLong" && now.wish === "pause" && now.session !== "none") {
    return { now: { ...now, session: "none", disturbed: false }, command: { do: "end" } };
  }
  const starts = now.wish === "play" && now.server === "up" && now.session === "none" && now.sequel === null;
  if (starts && now.producer !== null) {
    const { producer, reason } = now;
    // That something was away is no news once it is there.
    const news = reason === "producerLeft" || reason === "serverLost" ? null : reason;
    return { now: { ...now, session: "starting", pictureLate: false, sessionWith: producer, reason: news }, command: { do: "start", producer } };
  }
  return { now, command: null };
}

function changeBy(before: Situation, happening: Happening): Partial<Situation> {
  switch (happening.type) {
    case "play":
      // Who presses play after an end wants another try.
      return before.wish === "pause" || before.sequel === "end" ? { wish: "play", ...CALM } : {};
    case "pause":
      return { wish: "pause" };
    case "autoplayBlocked":
      return { wish: "pause", reason: "autoplayBlocked" };
    case "retry": {
      const stuck = before.disturbed || isLate(before);
      const anew = before.session === "none" || (stuck && before.server === "up" && before.producer !== null);
      // The server may have changed its mind, and is asked again in a while.
      const ask = before.server === "up" ? {} : { serverLate: false, barred: false };
      return { wish: "play", ...ask, ...(anew ? { session: "none", disturbed: false, ...CALM } : {}) };
    }
    case "serverUp":
      // What only the loss of the server ended can go on at once.
      return { server: "up", serverLate: false, barred: false, ...(before.barred || before.reason === "serverLost" ? CALM : {}) };
    case "serverLost":
      return { server: before.server === "unknown" ? "unknown" : "lost" };
    case "serverLate":
      return { serverLate: true };
    case "barred":
      // Media that runs needs no server.
      return before.server === "up" || before.session !== "none" ? {} : { barred: true, reason: "forbidden", sequel: "end" };
    case "producer":
      return { producer: happening.id, ...afterProducer(before, happening.id) };
    case "connected":
      return { disturbed: false, ...(before.session === "starting" ? { session: "connected" } : {}) };
    case "disturbed":
      return { disturbed: before.session === "connected" || before.session === "shown" };
    case "pictureLate":
      return { pictureLate: true };
    case "hidden":
    case "visible":
      return { hidden: happening.type === "hidden" };
    case "shown":
      return before.session === "none" ? {} : { session: "shown", played: true, ...(before.wish === "play" ? CALM : {}) };
    case "ended":
      return afterEnd(before, happening.reason);
    case "retryDue":
      return before.sequel === "producerDecides" ? { sequel: "end" } : before.sequel === "again" ? { sequel: null } : {};
    case "pausedLong":
      return {};
  }
}

/** Whether a picture should have come by now. */
export function isLate({ session, pictureLate }: Situation): boolean {
  return session === "connected" && pictureLate;
}

/** Nothing that ended with one producer holds for another, nor for the same one after it was gone. */
function afterProducer(before: Situation, id: string | null): Partial<Situation> {
  if (before.session !== "none" || before.reason === "closed" || before.reason === "forbidden") {
    return {};
  }
  if (id === null) {
    const left = before.sessionWith !== null && before.wish === "play" && before.sequel !== "end";
    return left ? { sequel: null, reason: "producerLeft" } : {};
  }
  return id === before.sessionWith && before.producer !== null ? {} : { ...CALM, ...keepBlocked(before) };
}

function keepBlocked({ reason }: Situation): Partial<Situation> {
  return reason === "autoplayBlocked" ? { reason } : {};
}

function afterEnd(before: Situation, reason: EndReason): Partial<Situation> {
  if (before.session === "none") {
    return {};
  }
  const outcome = outcomeOf(reason, before.session !== "starting");
  const over = { session: "none", disturbed: false } as const;
  if (before.wish === "pause") {
    // The viewer decides when there is another one.
    return over;
  }
  const gone = before.producer !== before.sessionWith && outcome.sequel !== "end";
  return {
    ...over,
    reason: gone ? "producerLeft" : outcome.reason,
    // A producer that is gone or has a successor needs no wait.
    sequel: gone ? null : outcome.sequel,
  };
}

/** The state that the viewer sees. */
export function stateOf(s: Situation): PlayerState {
  if (s.wish === "pause") {
    return "paused";
  }
  if (s.session === "shown") {
    return s.disturbed ? "reconnecting" : "playing";
  }
  if (s.sequel === "end") {
    return "ended";
  }
  if (s.session === "connected") {
    return s.played ? "reconnecting" : "connecting";
  }
  if (s.server !== "up") {
    return s.server === "lost" ? "reconnecting" : "connecting";
  }
  const away = s.reason === "producerLeft" || s.sequel === "producerDecides";
  if (s.session === "none" && (s.producer === null || away)) {
    return "waiting";
  }
  return s.reason === null && !s.played ? "connecting" : "reconnecting";
}

/** What a button that helps says; null: nobody can do anything but wait. */
export type Help = "Play" | "Try now" | "Try again" | null;

/** The button that helps in a situation. */
export function helpOf(s: Situation): Help {
  const state = stateOf(s);
  if (state === "paused" || state === "ended") {
    return state === "paused" ? "Play" : "Try again";
  }
  const waits = isLate(s) || (state === "reconnecting" && (s.disturbed || (s.session === "none" && s.sequel === "again")));
  return waits && s.server === "up" && s.producer !== null ? "Try now" : null;
}

/** The timers that have to run now; one that is no longer named is stopped. */
export interface Timers {
  /** Until `retryDue`: `soon` for a producer that decides, else `backoff`. */
  readonly retry: "backoff" | "soon" | null;
  /** Until `pausedLong`. */
  readonly pause: boolean;
  /** Until `pictureLate`. */
  readonly picture: boolean;
  /** Until `serverLate`. */
  readonly server: boolean;
}

/** The timers that have to run in a situation. */
export function timersOf(s: Situation): Timers {
  return {
    retry: s.sequel === "again" ? "backoff" : s.sequel === "producerDecides" ? "soon" : null,
    pause: s.wish === "pause" && s.session !== "none",
    picture: s.session === "connected" && s.wish === "play" && !s.hidden && !s.disturbed && !s.pictureLate,
    server: s.server !== "up" && !s.serverLate,
  };
}
