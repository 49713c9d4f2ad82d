/** Streams of every codec, by both transports, with sound, on the element's own page. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import { CAMERAS, FIRST, studio } from "../studio.js";
import { judge, play } from "../support/viewing.js";

/** All at once on one page, which is many producers as well. */
export const PLAYS_EVERY_CODEC: Scenario = {
  name: "plays every codec by both transports, all at once",
  run: async (browser, world) => {
    const { page: url } = await studio(world);
    const page = await browser.open(url);
    const cameras = CAMERAS.filter(({ browsers }) => browsers.includes(browser.name));
    const ids = new Map<string, string>();
    for (const { name } of cameras) {
      ids.set(name, await play(page, name));
    }
    assert.equal(new Set(ids.values()).size, cameras.length);
    const seen: Record<string, unknown> = {};
    for (const { name, codec } of cameras) {
      const result = await judge(page, ids.get(name) ?? "");
      assert.equal(result.codec.toLowerCase(), codec.toLowerCase(), name);
      seen[name] = result;
    }
    return seen;
  },
};

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
