/**
 * Data channels of a producer that sends everything back, whose page is at `ECHO_native` or `ECHO_webrtcbin`: requests
 * and their answers, and echoes on channels of its own and on those that the page opens.
 */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import type { Browser, Page } from "../support/browsers.js";
import { type Talked, noteChannels, talk } from "../support/channel-probe.js";
import { until } from "../support/until.js";
import { player } from "../support/viewing.js";

const LISTED = 20_000;

async function talks(browser: Browser, url: string, transport: string): Promise<Talked> {
  const page = await browser.open(url);
  await page.call(noteChannels);
  await page.waitFor('[data-testid="producer"]', LISTED);
  await page.click('[data-testid="producer"] [data-testid="play"]');
  const talked = await page.call(talk);
  assert.deepEqual(talked.answers, [null, "error", "error"], "the answers to three requests");
  assert.equal(talked.theirs, "Grüße", "an echo on the producer's channel");
  assert.equal(talked.mine, "mine", "an echo on the page's channel");
  assert.ok(talked.longest >= 65_535, `messages may have ${talked.longest} bytes`);
  assert.equal(talked.echoed, Math.min(talked.longest, 262_144), "a long message, there and back");
  assert.ok(talked.told >= 65_535, `the producer's longest message has ${talked.told} bytes`);
  // Chromium takes no more than it may send, and webrtcbin receives no more at once.
  if (transport === "native") {
    assert.deepEqual([talked.longest, talked.echoed, talked.told], [262_144, 262_144, 262_144]);
  } else {
    // The other transport has a scenario of its own for that.
    await controls(page);
  }
  return talked;
}

/** Presses the mouse where the 640x360 picture has its point (160, 90); the producer's test looks for it. */
async function controls(page: Page): Promise<void> {
  const id = String(await page.ask("window.gstWebRTCSessions[0].producerId"));
  await until("button for control", () => page.ask(`${player(id, "control")}.hidden`), (hidden) => hidden === false);
  await page.click('[data-testid="control"]');
  await page.call(countAnswers);
  const [x = 0, y = 0] = await page.call(pointOf, 0.25, 0.25);
  await page.pointer.move(x, y);
  await page.pointer.down();
  await page.pointer.up();
  // A page that is closed earlier may take what it sent with it.
  await until("answers to three events", () => page.ask("window.answers >= 3"));
}

function countAnswers(): void {
  const count = { answers: 0 };
  Object.assign(window, count);
  window.gstWebRTCSessions[0]?.session.remoteController?.addEventListener("controlResponse", ({ detail }) => {
    count.answers += detail.error === null ? 1 : 0;
    Object.assign(window, count);
  });
}

/** Where a point of the first stream's picture is in the window; parts of its width and height. */
function pointOf(across: number, down: number): number[] {
  const video = window.gstWebRTCSessions[0]?.video;
  if (video === undefined) {
    throw new Error("nothing plays");
  }
  video.scrollIntoView({ block: "center" });
  const { left, top, width, height } = video.getBoundingClientRect();
  const scale = Math.min(width / video.videoWidth, height / video.videoHeight);
  const [wide, high] = [video.videoWidth * scale, video.videoHeight * scale];
  return [left + (width - wide) / 2 + across * wide, top + (height - high) / 2 + down * high];
}

/** One for each transport for which there is such a producer. */
export const TALKS: readonly Scenario[] = ["native", "webrtcbin"].flatMap((transport) => {
  const url = process.env[`ECHO_${transport}`];
  const what = transport === "native" ? "requests and messages of both kinds" : "requests, messages of both kinds and remote control";
  const name = `${what} pass through ${transport}`;
  return url === undefined ? [] : [{ name, run: (browser: Browser) => talks(browser, url, transport) }];
});
