/** What one session can be asked for: another network path, a codec. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Scenario } from "../scenario.js";
import type { Browser, Page } from "../support/browsers.js";
import type { World } from "../world.js";

const NATIVE = "VP8 or VP9 natively";
const WEBRTCBIN = "VP8 by webrtcbin";

/** Two producers at the real server, and a page of the library's sources. */
async function open(browser: Browser, world: World): Promise<{ page: Page; server: string }> {
  const { site, server } = await world.shared("sessions", async (whole) => {
    const bundle = await build({
      entryPoints: [fileURLToPath(new URL("../support/session-page.ts", import.meta.url))],
      bundle: true,
      write: false,
      format: "iife",
      target: "es2022",
    });
    const { url } = await whole.server();
    await whole.cameras(
      url,
      { name: NATIVE, sink: 'transport=native video-caps="video/x-vp8;video/x-vp9" enable-control-data-channel=true' },
      { name: WEBRTCBIN, sink: "transport=webrtcbin video-caps=video/x-vp8" },
    );
    const files = {
      "sessions.html": '<!doctype html><meta charset="utf-8"><body><script src="sessions.js"></script>',
      "sessions.js": bundle.outputFiles[0]?.text ?? "",
    };
    return { site: await whole.site(files), server: url };
  });
  return { page: await browser.open(`${site.url}sessions.html`), server };
}

function play(page: Page, server: string, name: string, ...codecs: readonly string[]): Promise<void> {
  return page.call((url, producer, wanted) => window.sessions.play(url, producer, wanted), server, name, codecs);
}

/** Media goes on by another path, whatever the producer's transport. */
export const FINDS_ANOTHER_PATH: Scenario = {
  name: "finds another network path when it asks for one, and streams on",
  run: async (browser, world) => {
    const { page, server } = await open(browser, world);
    await play(page, server, NATIVE);
    const restarted = await page.call(() => window.sessions.restart());
    assert.deepEqual(restarted, { asked: true, local: true, remote: true });
    // It answers with the path that there is; then nothing may be lost.
    await play(page, server, WEBRTCBIN);
    assert.equal((await page.call(() => window.sessions.restart())).asked, true);
  },
};

/** Which of two codecs the producer has is the viewer's choice. */
export const CHOOSES_CODEC: Scenario = {
  name: "plays the codec that it wants most",
  run: async (browser, world) => {
    const { page, server } = await open(browser, world);
    await play(page, server, NATIVE, "video/VP9");
    const [first] = await page.call(() => window.sessions.statistics(1, 100));
    assert.equal(first?.codec, "video/VP9");
  },
};
