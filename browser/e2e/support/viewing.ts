/** What viewers do on the page: find a producer, play it, and see and hear it. */

import assert from "node:assert/strict";
import type { Page } from "./browsers.js";
import { type Reading, listen, markPlay, readStream } from "./probe.js";
import { until } from "./until.js";

/** What was seen of one stream. */
export interface Seen {
  readonly codec: string;
  readonly protocol: string;
  readonly width: number;
  readonly height: number;
  readonly framesDecoded: number;
  readonly luma: number;
  readonly variance: number;
  /** The `totalAudioEnergy` of the statistics; null where the browser does not count it. */
  readonly audioEnergy: number | null;
  /** The loudest sample that an analyser heard, 0 to 1; null where the statistics had the answer. */
  readonly audioPeak: number | null;
  readonly clickToFirstFrameMs: number;
}

const LISTED = 20_000;
const PLAYING = 30_000;
const MOVING = 10_000;

/** Waits until the page lists the producer of this name, and plays it by a click; its id. */
export async function play(page: Page, name: string): Promise<string> {
  const id = await listed(page, name);
  await page.click(`[data-marked="${id}"]`);
  await until(`session of '${name}'`, () => page.ask(`window.gstWebRTCSessions.some(({ producerId }) => producerId === "${id}")`));
  return id;
}

/** Waits until the page lists the producer of this name; its id. */
export async function listed(page: Page, name: string): Promise<string> {
  return (await until(`entry '${name}'`, () => page.call(markPlay, name), (id) => id !== null, LISTED)) ?? "";
}

/** Judges a stream that was begun to play: its pictures move and are not black, and it is heard. */
export async function judge(page: Page, producerId: string): Promise<Seen> {
  const wait = (what: string, is: (now: Reading) => boolean, deadline = MOVING): Promise<Reading> =>
    sees(page, producerId, what, is, deadline);
  const first = await wait("first picture", (r) => r.framesDecoded > 0 && r.clickToFirstFrame !== null, PLAYING);
  const second = await wait("moving pictures", (r) => r.framesDecoded > first.framesDecoded + 5);
  const seen = await wait("picture that is not black", (r) => r.luma > 8 && r.variance > 20);
  const last = await wait("sound", (r) => r.audible && r.audioEnergy !== 0);
  const audioPeak = last.audioEnergy === null ? await page.call(listen, producerId, MOVING) : null;
  assert.notEqual(audioPeak, 0, "the analyser hears nothing");
  assert.equal(await page.ask(`${player(producerId, "status")}.dataset.state`), "playing");
  return {
    codec: second.codec,
    protocol: last.protocol,
    width: second.frameWidth,
    height: second.frameHeight,
    framesDecoded: last.framesDecoded,
    luma: rounded(seen.luma),
    variance: rounded(seen.variance),
    audioEnergy: last.audioEnergy,
    audioPeak,
    clickToFirstFrameMs: rounded(first.clickToFirstFrame ?? 0),
  };
}

/** Waits until a stream that plays looks so. An end fails at once. */
export async function sees(
  page: Page,
  producerId: string,
  what: string,
  is: (now: Reading) => boolean,
  deadline = MOVING,
): Promise<Reading> {
  const seen = await until(
    what,
    () => page.call(readStream, producerId),
    (now) => now?.ended === true || (now !== null && is(now)),
    deadline,
  );
  if (seen === null || !is(seen)) {
    const words = JSON.stringify(await page.ask("document.body.innerText"));
    throw new Error(`no ${what} before the end: ${JSON.stringify(seen)}; the page says: ${words}`);
  }
  return seen;
}

/** Waits until so many further pictures were decoded. */
export async function moves(page: Page, producerId: string, further = 6): Promise<Reading> {
  const before = await sees(page, producerId, "pictures", ({ framesDecoded }) => framesDecoded > 0);
  return sees(page, producerId, "moving pictures", ({ framesDecoded }) => framesDecoded >= before.framesDecoded + further);
}

/** The expression for a part of a producer's player on the page, by its `data-testid`. */
export function player(producerId: string, part: string): string {
  return `document.querySelector('[data-testid="player"][data-peer-id="${producerId}"] [data-testid="${part}"]')`;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
