/** Streams of every codec, by both transports, with sound, on the element's own page. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import { CAMERAS, FIRST, studio } from "../studio.js";
import { judge, play } from "../support/viewing.js";

/** What they need of a machine that encodes and decodes in software decides which play at the same time. */
const GROUPS: readonly ((codec: string) => boolean)[] = [(codec) => !isDear(codec), isDear];

/** Several at once on a page, which is many producers as well. */
export const PLAYS_EVERY_CODEC: Scenario = {
  name: "plays every codec by both transports, several at once",
  run: async (browser, world) => {
    const { page: url } = await studio(world);
    const seen: Record<string, unknown> = {};
    for (const isIn of GROUPS) {
      const page = await browser.open(url);
      const cameras = CAMERAS.filter(({ browsers, codec }) => browsers.includes(browser.name) && isIn(codec));
      const ids = new Map<string, string>();
      for (const { name } of cameras) {
        ids.set(name, await play(page, name));
      }
      assert.equal(new Set(ids.values()).size, cameras.length);
      for (const { name, codec } of cameras) {
        const result = await judge(page, ids.get(name) ?? "");
        assert.equal(result.codec.toLowerCase(), codec.toLowerCase(), name);
        seen[name] = result;
      }
      await page.close();
    }
    return seen;
  },
};

function isDear(codec: string): boolean {
  return /VP9|AV1/.test(codec);
}

/** What a network that lets no UDP pass leaves. */
export const PLAYS_OVER_TCP: Scenario = {
  name: "plays over TCP where UDP is blocked",
  browsers: ["chromium"],
  words: ["--webrtc-ip-handling-policy=disable_non_proxied_udp"],
  run: async (browser, world) => {
    const { page: url } = await studio(world);
    const page = await browser.open(url);
    const seen = await judge(page, await play(page, `${FIRST} natively`));
    assert.equal(seen.protocol, "tcp");
    return seen;
  },
};
