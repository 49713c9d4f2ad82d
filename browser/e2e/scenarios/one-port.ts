/** One port for the page and its websocket: the signalling server's, to its own page and to pages of others. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import { until } from "../support/until.js";
import { judge, play } from "../support/viewing.js";

const CAMERA = { name: "at one port", sink: "video-caps=video/x-vp8" };

/** The page, its scripts, its configuration and its websocket. */
export const SERVES_ITS_PAGE: Scenario = {
  name: "the signalling server's own page plays what is produced there",
  run: async (browser, world) => {
    const server = await world.server();
    await world.cameras(server.url, CAMERA);
    const page = await browser.open(server.url.replace(/^ws/, "http"));
    const seen = await judge(page, await play(page, CAMERA.name));
    assert.equal(seen.codec, "video/VP8");
    return seen;
  },
};

/** The player is a script of another origin there, and finds out for itself where its server is. */
export const SERVES_PAGES_OF_OTHERS: Scenario = {
  name: "a page of somebody else plays with one line that names the signalling server",
  run: async (browser, world) => {
    const server = await world.server();
    await world.cameras(server.url, CAMERA);
    const script = `${server.url.replace(/^ws/, "http")}gst-webrtc-player.js`;
    const { url } = await world.site({
      "theirs.html": `<!doctype html><script type="module" src="${script}"></script><gst-webrtc-player muted></gst-webrtc-player>`,
    });
    const page = await browser.open(`${url}theirs.html`);
    const player = "document.querySelector('gst-webrtc-player')";
    await until("a player that plays", () => page.ask(`${player}.state`), (state) => state === "playing");
    const width = await until("a picture", () => page.ask(`${player}.video.videoWidth`), (found) => Number(found) > 0);
    return { width };
  },
};
