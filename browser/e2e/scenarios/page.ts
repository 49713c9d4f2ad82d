/** The page: previews, what it finds again, what it shares and what it says about tokens. */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scenario } from "../scenario.js";
import type { Page } from "../support/browsers.js";
import { until } from "../support/until.js";
import { listed, moves, play, player } from "../support/viewing.js";
import type { Server, World } from "../world.js";

const PRODUCER = '[data-testid="producer"]';
const LISTED = 20_000;

/** The built page at a server of the world. */
async function open(world: World, server: Server): Promise<string> {
  const config = { signallingServer: { port: server.port, tls: false }, iceServers: [] };
  return (await world.site({ "config.json": JSON.stringify(config) })).url;
}

async function previews(page: Page): Promise<void> {
  await page.hover(PRODUCER);
  await page.waitFor('[data-testid="preview-video"][data-live]', LISTED);
  assert.equal(await page.ask("window.gstWebRTCSessions.length"), 0, "a preview is none of the streams on the page");
  await page.hover("h1");
  await until("end of the preview", () => page.ask('document.querySelector("[data-testid=preview-video]") === null'));
}

/** What plays is in the address, and a producer is found again by its name. */
export const FINDS_AGAIN: Scenario = {
  name: "a preview ends with the look, and what plays is found again by the page's address and by the producer's name",
  browsers: ["chromium"],
  run: async (browser, world) => {
    const server = await world.server();
    const door = { name: "Front door", sound: "", sink: "video-caps=video/x-vp8" };
    const program = await world.cameras(server.url, door);
    const url = await open(world, server);
    const before = await browser.open(url);
    await listed(before, door.name);
    await previews(before);
    const first = await play(before, door.name);
    await moves(before, first);
    await before.ask('void Object.assign(document.querySelector("gst-webrtc-player"), { latency: "smooth", muted: true })');
    const hash = await until("address", () => before.ask("location.hash"), (now) => /latency=smooth;muted$/.test(String(now)));
    await before.close();
    const page = await browser.open(`${url}${String(hash)}`);
    await moves(page, first);
    assert.deepEqual(await page.ask('[...document.querySelectorAll("gst-webrtc-player")].map((p) => [p.latency, p.muted])'), [
      ["smooth", true],
    ]);
    await program.stop("SIGINT");
    await until("farewell", () => page.ask(`${player(first, "status")}.dataset.state === "connecting"`));
    await world.cameras(server.url, door);
    const second = await listed(page, door.name);
    assert.notEqual(second, first);
    await moves(page, second);
    assert.equal(await page.ask('document.querySelectorAll("[data-testid=player]").length'), 1);
  },
};

/** The camera is the browser's imitation of one. */
export const SHARES_CAMERA: Scenario = {
  name: "a page shares its camera under a name, and another page plays it until it stops",
  browsers: ["chromium"],
  run: async (browser, world) => {
    const server = await world.server();
    const url = await open(world, server);
    const sharing = await browser.open(url);
    await sharing.click('[data-testid="share-open"]');
    await sharing.ask('void (document.querySelector("[data-testid=share-name]").value = "My desk")');
    await sharing.click('[data-testid="capture"]');
    const watching = await browser.open(url);
    await moves(watching, await play(watching, "My desk"));
    const words = (): Promise<unknown> => sharing.ask('document.querySelector("[data-testid=share-status]").textContent');
    await until("count of viewers", words, (text) => text === "Live. 1 viewer.");
    assert.equal(await sharing.ask(`document.querySelector('${PRODUCER}')`), null, "nobody is offered what is their own");
    await sharing.click('[data-testid="capture"]');
    await until("end of the offer", () => watching.ask(`document.querySelector('${PRODUCER}') === null`));
  },
};

/** Words for people, and a field; on the server's own page, which can ask the server why it is not let in. */
export const ASKS_FOR_TOKEN: Scenario = {
  name: "a page says that its token does not serve, takes another one and keeps it out of the address",
  browsers: ["firefox"],
  run: async (browser, world) => {
    const folder = await mkdtemp(join(tmpdir(), "tokens-"));
    try {
      await writeFile(join(folder, "tokens.toml"), '[[tokens]]\ntoken = "right"\nrights = ["consume", "list"]\n');
      const server = await world.server("--tokens", join(folder, "tokens.toml"));
      const page = await browser.open(`${server.url.replace(/^ws/, "http")}?token=wrong`);
      await page.waitFor('[data-testid="token"]', LISTED);
      assert.match(String(await page.ask('document.querySelector("[data-testid=problem]").textContent')), /token is not known/);
      assert.equal(await page.ask("location.search"), "");
      await page.ask('void (document.querySelector("[data-testid=token]").value = "right")');
      await page.click('[data-testid="token-use"]');
      const words = '[data-testid="connection-status"]';
      await until("connection", () => page.ask(`document.querySelector('${words}')?.textContent === "Connected"`));
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
