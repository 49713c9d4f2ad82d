/** Remote control in Chromium: what mouse, wheel, keys and fingers do on a letterboxed video reaches the channel. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "./support/site.js";

/** A 640x360 video in a 400x400 box: bars of 87.5 pixels above and below, and 1.6 pixels of video to one of the box. */
const PAGE = `<!doctype html><meta name="viewport" content="width=device-width">
<style>body { margin: 0 } video { display: block; width: 400px; height: 400px; object-fit: contain }</style>
<video muted playsinline autoplay></video><canvas width="640" height="360"></canvas>
<script type="module" src="setup.js"></script>`;
const SETUP = `import { RemoteController } from "./gstwebrtc-api.mjs";
const [video, canvas] = [document.querySelector("video"), document.querySelector("canvas")];
const context = canvas.getContext("2d");
setInterval(() => context.fillRect(0, 0, 640, 360), 40);
video.srcObject = canvas.captureStream(25);
window.sent = [];
const channel = Object.assign(new EventTarget(), { label: "input", readyState: "open", close() {},
  send(text) { window.sent.push(JSON.parse(text)); } });
new RemoteController(channel, { rtcPeerConnection: null }).attachVideoElement(video);
video.requestVideoFrameCallback(() => { document.body.dataset.ready = "true"; });`;

const site = await serve(fileURLToPath(new URL("../dist/", import.meta.url)), { "input.html": PAGE, "setup.js": SETUP });
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
try {
  const page = await (await browser.newContext({ hasTouch: true })).newPage();
  await page.goto(`${site.url}input.html`);
  await page.waitForSelector('body[data-ready="true"]', { timeout: 10_000 });
  const sent = (): Promise<unknown> => page.evaluate("window.sent.splice(0)");

  await page.mouse.move(200, 20);
  assert.deepEqual(await sent(), [], "the bars are not the picture");
  await page.mouse.move(100, 150);
  await page.mouse.down({ button: "right" });
  await page.mouse.move(600, 450);
  await page.mouse.up({ button: "right" });
  const [at, edge] = [{ x: 160, y: 100 }, { x: 640, y: 360 }];
  assert.deepEqual(await sent(), [
    { event: "MouseMove", ...at, modifier_state: "" },
    { event: "MouseButtonPress", button: 3, ...at, modifier_state: "button3-mask" },
    { event: "MouseButtonRelease", button: 3, ...edge, modifier_state: "" },
  ]);

  await page.mouse.move(100, 150);
  await sent();
  await page.mouse.wheel(0, 120);
  await page.waitForFunction("window.sent.length > 0", undefined, { timeout: 5000 });
  await page.keyboard.press("Shift+A");
  assert.deepEqual(await sent(), [
    { event: "MouseScroll", ...at, delta_x: 0, delta_y: -120, modifier_state: "" },
    { event: "KeyPress", key: "Shift_L", modifier_state: "shift-mask" },
    { event: "KeyPress", key: "A", modifier_state: "shift-mask" },
    { event: "KeyRelease", key: "A", modifier_state: "shift-mask" },
    { event: "KeyRelease", key: "Shift_L", modifier_state: "" },
  ]);

  await page.touchscreen.tap(100, 150);
  const [down, frame, up, last] = (await sent()) as Record<string, unknown>[];
  assert.equal(down?.["event"], "TouchDown");
  assert.ok(Number(down["pressure"]) > 0);
  assert.deepEqual({ x: down["x"], y: down["y"] }, at);
  assert.deepEqual(up, { event: "TouchUp", identifier: down["identifier"], ...at, modifier_state: "" });
  assert.deepEqual([frame?.["event"], last?.["event"]], ["TouchFrame", "TouchFrame"]);
  await page.evaluate('document.querySelector("video").dispatchEvent(new TouchEvent("touchcancel", { cancelable: true }))');
  assert.deepEqual(await sent(), [{ event: "TouchCancel", modifier_state: "" }]);
  console.log(JSON.stringify({ ok: true, browser: "chromium", test: "input" }));
} finally {
  await browser.close();
  site.close();
}
