/** The dashboard of the real element: it draws who watches, says how they left, and notices that the element is gone. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import { calling } from "../support/in-page.js";
import { until } from "../support/until.js";
import { noteViolations } from "../support/violations.js";
import { viewingPage } from "./remote-control.js";

const CAMERA =
  "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=30/1 ! webrtcsink 'stun-server=\"\"' " +
  "run-web-server=true web-server-host-addr=http://127.0.0.1:0/ web-server-dashboard=true";

/** In the page: for each plot of viewers, how many pixels have a colour; axes and words are grey. */
function colouredPixels(): number[] {
  return [...document.querySelectorAll<HTMLCanvasElement>('[data-testid="viewer-plots"] canvas')].map((canvas) => {
    const { data = [] } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? {};
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      const [red = 0, green = 0, blue = 0, alpha = 0] = data.slice(at, at + 4);
      count += alpha > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 90 ? 1 : 0;
    }
    return count;
  });
}

/** Somebody watches, leaves, and the element is killed. */
export const DRAWS_VIEWERS: Scenario = {
  name: "the dashboard draws who watches, says how they left and that the element is gone",
  run: async (browser, world) => {
    const server = await world.server();
    const program = world.pipeline("the camera", `${CAMERA} signaller::uri=${server.url}`, "*:1,webrtcsink:4,webrtc-signaller:4");
    const [, url = ""] = await program.says(/the page is at (http:\S+)/);
    await program.says(/connected to the signalling server as/);
    const site = await world.site(viewingPage(server.url));
    const viewer = await browser.open(`${site.url}remote.html`);
    // Before the page's own scripts where the browser can do that, else as soon as may be.
    const page = await browser.open(`${url}dashboard/`, { before: calling(noteViolations, []) });
    await page.call(noteViolations);
    const policy = 'fetch(location.href).then(({ headers }) => headers.get("content-security-policy"))';
    assert.match(String(await page.ask(policy)), /default-src 'none'.*require-trusted-types-for 'script'/);
    await page.waitFor('[data-testid="viewers"] .state[data-state="streaming"]', 20_000);
    const drawn = await until(
      "plots with lines",
      () => page.call(colouredPixels),
      (counts) => counts.filter((count) => count > 30).length >= 3,
    );
    const words = (selector: string): Promise<unknown> => page.ask(`document.querySelector('${selector}').textContent`);
    assert.match(String(await words('[data-testid="viewers"] .sent:not(th)')), /bit\/s$/);
    await viewer.close();
    await page.waitFor('[data-testid="viewers"] .state[data-state="ended"]', 10_000);
    assert.notEqual(await words('[data-testid="viewers"] .end:not(th)'), "");
    assert.deepEqual(await page.ask("window.violations"), []);
    assert.deepEqual(page.said.filter((line) => line.startsWith("error")), []);
    await program.kill();
    await page.waitFor('[data-testid="silence"]:not([hidden])', 10_000);
    return { drawn };
  },
};
