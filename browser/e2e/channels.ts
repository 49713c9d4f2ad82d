/**
 * Data channels of a stream that is running, from the page at `PAGE_URL`, in real browsers: requests and their answers,
 * and echoes of a producer that sends everything back on channels of its own and on those that the page opens.
 */

import assert from "node:assert/strict";
import { type Talked, noteChannels, talk } from "./support/channel-probe.js";
import { type BrowserName, LAUNCHERS, wantedBrowsers } from "./support/browsers.js";

const LISTED = 20_000;

async function check(browser: BrowserName, url: string): Promise<Talked> {
  const running = await LAUNCHERS[browser]();
  try {
    const page = await running.open(url);
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
    return talked;
  } finally {
    await running.close();
  }
}

const url = process.env["PAGE_URL"];
if (url === undefined) {
  console.error("set PAGE_URL to the address of the page that shows the stream");
  process.exitCode = 2;
} else {
  for (const browser of wantedBrowsers()) {
    try {
      console.log(JSON.stringify({ ok: true, browser, ...(await check(browser, url)) }));
    } catch (error) {
      process.exitCode = 1;
      console.log(JSON.stringify({ ok: false, browser, error: error instanceof Error ? error.message : String(error) }));
    }
  }
}
