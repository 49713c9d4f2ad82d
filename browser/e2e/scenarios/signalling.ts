/**
 * The library in real browsers against the real signalling server: connections that are cut, servers that stop, and
 * the codes with which connections end.
 */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { MODERN, TestSignallingServer } from "../../test/support/signalling-server.js";
import type { Scenario } from "../scenario.js";
import type { Browser, Page } from "../support/browsers.js";
import type { Site } from "../support/site.js";
import { until as wait } from "../support/until.js";
import type { World } from "../world.js";

/** The site with the page of these scenarios. */
function site(world: World): Promise<Site> {
  return world.shared("the site of signalling", async (whole) => {
    const bundle = await build({
      entryPoints: [fileURLToPath(new URL("../support/signalling-page.ts", import.meta.url))],
      bundle: true,
      write: false,
      format: "iife",
      target: "es2022",
    });
    return whole.site({
      "signalling.html": '<!doctype html><meta charset="utf-8"><script src="signalling.js"></script>',
      "signalling.js": bundle.outputFiles[0]?.text ?? "",
      "framed.html": '<!doctype html><iframe src="signalling.html"></iframe>',
      "elsewhere.html": "<!doctype html><p>elsewhere",
    });
  });
}

/** A session that runs survives a cut connection and a server that stops, and ends with a reason. */
async function endures(browser: Browser, world: World): Promise<void> {
  const { url } = await site(world);
  const server = await world.server();
  const relay = await world.relay(server.port);
  const page = await browser.open(`${url}signalling.html`);
  assert.equal(await run(page, `signalling.start("${relay.url}")`), true);
  await until(page, "signalling.framesDecoded().then((count) => count > 0)", "a picture");

  const before = (await page.ask("signalling.told.splice(0)")) as string[];
  relay.cut();
  await until(page, "signalling.told.filter((text) => text.includes(' connected ')).length === 2", "two resumed connections");
  const after = (await page.ask("signalling.told.splice(0)")) as string[];
  const connected = (texts: string[]): string[] => texts.filter((text) => text.includes(" connected ")).sort();
  assert.deepEqual(connected(after), connected(before), "the same peers are back");
  assert.deepEqual(after.filter((text) => /added|removed|problem/.test(text)), []);
  await staysAlive(page);
  await page.ask("signalling.closes.splice(0)");

  const next = await world.server();
  relay.retarget(next.port);
  assert.equal(await server.program.stop(), 0);
  await until(page, "signalling.closes.length >= 2", "two closed connections");
  const bye = { code: 1001, reason: "the server is shutting down", clean: true };
  assert.deepEqual(await page.ask("signalling.closes.splice(0)"), [bye, bye]);
  await until(page, "signalling.told.filter((text) => text.includes(' connected ')).length === 2", "the next server");
  const words = (await page.ask("signalling.told")) as string[];
  const told = "problem: the signalling server closed the connection: the server is shutting down (1001)";
  assert.equal(words.filter((text) => text.endsWith(told)).length, 2);
  await until(page, "signalling.told.some((text) => text.startsWith('added'))", "the stream on the next server");
  await until(page, "signalling.told.some((text) => text.startsWith('removed'))", "the end of the old entry");
  await staysAlive(page);

  assert.equal(await run(page, "signalling.playAgain()"), true);
  await page.ask("signalling.closeSession()");
  await until(page, "signalling.ends.length === 2", "both ends of the second session");
  assert.deepEqual(await page.ask("signalling.ends.splice(0)"), [
    'consumer {"kind":"closed"}',
    'client {"kind":"endedByPeer","error":null,"reason":"ended"}',
  ]);

  await page.ask("signalling.closeConsumer()");
  await until(page, "signalling.closes.length === 1", "the end of the consumer's connection");
  assert.deepEqual(await page.ask("signalling.closes"), [{ code: 1000, reason: "the client was closed", clean: true }]);
  assert.equal(await next.program.stop(), 0);
}

async function staysAlive(page: Page): Promise<void> {
  const now = Number(await page.ask("signalling.framesDecoded()"));
  await until(page, `signalling.framesDecoded().then((count) => count > ${now + 10})`, "moving pictures");
  assert.deepEqual(await page.ask("signalling.ends"), []);
}

/** Descriptions and candidates arrive once and in order although the connection is cut again and again. */
async function keepsOrder(browser: Browser, world: World): Promise<void> {
  const { url } = await site(world);
  const server = await world.server();
  const relay = await world.relay(server.port, { piece: 1000 });
  const page = await browser.open(`${url}signalling.html`);
  const [rounds, candidates] = [20, 200];
  assert.equal(await run(page, `signalling.join("${relay.url}")`), true);
  const told = (what: string): string => `signalling.told.filter((text) => text === "bare ${what}").length`;
  for (let round = 1; round <= rounds; round += 1) {
    // One cut in the middle of the messages and others wherever they fall, greetings included.
    relay.cutAfter(round * 997, 400 + round * 113, 300 + round * 71);
    await page.ask(`signalling.send(${candidates})`);
    await until(page, `signalling.arrived.length >= ${round * (1 + candidates)}`, `end of round ${round}`);
    relay.cutAfter();
    await until(page, `${told("ready")} - ${told("lost")} === 2`, "two connections");
  }
  assert.deepEqual(
    await page.ask("signalling.arrived"),
    Array.from({ length: rounds * (1 + candidates) }, (_, index) => String(index)),
  );
  assert.ok(Number(await page.ask(told("lost"))) >= rounds, "connections were cut");
  assert.deepEqual(await page.ask("signalling.told.filter((text) => !/^bare (ready|lost)$/.test(text))"), []);
}

