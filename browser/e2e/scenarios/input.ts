/** Remote control in Chromium: what mouse, wheel, keys and fingers do on a letterboxed video reaches the channel. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import { until } from "../support/until.js";

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


/** Events of people, and what is sent for them. */
export const SENDS_INPUT: Scenario = {
  name: "mouse, wheel, keys and fingers on a letterboxed video reach the channel",
  browsers: ["chromium"],
  run: async (browser, world) => {
    const site = await world.site({ "input.html": PAGE, "setup.js": SETUP });
    const page = await browser.open(`${site.url}input.html`, { touch: true });
    await page.waitFor('body[data-ready="true"]', 10_000);
    const sent = (): Promise<unknown> => page.ask("window.sent.splice(0)");
    const { pointer } = page;

    await pointer.move(200, 20);
    assert.deepEqual(await sent(), [], "the bars are not the picture");
    await pointer.move(100, 150);
    await pointer.down("right");
    await pointer.move(600, 450);
    await pointer.up("right");
    const [at, edge] = [{ x: 160, y: 100 }, { x: 640, y: 360 }];
    assert.deepEqual(await sent(), [
      { event: "MouseMove", ...at, modifier_state: "" },
      { event: "MouseButtonPress", button: 3, ...at, modifier_state: "button3-mask" },
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
      { event: "MouseScroll", ...at, delta_x: 0, delta_y: -120, modifier_state: "" },
      { event: "KeyPress", key: "Shift_L", modifier_state: "shift-mask" },
      { event: "KeyPress", key: "A", modifier_state: "shift-mask" },
      { event: "KeyRelease", key: "A", modifier_state: "shift-mask" },
      { event: "KeyRelease", key: "Shift_L", modifier_state: "" },
    ]);

    await pointer.tap(100, 150);
    const [down, frame, up, last] = (await sent()) as Record<string, unknown>[];
    assert.equal(down?.["event"], "TouchDown");
    assert.ok(Number(down["pressure"]) > 0);
    assert.deepEqual({ x: down["x"], y: down["y"] }, at);
    assert.deepEqual(up, { event: "TouchUp", identifier: down["identifier"], ...at, modifier_state: "" });
    assert.deepEqual([frame?.["event"], last?.["event"]], ["TouchFrame", "TouchFrame"]);
    await page.ask('document.querySelector("video").dispatchEvent(new TouchEvent("touchcancel", { cancelable: true }))');
    assert.deepEqual(await sent(), [{ event: "TouchCancel", modifier_state: "" }]);
  },
};
