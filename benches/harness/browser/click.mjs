/**
 * Clicks in Chromium until pictures are there: `node click.mjs PLUGIN=URI...`, where PLUGIN is the letter of what serves at
 * URI: A is played with the client library of `browser/dist`, B with the released gstwebrtc-api, which is among the modules
 * of `browser/`. For each line on standard input, a letter, one page is opened, one button clicked, and the times from the
 * click on, in ms, are printed as one JSON object. Chromium is at `CHROMIUM`.
 */

import { createRequire } from "node:module";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const home = fileURLToPath(new URL("../../../browser/", import.meta.url));
const { chromium } = createRequire(`${home}package.json`)("playwright-core");
const released = `${home}node_modules/upstream-client/dist/`;
const scripts = {
  A: `${home}dist/gstwebrtc-api.js`,
  B: released + readdirSync(released).find((name) => name.endsWith(".min.js")),
};
const uris = Object.fromEntries(process.argv.slice(2).map((argument) => argument.split(/=(.*)/s)));

const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-features=WebRtcHideLocalIpsWithMdns"],
});
try {
  for await (const letter of createInterface({ input: process.stdin })) {
    const page = await browser.newPage();
    await page.setContent("<button disabled>Play</button><video muted autoplay playsinline></video>");
    await page.addScriptTag({ path: scripts[letter] });
    await page.evaluate(prepare, uris[letter]);
    await page.click("button:enabled", { timeout: 20_000 });
    console.log(JSON.stringify(await page.evaluate(() => globalThis.times)));
    await page.close();
  }
} finally {
  await browser.close();
}

/** Runs in the page: the button works once a producer is listed, as on any page that lists them. */
function prepare(uri) {
  const [button, video] = [document.querySelector("button"), document.querySelector("video")];
  const api = new GstWebRTCAPI({ signalingServerUrl: uri, webrtcConfig: { iceServers: [] } });
  api.registerPeerListener({
    producerAdded({ id }) {
      button.disabled = false;
      globalThis.times = new Promise((resolve, reject) => {
        button.onclick = () => {
          const clicked = performance.now();
          const times = {};
          const session = api.createConsumerSession(id);
          session.addEventListener("streamsChanged", () => {
            times.described ??= performance.now() - clicked;
            video.srcObject = session.streams[0] ?? null;
          });
          session.addEventListener("stateChanged", () => {
            if (session.state === GstWebRTCAPI.SessionState.streaming) times.connected ??= performance.now() - clicked;
          });
          video.requestVideoFrameCallback((now, { expectedDisplayTime }) => {
            resolve({ ...times, shown: Math.max(now, expectedDisplayTime) - clicked });
          });
          setTimeout(() => reject(new Error("no picture within 20 s")), 20_000);
          session.connect();
        };
      });
    },
  });
}
