/** Nothing that a producer says about itself is HTML, and a script that got into the page would not run. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import { studio } from "../studio.js";
import type { Page } from "../support/browsers.js";
import { Stranger } from "../support/stranger.js";
import { until } from "../support/until.js";
import { noteViolations } from "../support/violations.js";
import { listed, moves, play, player } from "../support/viewing.js";

const ATTACKS = [
  `<img src=x onerror="window.injected=1;alert(1)"><script>alert(2)</script>\u{202E}gpj.\u{2067}${"long".repeat(200)}`,
  "<script>window.injected=1</script>",
  `"'><svg onload=window.injected=1 onpointerenter=window.injected=1>`,
  "javascript:alert(1)//<iframe src=javascript:alert(1)>",
];
/** Small, for there are many. */
const PICTURE = "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=15/1";
const PREVIEWED = 10_000;
/** As much of a name as the page shows at least. */
const SHOWN = 30;

/** Does what a page that took names for HTML would do. */
async function beCareless(): Promise<void> {
  const attempts = [
    () => {
      document.body.insertAdjacentHTML("beforeend", '<img src="x" onerror="window.injected = 1">');
    },
    () => {
      const script = document.createElement("script");
      script.textContent = "window.injected = 1";
      document.body.append(script);
    },
    () => {
      const link = document.createElement("a");
      link.href = "javascript:window.injected = 1";
      document.body.append(link);
      link.click();
    },
  ];
  for (const attempt of attempts) {
    try {
      attempt();
    } catch {
      // Trusted Types refuse earlier than the rest of the policy.
    }
  }
  const pictures = [...document.querySelectorAll<HTMLImageElement>('img[src="x"]')];
  await Promise.all(pictures.map((picture) => picture.decode().catch(() => undefined)));
  await new Promise((done) => setTimeout(done));
}

/** In the page: all that it shows, with what is inside of its players. */
function allWords(): string {
  const roots = [document.body, ...[...document.querySelectorAll("gst-webrtc-player")].map(({ shadowRoot }) => shadowRoot)];
  return roots.map((root) => root?.textContent ?? "").join("\n");
}

/** In the page: how many elements there are that only words taken for HTML could have made. */
function countMade(): number {
  const made = "img, script, iframe, svg[onload]";
  const players = [...document.querySelectorAll("gst-webrtc-player")];
  const inside = players.map(({ shadowRoot }) => shadowRoot?.querySelectorAll(made).length ?? 0);
  return inside.reduce((sum, count) => sum + count, document.querySelectorAll(`main :is(${made})`).length);
}

/** Nothing came of what was said, but text. */
async function staysText(page: Page): Promise<void> {
  assert.equal(await page.call(countMade), 0);
  assert.equal(await page.ask("document.title"), "Live streams");
  assert.equal(await page.ask("document.documentElement.scrollWidth <= innerWidth"), true, "words break the layout");
  assert.deepEqual(await page.ask("window.violations"), [], "the page itself keeps to the policy");
  assert.equal(await page.ask("window.injected ?? null"), null, "the policy lets words run");
  assert.deepEqual(page.dialogs, []);
}

/** Listed, hovered and played: names are text, whatever they say, on the page that the element serves. */
export const STANDS_HOSTILITY: Scenario = {
  name: "the content security policy holds against hostile producer names, which stay text",
  run: async (browser, world) => {
    const { page: url, signalling } = await studio(world);
    await world.cameras(signalling, ...ATTACKS.map((name) => ({ name, picture: PICTURE, sound: "", sink: "video-caps=video/x-vp8" })));
    const page = await browser.open(url);
    await page.call(noteViolations);
    const names = '[...document.querySelectorAll("[data-testid=producer-name]")].map(({ textContent }) => textContent)';
    const shown = (await until("list of all", () => page.ask(names), isComplete)) as readonly string[];
    for (const attack of ATTACKS) {
      const name = shown.find((found) => found.startsWith(attack.slice(0, SHOWN))) ?? "";
      assert.ok(name.length <= 80, name);
      const id = await listed(page, name);
      await page.hover(`[data-testid="producer"][data-peer-id="${id}"]`);
      await page.waitFor(`[data-peer-id="${id}"] [data-testid="preview-video"]`, PREVIEWED);
      assert.equal(await play(page, name), id);
      await moves(page, id, 2);
      assert.equal(await page.ask(`${player(id, "player-name")}.textContent`), name);
    }
    await staysText(page);
    // What would have come of it if the page had been careless.
    await page.call(beCareless);
    assert.ok(Number(await page.ask("window.violations.length")) > 0, "the policy keeps nothing out");
    assert.equal(await page.ask("window.injected ?? null"), null, "the policy lets words run");
    assert.deepEqual(page.dialogs, []);
    return page.ask("window.violations");
  },
};

