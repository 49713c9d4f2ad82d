/**
 * Plays a stream that is running, from the page at `PAGE_URL`, in the first of the wanted browsers. Prints each width that
 * is seen, one a line, until there were as many as `WIDTHS` says, and then what the browser counts against the stream.
 */

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { type Sized, readSize } from "./support/size-probe.js";
import { LAUNCHERS, type Page, wantedBrowsers } from "./support/browsers.js";

const LISTED = 20_000;
const CHANGED = 45_000;
const POLL = 50;
/** Frames after which the beginning of a stream is over, and its last change. */
const SETTLED = 60;

async function until(page: Page, what: string, is: (now: Sized) => boolean): Promise<Sized> {
  const end = performance.now() + CHANGED;
  for (;;) {
    const now = await page.call(readSize);
    if (is(now)) {
      return now;
    }
    assert.ok(performance.now() < end, `no ${what}: ${JSON.stringify(now)}`);
    await pause(POLL);
  }
}

async function follow(page: Page, widths: number): Promise<unknown> {
  const first = await until(page, "stream", (now) => now.framesDecoded > SETTLED);
  let last = first;
  console.log(last.width);
  for (let seen = 1; seen < widths; seen += 1) {
    const before = last.width;
    // A stream that has just begun has none.
    last = await until(page, `other width than ${before}`, (now) => now.width !== before && now.width > 0);
    console.log(last.width);
  }
  const decoded = last.framesDecoded;
  last = await until(page, "further pictures", (now) => now.framesDecoded > decoded + SETTLED);
  return {
    freezeCount: last.freezeCount - first.freezeCount,
    framesDropped: last.framesDropped - first.framesDropped,
    packetsLost: last.packetsLost - first.packetsLost,
    pliCount: last.pliCount - first.pliCount,
  };
}

const url = process.env["PAGE_URL"];
const browser = wantedBrowsers()[0];
if (url === undefined || browser === undefined) {
  console.error("set PAGE_URL to the address of the page that shows the stream, and BROWSERS to a browser");
  process.exitCode = 2;
} else {
  const widths = Number(process.env["WIDTHS"] ?? 1);
  const running = await LAUNCHERS[browser]();
  try {
    const page = await running.open(url);
    await page.waitFor('[data-testid="producer"]', LISTED);
    await page.click('[data-testid="producer"] [data-testid="play"]');
    console.log(JSON.stringify(await follow(page, widths)));
  } finally {
    await running.close();
  }
}
