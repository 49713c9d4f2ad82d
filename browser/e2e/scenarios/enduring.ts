/** What a stream outlives: its signalling server, and a pause. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import { studio } from "../studio.js";
import type { Page } from "../support/browsers.js";
import { until } from "../support/until.js";
import { moves, play } from "../support/viewing.js";

/** A stand still that viewers would call one (ms), not the hiccup of a busy machine. */
const LONGEST_GAP = 1500;
const CAMERA = { name: "a camera that endures", sink: "video-caps=video/x-vp8" };
/** The state of the page's connection to the signalling server. */
const CONNECTION = "document.querySelector('[data-testid=connection-status]').dataset.state";

/** Notes the longest time without a new picture of the first stream (ms), as `window.longestGap`. */
function noteGaps(): void {
  let [decoded, since] = [0, performance.now()];
  const gaps = { longestGap: 0, kept: window.gstWebRTCSessions[0]?.session };
  Object.assign(window, gaps);
  const note = async (): Promise<void> => {
    const report = await gaps.kept?.rtcPeerConnection?.getStats();
    const stats = [...(report?.values() ?? [])] as Record<string, unknown>[];
    // A stream of which nothing is known has no new picture.
    const now = Number(stats.find((s) => s["type"] === "inbound-rtp" && s["kind"] === "video")?.["framesDecoded"] ?? 0);
    Object.assign(window, { longestGap: Math.max(Number(Reflect.get(window, "longestGap")), performance.now() - since) });
    if (now > decoded) {
      [decoded, since] = [now, performance.now()];
    }
  };
  setInterval(() => {
    void note();
  }, 50);
}

async function connection(page: Page, state: string): Promise<void> {
  await until(`connection that is ${state}`, () => page.ask(CONNECTION), (now) => now === state);
}

/** Killed without a word, away for a while, and back at its port without a memory. */
export const OUTLIVES_THE_SERVER: Scenario = {
  name: "media never stops while the signalling server is killed and started again",
  run: async (browser, world) => {
    const [{ page: url }, server] = await Promise.all([studio(world), world.server()]);
    const producer = await world.cameras(server.url, CAMERA);
    const page = await browser.open(`${url}?server=${server.url}`);
    const id = await play(page, CAMERA.name);
    await moves(page, id);
    await page.call(noteGaps);

    await server.program.kill();
    await connection(page, "connecting");
    await moves(page, id, 30);
    await server.startAgain();
    await connection(page, "connected");
    await producer.says(/connected to the signalling server as/, 2);
    // The page may know the producer by its new identifier.
    await moves(page, String(await page.ask("window.gstWebRTCSessions[0].producerId")), 30);

    assert.equal(await page.ask("window.kept === window.gstWebRTCSessions[0].session"), true, "it is the same session");
    assert.equal(await page.ask("window.gstWebRTCSessions.length"), 1);
    const gap = Number(await page.ask("window.longestGap"));
    assert.ok(gap > 0 && gap < LONGEST_GAP, `the pictures stood still for ${gap} ms`);
    // Who comes now finds the producer again.
    const late = await browser.open(`${url}?server=${server.url}`);
    await moves(late, await play(late, CAMERA.name));
    return { longestGapMs: Math.round(gap) };
  },
};

/** What a viewer does who wants to see no more for a moment. */
export const PAUSES: Scenario = {
  name: "a stream that is paused stands still, and goes on live",
  run: async (browser, world) => {
    const { page: url } = await studio(world);
    const page = await browser.open(url);
    const id = await play(page, "VP8 natively");
    await moves(page, id);
    const video = `window.gstWebRTCSessions.find(({ producerId }) => producerId === "${id}").video`;
    const at = async (): Promise<number> => Number(await page.ask(`${video}.currentTime`));
    await page.ask(`${video}.pause()`);
    const stood = await at();
    await moves(page, id, 15);
    assert.equal(await at(), stood, "it stands still while pictures arrive");
    await page.ask(`${video}.play()`);
    await until("picture after the pause", at, (now) => now > stood);
    await moves(page, id);
  },
};
