/** Remote control: what mouse, wheel, keys, fingers and pens do on a letterboxed or turned video reaches the channel. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import type { Page } from "../support/browsers.js";
import { until } from "../support/until.js";

/** A 640x360 video in a 400x400 box: bars of 87.5 pixels above and below, and 1.6 pixels of video to one of the box. */
const PAGE = `<!doctype html><meta name="viewport" content="width=device-width">
<style>body { margin: 0 } video { display: block; width: 400px; height: 400px; object-fit: contain; background: #000 }</style>
<video muted playsinline autoplay></video><canvas width="640" height="360"></canvas><input>
<script type="module" src="setup.js"></script>`;
const SETUP = `import { RemoteController } from "./gstwebrtc-api.mjs";
const [video, canvas] = [document.querySelector("video"), document.querySelector("canvas")];
const context = canvas.getContext("2d");
setInterval(() => context.fillRect(0, 0, 640, 360), 40);
video.srcObject = canvas.captureStream(25);
window.sent = [];
const channel = Object.assign(new EventTarget(), { label: "input", readyState: "open", close() {},
  send(text) {
    const { videoSize, ...event } = JSON.parse(text);
    if ("x" in event && String(videoSize) !== "640,360") throw new Error("positions in what? " + text);
    window.sent.push(event);
  } });
window.remote = new RemoteController(channel, { rtcPeerConnection: null });
window.remote.attachVideoElement(video);
video.requestVideoFrameCallback(() => { document.body.dataset.ready = "true"; });`;

interface Sent extends Record<string, unknown> {
  readonly event: string;
  readonly pressure?: number;
}

const AT = { x: 160, y: 100 };

async function open(page: Page): Promise<() => Promise<Sent[]>> {
  await page.waitFor('body[data-ready="true"]', 10_000);
  // A move that waits for the next frame is sent before that.
  return () =>
    page.ask(
      "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(window.sent.splice(0)))))",
    ) as Promise<Sent[]>;
}

async function usesMouseAndKeys(page: Page, sent: () => Promise<Sent[]>): Promise<void> {
  const { pointer } = page;
  await pointer.move(200, 20);
  assert.deepEqual(await sent(), [], "the bars are not the picture");
  await pointer.move(100, 150);
  await pointer.down("right");
  await pointer.move(600, 450);
  await pointer.up("right");
  const edge = { x: 640, y: 360 };
  assert.deepEqual(await sent(), [
    { event: "MouseMove", ...AT, modifier_state: "" },
    { event: "MouseButtonPress", button: 3, ...AT, modifier_state: "button3-mask" },
    { event: "MouseMove", ...edge, modifier_state: "button3-mask" },
    { event: "MouseButtonRelease", button: 3, ...edge, modifier_state: "" },
  ]);
  await pointer.move(100, 150);
  await sent();
  await pointer.wheel(0, 120);
  await until("event of the wheel", () => page.ask("window.sent.length > 0"));
  await page.keyDown("Shift");
  await page.keyDown("A");
  await page.keyUp("A");
  await page.keyUp("Shift");
  assert.deepEqual(await sent(), [
    { event: "MouseScroll", ...AT, delta_x: 0, delta_y: -120, modifier_state: "" },
    { event: "KeyPress", key: "Shift_L", modifier_state: "shift-mask" },
    { event: "KeyPress", key: "A", modifier_state: "shift-mask" },
    { event: "KeyRelease", key: "A", modifier_state: "shift-mask" },
    { event: "KeyRelease", key: "Shift_L", modifier_state: "" },
  ]);
}

/** What tests cannot do like a person, the page says that it happened. */
async function losesFocusAndWrites(page: Page, sent: () => Promise<Sent[]>): Promise<void> {
  await page.pointer.move(100, 150);
  await page.keyDown("x");
  await page.pointer.down();
  await sent();
  await page.ask('void window.dispatchEvent(new Event("blur"))');
  assert.deepEqual(await sent(), [
    { event: "KeyRelease", key: "x", modifier_state: "" },
    { event: "MouseButtonRelease", button: 1, ...AT, modifier_state: "" },
  ]);
  await page.pointer.up();
  await page.keyUp("x");
  await page.ask('window.remote.attachTextField(document.querySelector("input"))');
  await page.click("input");
  await sent();
  for (const key of ["n", "o", "Backspace", "Enter"]) {
    await page.keyDown(key);
    await page.keyUp(key);
  }
  const keys = (await sent()).filter(({ event }) => event === "KeyPress").map(({ key }) => key);
  assert.deepEqual(keys, ["n", "o", "BackSpace", "Return"]);
}

