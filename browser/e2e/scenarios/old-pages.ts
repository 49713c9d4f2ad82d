/**
 * A page that was written for gstwebrtc-api 3.0.0: with that package as npm has it, and with nothing but the script's
 * address changed.
 */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Scenario } from "../scenario.js";
import type { Browser, Page } from "../support/browsers.js";
import { until } from "../support/until.js";
import type { World } from "../world.js";

const PAGE = '<!doctype html><meta charset="utf-8"><video muted playsinline></video><script src="client.js"></script><script src="page.js"></script>';
const CAMERA = "a camera for old pages";

/** The classic script of the released package, as it is. */
async function released(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve("upstream-client");
  return readFile(join(dirname(entry), "gstwebrtc-api-3.0.0.min.js"), "utf8");
}

/** The classic script of this library. */
async function ours(): Promise<string> {
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL("../../src/global.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
  });
  return bundle.outputFiles[0]?.text ?? "";
}

async function works(browser: Browser, world: World, client: string): Promise<unknown> {
  const script = await readFile(new URL("../support/old-page.js", import.meta.url), "utf8");
  const site = await world.site({ "old.html": PAGE, "client.js": client, "page.js": script });
  const server = await world.server();
  const [page] = await Promise.all([
    browser.open(`${site.url}old.html?port=${server.port}`),
    world.cameras(server.url, { name: CAMERA, sink: "video-caps=video/x-vp8 enable-control-data-channel=true" }),
  ]);
  await consumes(page);
  await produces(page, world, server.url);
  await page.ask("page.session.close()");
  await until("end of the session", () => page.ask("page.ended"));
  return page.ask("page.states");
}

async function consumes(page: Page): Promise<void> {
  const list = "page.peers.filter(({ name }) => name !== null)";
  const peers = (await until("list", () => page.ask(list), (found) => (found as unknown[]).length === 1)) as {
    readonly id: string;
    readonly name: string;
  }[];
  assert.equal(peers[0]?.name, CAMERA);
  assert.deepEqual(await page.ask("page.listed()"), peers);
  await page.ask(`page.consume("${peers[0].id}")`);
  await until("moving pictures", () => page.ask("page.frames"), (frames) => Number(frames) > 10, 20_000);
  // A test pattern takes no events, and the answer says so.
  const answered = 'page.response !== null && page.response.id === page.sent && page.response.error';
  await until("answer to a request", () => page.ask(answered), (error) => /No sink pad/.test(String(error)));
  assert.deepEqual(await page.ask("page.states"), ["connecting", "streaming"]);
}

async function produces(page: Page, world: World, server: string): Promise<void> {
  await page.ask("page.produce()");
  const id = await until("place at the server", () => page.ask("page.clientId"), (found) => typeof found === "string");
  const receiver = world.pipeline(
    "the receiver",
    `-v webrtcsrc signaller::uri=${server} signaller::producer-peer-id=${String(id)} 'stun-server=""' ` +
      "! videoconvert ! video/x-raw ! identity name=seen silent=false ! fakesink sync=false",
  );
  await receiver.says(/last-message = chain .*seen:sink/, 10);
  await until("consumer at the producer", () => page.ask("page.consumers"), (count) => count === 1);
  assert.equal(await receiver.stop("SIGINT"), 0);
  await until("end of the consumer", () => page.ask("page.consumers"), (count) => count === 0);
}

export const RELEASED_CLIENT_WORKS: Scenario = {
  name: "a page of gstwebrtc-api 3.0.0 works unchanged",
  run: async (browser, world) => works(browser, world, await released()),
};
export const OUR_CLIENT_WORKS: Scenario = {
  name: "the same page works with the script's address changed",
  run: async (browser, world) => works(browser, world, await ours()),
};
