/** What a page sends: talk-back to a passive consumer, and its camera to a `webrtcsrc`. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import type { Browser, Page } from "../support/browsers.js";
import type { Program } from "../support/program.js";
import { until } from "../support/until.js";
import type { World } from "../world.js";

const PAGE = `<!doctype html><title>page</title><script type="module" src="setup.js"></script>`;
/** Notes every microphone and camera that is handed out. */
const NOTING = `
window.handed = [];
const devices = navigator.mediaDevices;
const open = devices.getUserMedia.bind(devices);
devices.getUserMedia = async (wishes) => {
  const stream = await open(wishes);
  window.handed.push(...stream.getTracks());
  return stream;
};`;
const talking = (server: string): string => `import { GstWebRTCAPI, TalkBack, talkBackConsumerOf } from "./gstwebrtc-api.mjs";
${NOTING}
const api = new GstWebRTCAPI({ signalingServerUrl: "${server}", webrtcConfig: { iceServers: [] } });
const door = { id: "of the door", meta: { name: "door" } };
const find = () => talkBackConsumerOf(door, api.getAvailableConsumers())?.id ?? null;
window.api = api;
window.find = find;
window.talk = (linger) => window.talkBack = new TalkBack(api, find, { linger });`;
const producing = (server: string): string => `import { GstWebRTCAPI, captureCamera } from "./gstwebrtc-api.mjs";
const api = new GstWebRTCAPI({ signalingServerUrl: "${server}", webrtcConfig: { iceServers: [] } });
window.api = api;
window.produce = async (codec, consumer) => {
  const stream = await captureCamera({ width: 320, height: 240, audio: true });
  window.session = consumer === null ? api.createProducerSession(stream) : api.createProducerSessionForConsumer(stream, consumer);
  window.session.codecPreferences = [codec];
  return window.session.start();
};`;

/** Louder than a microphone that is closed. */
const LOUD = /^Got message .*level.* rms=\(GValueArray\)< -[0-4]?\d(?:\.\d+)?[ ,]/;
const CONNECTED = /webrtc-session-connected/;

/** Whether sound arrived in the session that is the `count`th of all. */
function hears({ said }: Program, count: number): boolean {
  const connected = said.flatMap((line, at) => (CONNECTED.test(line) ? [at] : []));
  const begin = connected[count - 1];
  return begin !== undefined && said.slice(begin).some((line) => LOUD.test(line));
}

async function open(browser: Browser, world: World, setup: string): Promise<Page> {
  const site = await world.site({ "page.html": PAGE, "setup.js": setup });
  const page = await browser.open(`${site.url}page.html`);
  await until("connection of the page", () => page.ask("(window.api?.clientId ?? null) !== null"));
  return page;
}

/** Talk-back to a `webrtcsrc`, one page after the other. */
export const TALKS_BACK: Scenario = {
  name: "pages talk to a webrtcsrc beside the sink, one after the other, with microphones that are on meanwhile only",
  run: async (browser, world) => {
    const { url } = await world.server();
    const door = world.pipeline(
      "the door",
      `-m webrtcsrc on-session-end=wait meta=meta,talk-back=door 'stun-server=""' signaller::uri=${url} ! audioconvert ! level ! fakesink`,
    );
    const [first, second] = await Promise.all([open(browser, world, talking(url)), open(browser, world, talking(url))]);
    for (const page of [first, second]) {
      await until("consumer of the talk-back", () => page.ask("window.find() !== null"));
    }
    assert.equal(await first.ask("window.talk(60000).state + window.handed.length"), "idle0");
    const began = performance.now();
    assert.equal(await first.ask("window.talkBack.start()"), true, String(await first.ask("window.talkBack.problem")));
    const took = Math.round(performance.now() - began);
    await until("sound of the first", () => hears(door, 1));

    assert.equal(await second.ask("window.talk(0).start()"), false);
    assert.equal(await second.ask("window.talkBack.problem.reason"), "busy");
    assert.equal(await second.ask("window.handed.every(({ readyState }) => readyState === 'ended')"), true);

    await first.ask("window.talkBack.stop()");
    assert.deepEqual(await first.ask("window.handed.map(({ readyState }) => readyState)"), ["ended"]);
    const pressed = performance.now();
    assert.equal(await first.ask("window.talkBack.start()"), true);
    const again = Math.round(performance.now() - pressed);
    assert.equal(door.said.filter((line) => CONNECTED.test(line)).length, 1, "the way is kept for the next talk");
    await first.ask("window.talkBack.close()");
    await door.says(/webrtc-session-ended/);

    // The source takes the next one as soon as what belonged to the last is gone.
    await until("talk of the second", () => second.ask("window.talkBack.start()"));
    await until("sound of the second", () => hears(door, 2));
    await second.ask("window.talkBack.stop()");
    await door.says(/webrtc-session-ended/, 2);
    assert.ok(door.runs, "the door stays");
    return { took, again };
  },
};

interface Kind {
  readonly codec: string;
  /** Whether the page calls the source, which waits for it, or the source asks for what the page announces. */
  readonly calls: boolean;
}

async function sendsCamera(browser: Browser, world: World, url: string, { codec, calls }: Kind): Promise<void> {
  const target = calls ? "" : "connect-to-first-producer=true";
  const page = await open(browser, world, producing(url));
  const produce = (consumer: string | null): Promise<unknown> =>
    page.ask(`window.produce("video/${codec}", ${JSON.stringify(consumer)})`);
  if (!calls) {
    assert.equal(await produce(null), true);
  }
  const source = world.pipeline(
    `the source of ${codec}`,
    `-v webrtcsrc name=s ${target} 'stun-server=""' signaller::uri=${url} ` +
      "s. ! audio/x-raw ! fakesink name=sound silent=false s. ! video/x-raw ! fakesink name=picture silent=false",
  );
  if (calls) {
    const consumer = "window.api.getAvailableConsumers()[0]?.id ?? null";
    const id = await until("passive consumer", () => page.ask(consumer), (found) => found !== null);
    assert.equal(await produce(String(id)), true);
  }
  await source.says(/chain .*\(picture:sink\)/, 5);
  await source.says(/chain .*\(sound:sink\)/, 5);
  await source.says(new RegExp(`encoding-name=\\(string\\)${codec}\\b`));
  await page.ask("window.session.close()");
  await source.says(/Got EOS from element/);
  await page.close();
}

/** A browser as producer. */
export const PRODUCES_FOR_A_SOURCE: Scenario = {
  name: "a page's camera and microphone play in a webrtcsrc, which asks for them or is called",
  run: async (browser, world) => {
    const { url } = await world.server();
    await sendsCamera(browser, world, url, { codec: "VP8", calls: false });
    // Firefox encodes H.264 only with a codec that it downloads.
    await sendsCamera(browser, world, url, { codec: browser.name === "firefox" ? "VP8" : "H264", calls: true });
  },
};
