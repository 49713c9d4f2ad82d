/** Keeps what was told so far: joins the samples of each answer to those before. Pure. */

import {
  type Answer,
  RUNG_METRICS,
  type Rung,
  type Samples,
  type Session,
  VIEWER_METRICS,
} from "./data.js";

/** How long samples and ended sessions are kept (ms), at least. */
export const KEPT = 3_600_000;
/** Old samples are let go of when they are this share of all, since every column is copied then. */
const WORTH_CUTTING = 1 / 16;

/** All that is known of an element. */
export class History {
  #last: Answer | null = null;
  #sessions = new Map<string, Session>();
  #rungs = new Map<string, Rung>();

  /** What the element said of itself last; null before. */
  get last(): Answer | null {
    return this.#last;
  }

  /** The sessions, in the order in which they were requested. */
  get sessions(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  /** The rungs, also those that are no longer there. */
  get rungs(): readonly Rung[] {
    return [...this.#rungs.values()];
  }

  /**
   * The `since` of the next question. One interval is asked for again, since samples of one tick need not be there at
   * one moment.
   */
  get since(): number {
    const newest = [...this.sessions, ...this.rungs].map(({ samples }) => samples.at.at(-1) ?? 0);
    const interval = this.#last?.interval ?? 0;
    return Math.max(0, newest.reduce((a, b) => Math.max(a, b), 0) - interval);
  }

  /** Takes an answer in, which is the history's own from then on. One of an element that was started anew begins from nothing. */
  add(answer: Answer): void {
    if (this.#last !== null && this.#last.startedAt !== answer.startedAt) {
      this.#sessions.clear();
      this.#rungs.clear();
    }
    this.#last = answer;
    const from = answer.now - KEPT;
    this.#sessions = joined(this.#sessions, answer.sessions, VIEWER_METRICS, from, phaseOf);
    this.#rungs = joined(this.#rungs, answer.rungs, RUNG_METRICS, from);
    const told = new Set(answer.sessions.map(({ id }) => id));
    for (const [id, session] of this.#sessions) {
      if (session.state !== "ended" && !told.has(id)) {
        // The element has forgotten it, so it is over; nobody heard how.
        this.#sessions.set(id, { ...session, state: "ended" });
      }
    }
  }

  /** All of it in the form of an answer. Its samples go on growing. */
  get whole(): Answer | null {
    return this.#last && { ...this.#last, sessions: this.sessions, rungs: this.rungs };
  }

  /** All of it as it is now. */
  snapshot(): Answer | null {
    const { whole } = this;
    return (
      whole && {
        ...whole,
        sessions: whole.sessions.map((session) => ({ ...session, samples: copied(session.samples, VIEWER_METRICS) })),
        rungs: whole.rungs.map((rung) => ({ ...rung, samples: copied(rung.samples, RUNG_METRICS) })),
      }
    );
  }
}

interface Measured<Metric extends string> {
  readonly id: string;
  readonly samples: Samples<Metric>;
}

/** When a session reached its last phase: one that failed has no sample. */
function phaseOf({ phases }: Session): number {
  return Object.values(phases).reduce<number>((last, at) => Math.max(last, at ?? 0), 0);
}

/** What was known and what is told now; what is not told any more stays until it is old. */
function joined<Metric extends string, M extends Measured<Metric>>(
  before: ReadonlyMap<string, M>,
  told: readonly M[],
  metrics: readonly Metric[],
  from: number,
  /** When something happened to an item that may have no sample. */
  lastOf: (item: M) => number = () => 0,
): Map<string, M> {
  const all = new Map(before);
  for (const item of told) {
    const known = all.get(item.id)?.samples;
    if (known !== undefined) {
      append(known, item.samples, metrics);
    }
    all.set(item.id, { ...item, samples: cut(known ?? item.samples, metrics, from) });
  }
  const present = new Set(told.map(({ id }) => id));
  for (const [id, item] of all) {
    if (!present.has(id) && Math.max(item.samples.at.at(-1) ?? 0, lastOf(item)) < from) {
      all.delete(id);
    }
  }
  return all;
}

/** Adds to `known` those of `more` that are newer than all of it. In place: this is done for every viewer each second. */
function append<Metric extends string>(known: Samples<Metric>, more: Samples<Metric>, metrics: readonly Metric[]): void {
  const newest = known.at.at(-1) ?? -Infinity;
  more.at.forEach((at, place) => {
    if (at > newest) {
      known.at.push(at);
      for (const metric of metrics) {
        known[metric].push(more[metric][place] ?? null);
      }
    }
  });
}

/** Those at `from` and later, once enough are older. */
function cut<Metric extends string>(samples: Samples<Metric>, metrics: readonly Metric[], from: number): Samples<Metric> {
  const first = firstFrom(samples.at, from);
  return first === 0 || first < samples.at.length * WORTH_CUTTING ? samples : copied(samples, metrics, first);
}

/** Those from the place `first` on. */
function copied<Metric extends string>(samples: Samples<Metric>, metrics: readonly Metric[], first = 0): Samples<Metric> {
  const columns = metrics.map((metric) => [metric, samples[metric].slice(first)] as const);
  return { at: samples.at.slice(first), ...Object.fromEntries(columns) } as Samples<Metric>;
}

/** The place of the first instant that is not before `from`. */
export function firstFrom(at: readonly number[], from: number): number {
  let [low, high] = [0, at.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((at[middle] ?? 0) < from) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