/** Tokens let in who has the right one, and the server's ICE servers are used. */
async function showsToken(browser: Browser, world: World): Promise<void> {
  const { url } = await site(world);
  const folder = await mkdtemp(join(tmpdir(), "signalling-"));
  const [camera, viewer] = ["a camera's tökén", "a viewer's"];
  await writeFile(
    join(folder, "tokens.toml"),
    `[[tokens]]\ntoken = "${camera}"\nrights = ["produce"]\n[[tokens]]\ntoken = "${viewer}"\nrights = ["consume", "list"]\n`,
  );
  const server = await world.server("--tokens", join(folder, "tokens.toml"), "--stun-server", "stun:127.0.0.1:3478");
  try {
    const page = await browser.open(`${url}signalling.html`);
    const address = `ws://127.0.0.1:${server.port}/`;
    assert.equal(await run(page, `signalling.start("${address}", "${camera}", "${viewer}")`), true);
    assert.deepEqual(await page.ask("signalling.iceUrls()"), ["stun:127.0.0.1:3478"]);
    assert.deepEqual(await page.ask("signalling.told.filter((text) => /problem/.test(text))"), [
      "producer problem: the signalling server does not let this client list who is there",
    ]);
    const stranger = await browser.open(`${url}signalling.html`);
    await stranger.ask(`signalling.run(signalling.start("${address}", "a stranger's"))`);
    await until(stranger, "signalling.closes.length > 1", "two refusals");
    assert.deepEqual(await stranger.ask("signalling.told"), []);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A page that is left ends its sessions and its connections properly; how the connection of each ended. */
async function leavesProperly(browser: Browser, world: World): Promise<unknown> {
  if (browser.name === "firefox") {
    // It ends websockets itself before the page hears that it is left.
    const { end } = await leave(browser, world, "location");
    assert.deepEqual(end, [1001, ""]);
    return { end };
  }
  // The process of a page in a frame lasts, so that its last words are heard for certain.
  const framed = await leave(browser, world, "document.querySelector('iframe')");
  assert.deepEqual(framed.end, LEFT);
  assert.equal(framed.reason, "stopping");
  // Chromium may end the process of a whole page before its last words are out. Rare, and beyond what a page can help;
  // the server keeps its place for the time of the lease then.
  const whole = await leave(browser, world, "location");
  if (whole.end[0] !== 1006) {
    assert.deepEqual(whole.end, LEFT);
    assert.equal(whole.reason, "stopping");
  }
  return { framed: framed.end, whole: whole.end };
}

const LEFT = [1000, "the page was left"];

/** Leaves the page by giving `what` another address; how its connection ended, and why its session where it was said. */
async function leave(browser: Browser, world: World, what: string): Promise<{ end: [number, string]; reason: unknown }> {
  const { url } = await site(world);
  const server = await TestSignallingServer.start(0, MODERN);
  try {
    const page = await browser.open(what === "location" ? `${url}signalling.html` : `${url}framed.html`);
    await page.ask("void (window.signalling ??= frames[0].signalling)");
    assert.equal(await run(page, `signalling.start("${server.url}")`), true);
    await page.ask(`void setTimeout(() => { ${what}[${what} === location ? "href" : "src"] = "${url}elsewhere.html"; })`);
    const end = await server.seesClose();
    const reason = end[0] === 1000 ? (await server.hears(({ type }) => type === "endSessionV1_1"))["reason"] : null;
    return { end, reason };
  } finally {
    await server.stop();
  }
}

/** The result of what takes long; asking for it at once would hang where it never comes. */
async function run(page: Page, script: string, deadline = 15_000): Promise<unknown> {
  await page.ask(`signalling.run(${script})`);
  await until(page, "signalling.done !== null", script, deadline);
  return page.ask("signalling.done");
}

async function until(page: Page, script: string, what: string, deadline = 15_000): Promise<void> {
  try {
    await wait(what, () => page.ask(script), (answer) => answer === true, deadline);
  } catch (error) {
    const seen = JSON.stringify(await page.ask("[signalling.told, signalling.ends, signalling.closes]"));
    throw new Error(`${String(error)}; the page was told ${seen}`, { cause: error });
  }
}

export const ENDURES: Scenario = { name: "sessions survive cut connections and servers that stop", run: endures };
export const KEEPS_ORDER: Scenario = { name: "messages arrive once and in order through cuts", run: keepsOrder };
export const SHOWS_TOKEN: Scenario = { name: "who has the right token is let in", run: showsToken };
export const LEAVES_PROPERLY: Scenario = { name: "a page that is left ends its connections properly", run: leavesProperly };
