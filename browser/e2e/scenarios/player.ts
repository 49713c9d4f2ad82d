/** The player in a page of one line: plays, says what is going on and comes back by itself. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import type { Page } from "../support/browsers.js";
import { until } from "../support/until.js";

/** What a viewer sees of it. */
interface Seen {
  readonly state: string;
  readonly text: string;
  readonly width: number;
  /** How far the video has come (s). */
  readonly time: number;
}

const LOOK = `(() => {
  const player = document.querySelector("gst-webrtc-player");
  const words = player.shadowRoot?.querySelector("[role=status]")?.textContent ?? "";
  return { state: player.getAttribute("state"), text: words, width: player.video?.videoWidth, time: player.video?.currentTime };
})()`;
/** What the style sheet does, which a policy may keep out. */
const STYLED = `getComputedStyle(document.querySelector("gst-webrtc-player").shadowRoot.querySelector("[part=controls]")).display`;

function look(page: Page): Promise<Seen> {
  return page.ask(LOOK) as Promise<Seen>;
}

async function reaches(page: Page, state: string, text: RegExp): Promise<Seen> {
  return until(`${state}, ${String(text)}`, () => look(page), (seen) => seen.state === state && text.test(seen.text), 30_000);
}

async function moves(page: Page): Promise<void> {
  const { time } = await look(page);
  await until("moving picture", () => look(page), (seen) => seen.width === 640 && seen.time > time + 0.3);
}

/** Producer and server come, go and come back. */
export const PLAYS_BY_ONE_LINE: Scenario = {
  name: "one line of HTML plays, says what is going on and outlives a producer and a server that restart",
  run: async (browser, world) => {
    const server = await world.server();
    const config = { signallingServer: server.url, iceServers: [] };
    const site = await world.site({ "config.json": JSON.stringify(config) });
    const page = await browser.open(new URL("player.html", site.url).href);
    await reaches(page, "waiting", /^No stream yet/);
    assert.equal(await page.ask(STYLED), "flex");
    const first = await world.cameras(server.url, { name: "front door" });
    await reaches(page, "playing", /^Playing$/);
    await moves(page);
    // Stopped, it says goodbye; who is killed is missed for as long as a connection may be lost.
    await first.stop("SIGINT");
    await reaches(page, "waiting", /“front door” has ended\. Waiting for it to come back/);
    await world.cameras(server.url, { name: "front door" });
    await reaches(page, "playing", /^Playing$/);
    await moves(page);
    await server.program.kill();
    await reaches(page, "playing", /goes on without it/);
    await moves(page);
    await server.startAgain();
    await reaches(page, "playing", /^Playing$/);
    const complaints = page.said.filter((line) => /content.security|trusted/i.test(line));
    assert.deepEqual(complaints, []);
  },
};
