/** The library in both roles: a page in Chromium produces, the web page plays it in every wanted browser. */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { TestSignallingServer } from "../test/support/signalling-server.js";
import { LAUNCHERS } from "./support/browsers.js";
import { watchEverywhere } from "./support/run.js";
import { serve } from "./support/site.js";

const support = (name: string): Promise<string> => readFile(new URL(`support/${name}`, import.meta.url), "utf8");

const signalling = await TestSignallingServer.start();
const site = await serve(fileURLToPath(new URL("../dist/", import.meta.url)), {
  "config.json": JSON.stringify({ signallingServer: { port: signalling.port, tls: false }, iceServers: [] }),
  "producer.html": await support("producer.html"),
  "producer.js": await support("producer.js"),
});
const producing = await LAUNCHERS["chromium"]?.();
try {
  const page = await producing?.open(`${site.url}producer.html`);
  await page?.click("#start");
  await page?.waitFor('body[data-streaming="true"]', 10_000);
  await watchEverywhere(site.url);
} finally {
  await producing?.close();
  site.close();
  await signalling.stop();
}
