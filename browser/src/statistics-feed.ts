/** Asks a connection for its statistics again and again while its session lasts. */

import { type Rung, type SessionStatistics, StatisticsReader, type StatsEntry } from "./statistics.js";

/** How often statistics are made, and of what. */
export interface StatisticsOptions {
  /** In milliseconds; 1000 by default. */
  readonly interval?: number;
  /** Of several video sections the one that is meant (`RTCRtpTransceiver.mid`); by default the one with most data. */
  readonly mid?: string;
}

/** Whose statistics are made. */
export interface StatisticsSource {
  /** The connection, while there is one. */
  connection(): RTCPeerConnection | null;
  /** Whether the session is over. */
  isOver(): boolean;
  /** Calls `over` when the session ends; returns what takes that back. */
  onOver(over: () => void): () => void;
  /** What the producer told about the resolution of a section. */
  rungOf(mid: string | null): Rung | undefined;
}

/** Statistics at once and after every interval, as soon as there is a connection and until the session ends. */
export async function* statisticsOf(
  source: StatisticsSource,
  { interval = 1000, mid }: StatisticsOptions,
): AsyncGenerator<SessionStatistics, void, undefined> {
  const reader = new StatisticsReader(mid ?? null);
  while (!source.isOver()) {
    const statistics = await readFrom(source, reader);
    if (statistics !== null) {
      const rung = source.rungOf(mid ?? null);
      yield rung === undefined ? statistics : { ...statistics, rung };
    }
    await pause(source, interval);
  }
}

async function readFrom(source: StatisticsSource, reader: StatisticsReader): Promise<SessionStatistics | null> {
  try {
    const report = await source.connection()?.getStats();
    // A session that ended meanwhile has nothing more to say.
    return report === undefined || source.isOver() ? null : reader.read(entriesOf(report), performance.now());
  } catch {
    // The connection was closed at this very moment, or could not say anything: the next time may be better.
    return null;
  }
}

function entriesOf(report: RTCStatsReport): StatsEntry[] {
  const entries: StatsEntry[] = [];
  report.forEach((entry: StatsEntry) => entries.push(entry));
  return entries;
}

function pause(source: StatisticsSource, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      forget();
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    const forget = source.onOver(done);
    if (source.isOver()) {
      done();
    }
  });
}
