/** The phases of a session as pieces of a bar. Pure. */

import type { Session } from "./data.js";
import { duration } from "./format.js";

/** What a session spends its beginning with, in its order. */
export const STEPS = [
  { name: "offer", end: "offered", words: "offer made" },
  { name: "answer", end: "answered", words: "answered" },
  { name: "ice", end: "iceConnected", words: "ICE" },
  { name: "dtls", end: "dtlsConnected", words: "DTLS" },
  { name: "frame", end: "firstFrame", words: "first frame" },
] as const;

/** One piece of a bar. */
export interface Piece {
  readonly step: (typeof STEPS)[number]["name"];
  readonly words: string;
  /** From the request on (ms). */
  readonly from: number;
  readonly to: number;
  /** It goes on, or nothing came of it. */
  readonly state: "done" | "going" | "failed";
}

/** The pieces of a session's bar. A phase that nobody saw belongs to the next that was seen. */
export function piecesOf(session: Session, now: number): Piece[] {
  const { phases } = session;
  const start = phases.requested;
  if (start === null) {
    return [];
  }
  const pieces: Piece[] = [];
  let from = 0;
  for (const { name, end, words } of STEPS) {
    const reached = phases[end];
    if (reached !== null) {
      const to = Math.max(from, reached - start);
      pieces.push({ step: name, words, from, to, state: "done" });
      from = to;
    }
  }
  const next = STEPS.findLast(({ end }) => phases[end] !== null);
  const open = STEPS[next === undefined ? 0 : STEPS.indexOf(next) + 1];
  if (open !== undefined) {
    const to = Math.max(from, (phases.ended ?? now) - start);
    const state = session.state === "ended" ? "failed" : "going";
    pieces.push({ step: open.name, words: open.words, from, to, state });
  }
  return pieces;
}

/** How long the beginning took (ms), until the first frame or until now. */
export function beginningOf(pieces: readonly Piece[]): number {
  return pieces.at(-1)?.to ?? 0;
}

/** How long bars are in all (ms): the longest decides, but not one that waits for minutes. */
export function scaleOf(bars: readonly (readonly Piece[])[]): number {
  const lengths = bars.map(beginningOf).sort((a, b) => a - b);
  const usual = lengths[Math.floor((lengths.length - 1) * 0.9)] ?? 0;
  return Math.max(200, Math.min(lengths.at(-1) ?? 0, usual * 2));
}

/** All pieces in words. */
export function timelineWords(pieces: readonly Piece[]): string {
  const words = { done: "", going: " so far", failed: " and never done" };
  return pieces.map(({ words: what, from, to, state }) => `${what} ${duration((to - from) / 1000)}${words[state]}`).join(" · ");
}
