/** The test of one browser: it finds the stream, plays it, and sees and hears it. */

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { LAUNCHERS, type Page } from "./browsers.js";
import { type Reading, listen, readStream } from "./probe.js";

/** What one browser saw. */
export interface Result {
  readonly browser: string;
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
const POLL = 100;
/** The state of the first player on the page. */
const STATE = 'document.querySelector("[data-testid=status]").dataset.state';
/** esbuild marks functions with a call of this name, which pages do not have. */
export const PRELUDE = "globalThis.__name ??= (f) => f;";

/** Plays the first stream on the page at `url` in `browser`, and hands the page to `look`. */
export async function play<T>(browser: string, url: string, look: (page: Page) => Promise<T>): Promise<T> {
  const launch = LAUNCHERS[browser];
  assert.ok(launch !== undefined, `no such browser: ${browser}`);
  const running = await launch();
  try {
    const page = await running.open(url);
    await page.waitFor('[data-testid="producer"]', LISTED);
    await page.click('[data-testid="producer"] [data-testid="play"]');
    return await look(page);
  } finally {
    await running.close();
  }
}

/** Plays the first stream on the page at `url` in `browser`, and judges it. */
export async function watch(browser: string, url: string): Promise<Result> {
  return play(browser, url, (page) => judge(browser, page));
}

async function judge(browser: string, page: Page): Promise<Result> {
  const first = await until(page, PLAYING, "a first picture", (r) => r.framesDecoded > 0 && r.clickToFirstFrame !== null);
  const second = await until(page, MOVING, "moving pictures", (r) => r.framesDecoded > first.framesDecoded + 5);
  const seen = await until(page, MOVING, "a picture that is not black", (r) => r.luma > 8 && r.variance > 20);
  const last = await until(page, MOVING, "sound", (r) => r.audible && r.audioEnergy !== 0);
  const audioPeak =
    last.audioEnergy === null ? Number(await page.ask(`${PRELUDE}(${listen.toString()})(${MOVING})`)) : null;
  assert.notEqual(audioPeak, 0, "the analyser hears nothing");
  assert.equal(await page.ask(STATE), "playing");
  assert.equal(await page.ask("document.querySelector('main img')"), null, "a producer's name became HTML");
  return {
    browser,
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

async function until(
  page: Page,
  deadline: number,
  what: string,
  is: (reading: Reading) => boolean,
): Promise<Reading> {
  const end = performance.now() + deadline;
  for (;;) {
    const now = await reading(page);
    if (is(now)) {
      return now;
    }
    const over = /^(ended|failed)$/.test(String(await page.ask(STATE)));
    if (over || performance.now() >= end) {
      const words = String(await page.ask("document.body.innerText"));
      const when = over ? "before the end" : `within ${deadline} ms`;
      assert.fail(`no ${what} ${when}: ${JSON.stringify(now)}; the page says: ${words}`);
    }
    await pause(POLL);
  }
}

async function reading(page: Page): Promise<Reading> {
  return (await page.ask(`${PRELUDE}(${readStream.toString()})()`)) as Reading;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
