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
  const usual = samples.frameRate.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
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
