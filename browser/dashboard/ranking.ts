/** Which viewers to look at first: how badly off each one is, search, and order. Pure. */

import type { Session } from "./data.js";
import { latest, recentMean } from "./lines.js";

/** What the order can go by. */
export const ORDERS = ["worst", "newest", "viewer", "sent", "loss", "roundTrip", "frameRate"] as const;
/** One of {@link ORDERS}. */
export type Order = (typeof ORDERS)[number];

/** Which sessions are listed. */
export type Filter = "all" | "live" | "ended" | "failed";

/** How many samples count as "now". */
const RECENT = 8;
/** Longer than this (ms) nobody waits for a picture gladly. */
const SLOW_START = 4000;

/** How badly off a viewer is: 0 is well, 100 as bad as can be; below 0 are those who have left as they wished. */
export function badness(session: Session, now: number): number {
  const { samples, state, end, phases } = session;
  if (state === "ended") {
    return end?.isError === true ? 45 : -1;
  }
  if (state === "connecting") {
    return Math.min(60, ((now - (phases.requested ?? now)) / SLOW_START) * 30);
  }
  const share = (value: number | null, worst: number): number => Math.min(1, Math.max(0, (value ?? 0) / worst));
  const sent = recentMean(samples.sent, RECENT);
  const stalled = sent === 0 && samples.at.length >= RECENT;
  const rate = recentMean(samples.frameRate, RECENT);
  const usual = mostOf(samples.frameRate);
  const slowdown = rate === null || usual === 0 ? 0 : 1 - rate / usual;
  return Math.min(
    100,
    40 * share(recentMean(samples.loss, RECENT), 0.1) +
      20 * share(recentMean(samples.roundTrip, RECENT), 0.5) +
      25 * share(recentMean(samples.queueDelay, RECENT), 0.5) +
      25 * share(slowdown - 0.1, 0.5) +
      (stalled ? 60 : 0),
  );
}

/** How far each column was looked through, and the most that was found. */
const looked = new WeakMap<readonly (number | null)[], { length: number; most: number }>();

/** The most of a column that only grows. What was looked at is not looked at again. */
function mostOf(values: readonly (number | null)[]): number {
  const found = looked.get(values) ?? { length: 0, most: 0 };
  for (; found.length < values.length; found.length += 1) {
    found.most = Math.max(found.most, values[found.length] ?? 0);
  }
  looked.set(values, found);
  return found.most;
}

/** The sessions that match, in the order wished for; `words` are looked for in all that names a viewer. */
export function listed(
  sessions: readonly Session[],
  { order, filter, words, now }: { order: Order; filter: Filter; words: string; now: number },
): Session[] {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const matches = sessions.filter((session) => isIn(session, filter) && wanted.every((word) => nameWords(session).includes(word)));
  const rows = matches.map((session) => ({ session, key: keyOf(session, order, now) }));
  rows.sort((a, b) => compare(a.key, b.key) || compare(-(a.session.phases.requested ?? 0), -(b.session.phases.requested ?? 0)));
  return rows.map(({ session }) => session);
}

/** So many rows are listed; a page with thousands of them stands still. */
const ROWS = 200;

/** The rows that are listed: the first ones, and those that are plotted, so that they can be left out again. */
export function firstRows(rows: readonly Session[], plotted: ReadonlyMap<string, unknown>): Session[] {
  return rows.filter(({ id }, place) => place < ROWS || plotted.has(id));
}

/** What is said of the list: how many rows there are of how many `matches` of `all` sessions. */
export function listedWords(rows: number, matches: number, all: number, plotted: number): string {
  if (all === 0) {
    return "nobody has come yet";
  }
  const hidden = matches - rows;
  const more = hidden > 0 ? `, ${hidden} more match (search for them, or choose another order)` : "";
  return `${rows === all ? rows : `${rows} of ${all}`} listed${more}, ${plotted} plotted`;
}

/** Those that are watching and are worst off, at most `count`. */
export function worst(sessions: readonly Session[], count: number, now: number): Session[] {
  const measured = sessions.filter(({ samples }) => samples.at.length > 0);
  return listed(measured, { order: "worst", filter: "live", words: "", now }).slice(0, count);
}

function isIn({ state, end }: Session, filter: Filter): boolean {
  switch (filter) {
    case "all":
      return true;
    case "live":
      return state !== "ended";
    case "ended":
      return state === "ended";
    case "failed":
      return end?.isError === true;
  }
}

function nameWords({ id, peerId, transport, state, codecs, end }: Session): string {
  return [id, peerId, transport, state, ...codecs, end?.reason ?? "", end?.text ?? ""].join(" ").toLowerCase();
}

/** Small keys come first; who has no value comes last. */
function keyOf(session: Session, order: Order, now: number): number | string {
  const { samples } = session;
  const descending = (value: number | null): number => (value === null || session.state === "ended" ? Infinity : -value);
  switch (order) {
    case "worst":
      return -badness(session, now);
    case "newest":
      return -(session.phases.requested ?? 0);
    case "viewer":
      return session.peerId;
    case "sent":
    case "loss":
    case "roundTrip":
      return descending(latest(samples[order]));
    case "frameRate": {
      // The slowest first.
      const rate = session.state === "ended" ? null : latest(samples.frameRate);
      return rate ?? Infinity;
    }
  }
}

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
