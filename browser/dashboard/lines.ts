/** Puts the samples of several viewers or rungs on one axis of time, as a plot wants them. Pure. */

import { firstFrom } from "./history.js";

/** Values of one line; undefined where it has no sample at that instant, null where there is a gap. */
export type Line = (number | null | undefined)[];

interface Source {
  readonly at: readonly number[];
}

/** An axis that all lines of a plot share. */
export interface Axis {
  /** Seconds since 1970, ascending. */
  readonly seconds: number[];
  /** For each source, its index at each instant; -1: none, -2: nothing was heard of it for a while. */
  readonly places: readonly (readonly number[])[];
}

/** Without samples for so many intervals a line is broken. */
const GAP = 3.5;

/** The axis of the samples of `sources` between `from` and `to` (ms). */
export function axisOf(sources: readonly Source[], from: number, to: number, interval: number): Axis {
  const spans = sources.map(({ at }) => ({ at, first: firstFrom(at, from), end: firstFrom(at, to + 1) }));
  const instants = new Set<number>();
  for (const { at, first, end } of spans) {
    for (let index = first; index < end; index += 1) {
      const instant = at[index] ?? 0;
      instants.add(instant);
      if (index > first && instant - (at[index - 1] ?? 0) > GAP * interval) {
        instants.add((at[index - 1] ?? 0) + interval);
      }
    }
  }
  const all = [...instants].sort((a, b) => a - b);
  return {
    seconds: all.map((instant) => instant / 1000),
    places: spans.map((span) => placesIn(all, span, interval)),
  };
}

function placesIn(
  all: readonly number[],
  { at, first, end }: { at: readonly number[]; first: number; end: number },
  interval: number,
): number[] {
  let next = first;
  return all.map((instant) => {
    if (next < end && at[next] === instant) {
      next += 1;
      return next - 1;
    }
    const before = next > first ? (at[next - 1] ?? 0) : null;
    const isGap = before !== null && next < end && (at[next] ?? 0) - before > GAP * interval;
    return isGap ? -2 : -1;
  });
}

/** One line on an axis. */
export function lineOf(values: readonly (number | null)[], places: readonly number[]): Line {
  return places.map((place) => (place === -1 ? undefined : (values[place] ?? null)));
}

/** The last known value, of the last few; null where there is none. */
export function latest(values: readonly (number | null)[], among = 3): number | null {
  for (let back = 1; back <= Math.min(among, values.length); back += 1) {
    const value = values.at(-back);
    if (value !== null && value !== undefined) {
      return value;
    }
  }
  return null;
}

/** The mean of the known values among the last few; null where there is none. */
export function recentMean(values: readonly (number | null)[], among: number): number | null {
  const known = values.slice(-among).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