/** What strangers say who are no elements: a viewer's name, and why a session ends. */
export const STANDS_HOSTILE_PEERS: Scenario = {
  name: "what hostile viewers are called and hostile producers say at the end stays text",
  run: async (browser, world) => {
    const { page: url, signalling } = await studio(world);
    const [name = "", script = ""] = ATTACKS;
    const strangers = [
      await Stranger.join(signalling, ["consumer"], name),
      await Stranger.join(signalling, ["producer"], "a producer that never plays", `${script}${name}`),
    ];
    try {
      const page = await browser.open(url);
      await page.call(noteViolations);
      const consumers = 'document.querySelector("[data-testid=consumers]").textContent';
      await until("name of the viewer", () => page.ask(consumers), (words) => String(words).includes(name.slice(0, SHOWN)));
      await page.click(`[data-peer-id="${await listed(page, "a producer that never plays")}"] [data-testid="play"]`);
      await until("reason of the end", () => page.call(allWords), (words) => words.includes(script));
      await staysText(page);
    } finally {
      for (const stranger of strangers) {
        stranger.leave();
      }
    }
  },
};

/** Plays a producer that answers every request with words that a page could take for HTML. */
export const STANDS_HOSTILE_ANSWERS: Scenario = {
  name: "what a hostile producer answers to requests stays text",
  run: async (browser, world) => {
    const { page: url, signalling } = await studio(world);
    const site = await world.site({ "answers.html": '<!doctype html><script type="module" src="answers.js"></script>', "answers.js": answering(signalling) });
    await browser.open(`${site.url}answers.html`);
    const page = await browser.open(url);
    await page.call(noteViolations);
    await play(page, ANSWERS);
    const open = "window.gstWebRTCSessions[0].session.remoteController?.rtcDataChannel.readyState";
    await until("channel for requests", () => page.ask(open), (state) => state === "open");
    await page.ask('void document.querySelector("[data-testid=request-send]").click()');
    const log = 'document.querySelector("[data-testid=request-log]").textContent';
    await until("answer", () => page.ask(log), (words) => String(words).includes(ATTACKS[1] ?? ""));
    await staysText(page);
  },
};

const ANSWERS = "a producer that answers";

/** The script of a page that is such a producer. */
const answering = (server: string): string => `import { GstWebRTCAPI } from "./gstwebrtc-api.mjs";
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) {
    super(configuration);
    const channel = this.createDataChannel("control");
    channel.onmessage = ({ data }) => {
      channel.send(JSON.stringify({ type: "ControlResponseMessage", id: JSON.parse(data).id, error: ${JSON.stringify(ATTACKS[1])} }));
    };
  }
};
const canvas = Object.assign(document.createElement("canvas"), { width: 160, height: 120 });
const context = canvas.getContext("2d");
let frame = 0;
setInterval(() => {
  context.fillStyle = \`hsl(\${(frame += 5)} 80% 60%)\`;
  context.fillRect(0, 0, 160, 120);
}, 40);
const api = new GstWebRTCAPI({ signalingServerUrl: "${server}", meta: { name: "${ANSWERS}" }, webrtcConfig: { iceServers: [] } });
api.registerConnectionListener({
  connected() { api.createProducerSession(canvas.captureStream(25))?.start(); },
  disconnected() {},
});`;

/** Whether the list has all of them, each beginning as it was given. */
function isComplete(shown: unknown): boolean {
  const names = shown as readonly string[];
  return ATTACKS.every((attack) => names.some((name) => name.startsWith(attack.slice(0, SHOWN))));
}
