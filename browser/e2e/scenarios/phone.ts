/** The page on a phone: narrow, and used with fingers. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import { studio } from "../studio.js";
import type { Page } from "../support/browsers.js";
import { until } from "../support/until.js";
import { listed, moves, player } from "../support/viewing.js";

/** What a fingertip hits (CSS pixels). */
const FINGERTIP = 40;
const CAMERA = "VP8 natively";

/** In the page: how wide it is, and the buttons and choices that are seen and smaller than `least` or beyond its sides. */
function measure(least: number): { width: number; screen: number; count: number; bad: string[] } {
  const roots = [document, ...[...document.querySelectorAll("gst-webrtc-player")].map(({ shadowRoot }) => shadowRoot)];
  const all = roots.flatMap((root) => [...(root?.querySelectorAll<HTMLElement>("button, a, select, summary") ?? [])]);
  const seen = all.filter((one) => one.checkVisibility({ visibilityProperty: true }));
  const bad = seen.flatMap((one) => {
    const { width, height, left, right } = one.getBoundingClientRect();
    const isGood = Math.min(width, height) >= least && left >= 0 && right <= screen.width;
    return isGood ? [] : [`${one.outerHTML.slice(0, 120)} is ${width}x${height} at ${left}`];
  });
  return { width: document.documentElement.scrollWidth, screen: screen.width, count: seen.length, bad };
}

async function fits(page: Page): Promise<number> {
  const { width, screen, count, bad } = await page.call(measure, FINGERTIP);
  assert.deepEqual([screen, width], [390, 390], "the page scrolls sideways");
  assert.deepEqual(bad, []);
  return count;
}

/** Puts a finger on the middle of an element. */
async function tap(page: Page, element: string): Promise<void> {
  const middle = `(() => {
    const element = ${element};
    element.scrollIntoView({ block: "center", behavior: "instant" });
    const { left, top, width, height } = element.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  })()`;
  const [x = 0, y = 0] = (await page.ask(middle)) as number[];
  await page.pointer.tap(x, y);
}

/** Found, played, paused and ended with fingers. */
export const FITS_A_PHONE: Scenario = {
  name: "on a phone the page has no sideways scroll, what is tapped is large enough, and a tap plays",
  browsers: ["chromium"],
  run: async (browser, world) => {
    const { signalling } = await studio(world);
    const config = { signallingServer: signalling, iceServers: [] };
    const { url } = await world.site({ "config.json": JSON.stringify(config) });
    const page = await browser.open(url, { phone: true });
    const id = await listed(page, CAMERA);
    const listing = await fits(page);
    await tap(page, 'document.querySelector("[data-testid=share-open]")');
    const sharing = await fits(page);
    await tap(page, 'document.querySelector("[data-testid=share-open]")');
    await tap(page, `document.querySelector('[data-marked="${id}"]')`);
    await moves(page, id);
    await tap(page, `${player(id, "video")} ?? document.querySelector("gst-webrtc-player")`);
    const playing = await fits(page);
    await tap(page, player(id, "stop"));
    await until("end of the stream", () => page.ask('document.querySelector("[data-testid=player]") === null'));
    return { listing, sharing, playing };
  },
};
