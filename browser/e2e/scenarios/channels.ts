/**
 * Data channels of a producer that sends everything back, whose page is at `ECHO_native` or `ECHO_webrtcbin`: requests
 * and their answers, and echoes on channels of its own and on those that the page opens.
 */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import type { Browser } from "../support/browsers.js";
import { type Talked, noteChannels, talk } from "../support/channel-probe.js";

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
  }
  return talked;
}

/** One for each transport for which there is such a producer. */
export const TALKS: readonly Scenario[] = ["native", "webrtcbin"].flatMap((transport) => {
  const url = process.env[`ECHO_${transport}`];
  const name = `requests and messages of both kinds pass through ${transport}`;
  return url === undefined ? [] : [{ name, run: (browser: Browser) => talks(browser, url, transport) }];
});