/** Turned by a quarter around its middle, the picture's top left corner is at the right of the top. */
async function isTurned(page: Page, sent: () => Promise<Sent[]>): Promise<void> {
  await page.ask('document.querySelector("video").style.cssText += "; border: 10px solid; box-sizing: border-box; rotate: 90deg"');
  await page.pointer.move(250, 100);
  const [turned] = await sent();
  assert.deepEqual([Math.round(Number(turned?.["x"])), Math.round(Number(turned?.["y"]))], [152, 96]);
  await page.ask('document.querySelector("video").style.cssText = "touch-action: none"');
}

async function isTouched(page: Page, sent: () => Promise<Sent[]>): Promise<void> {
  const kinds = (events: Sent[]): string[] => events.map(({ event }) => event);
  await page.pointer.tap(100, 20);
  assert.deepEqual(await sent(), [], "a finger on the bars is not on the picture");
  await page.pointer.tap(100, 150);
  const tapped = await sent();
  assert.deepEqual(kinds(tapped), ["TouchDown", "TouchFrame", "TouchUp", "TouchFrame"]);
  const { pressure, ...down } = tapped[0] ?? { event: "none" };
  assert.ok(Number(pressure) > 0);
  assert.deepEqual(down, { event: "TouchDown", identifier: 0, ...AT, modifier_state: "" });
  assert.deepEqual(tapped[2], { event: "TouchUp", identifier: 0, ...AT, modifier_state: "" });
  await page.call(() => {
    const video = document.querySelector("video") ?? document.body;
    const changedTouches = [new Touch({ identifier: 7, target: video, clientX: 100, clientY: 150 })];
    video.dispatchEvent(new TouchEvent("touchstart", { changedTouches, cancelable: true }));
    video.dispatchEvent(new TouchEvent("touchcancel", { changedTouches }));
    const pen = { pointerType: "pen", pointerId: 9, clientX: 100, clientY: 150, pressure: 0.25, cancelable: true };
    video.dispatchEvent(new PointerEvent("pointerdown", pen));
    // Some systems tell of a pen as a finger, too.
    video.dispatchEvent(new TouchEvent("touchstart", { changedTouches, cancelable: true }));
    video.dispatchEvent(new PointerEvent("pointerup", pen));
  });
  const drawn = await sent();
  const pen = ["TouchDown", "TouchFrame", "TouchUp", "TouchFrame"];
  assert.deepEqual(kinds(drawn), ["TouchDown", "TouchFrame", "TouchCancel", ...pen]);
  assert.deepEqual({ x: drawn[3]?.["x"], pressure: drawn[3]?.["pressure"] }, { x: AT.x, pressure: 0.25 });
}

async function isLocked(page: Page, sent: () => Promise<Sent[]>): Promise<void> {
  await page.pointer.move(100, 150);
  await page.pointer.down();
  await page.pointer.up();
  assert.equal(await page.ask("window.remote.lockPointer()"), true);
  await sent();
  await page.pointer.move(110, 155);
  const [locked] = await sent();
  assert.deepEqual({ x: locked?.["x"], y: locked?.["y"] }, { x: AT.x + 16, y: AT.y + 8 });
  await page.ask("window.remote.unlockPointer()");
}

/** Events of people, and what is sent for them. */
export const SENDS_INPUT: Scenario = {
  name: "mouse, wheel, keys, fingers and pens on a letterboxed or turned video reach the channel",
  run: async (browser, world) => {
    const site = await world.site({ "input.html": PAGE, "setup.js": SETUP });
    const page = await browser.open(`${site.url}input.html`, { touch: true });
    const sent = await open(page);
    await usesMouseAndKeys(page, sent);
    if (browser.name === "chromium") {
      await isTouched(page, sent);
      await isLocked(page, sent);
    }
    await isTurned(page, sent);
    await losesFocusAndWrites(page, sent);
  },
};
