/** The statistics of a session as rows of words. Pure. */

import type { SessionStatistics } from "../statistics.js";

/** A name and what is known of it. */
export type Figure = readonly [name: string, value: string];

/** What is known, in the order in which it is shown. */
export function figuresOf(s: SessionStatistics): Figure[] {
  const rows: readonly (readonly [string, string | null])[] = [
    ["Picture", s.frameWidth === undefined || s.frameHeight === undefined ? null : `${s.frameWidth} × ${s.frameHeight}`],
    ["Resolution", s.rung === undefined || s.rung.count < 2 ? null : `${s.rung.index + 1} of ${s.rung.count}`],
    ["Frames", worded(s.framesPerSecond, (rate) => `${rate.toFixed(0)} per second`)],
    ["Video", joined(worded(s.bitrate, bits), shortName(s.codec))],
    ["Sound", joined(worded(s.audioBitrate, bits), shortName(s.audioCodec))],
    ["Round trip", worded(s.roundTripTime, milliseconds)],
    ["Held back", worded(s.jitterBufferDelay, milliseconds)],
    ["Lost", worded(s.packetLoss, (share) => `${(share * 100).toFixed(1)} %`)],
    ["Freezes", worded(s.freezeCount, (count) => (count === 0 ? "none" : `${count}${frozen(s.totalFreezesDuration)}`))],
    ["Path", s.protocol === undefined ? null : `${s.protocol.toUpperCase()}${s.relayed === true ? " through a relay" : ""}`],
    ["Decoder", s.decoder ?? null],
  ];
  return rows.filter((row): row is Figure => row[1] !== null);
}

function worded(value: number | undefined, words: (value: number) => string): string | null {
  return value === undefined ? null : words(value);
}

function joined(...words: readonly (string | null)[]): string | null {
  const known = words.filter((word) => word !== null);
  return known.length === 0 ? null : known.join(", ");
}

function bits(rate: number): string {
  return rate >= 999_500 ? `${(rate / 1e6).toFixed(2)} Mbit/s` : `${(rate / 1e3).toFixed(0)} kbit/s`;
}

function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toFixed(0)} ms`;
}

function frozen(seconds: number | undefined): string {
  return seconds === undefined ? "" : `, ${seconds.toFixed(1)} s`;
}

function shortName(codec: string | undefined): string | null {
  return codec?.replace(/^(video|audio)\//, "") ?? null;
}
