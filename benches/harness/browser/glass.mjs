/**
 * Reads time stamps out of the pictures of a producer in Chromium: `node glass.mjs URI SETTLE WINDOW`, both in seconds.
 * Prints how old each picture was when the browser was about to show it, in ms, as one JSON object. Modules and the client
 * library are those of `browser/`; Chromium is at `CHROMIUM`.
 */

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const home = fileURLToPath(new URL("../../../browser/", import.meta.url));
const { chromium } = createRequire(`${home}package.json`)("playwright-core");
const [uri, settle, window] = process.argv.slice(2);

const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
  ],
});
try {
  const page = await browser.newPage();
  await page.addScriptTag({ path: `${home}dist/gstwebrtc-api.js` });
  const seen = await page.evaluate(measure, { uri, settle: Number(settle), window: Number(window) });
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}

/** Runs in the page. */
async function measure({ uri, settle, window }) {
  const [blocks, part] = [64, 20];
  const video = document.createElement("video");
  video.muted = true;
  video.autoplay = true;
  document.body.append(video);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [blocks * 8, 8];
  const strip = canvas.getContext("2d", { willReadFrequently: true });

  /** The time in the picture: the lower 48 bits of the microseconds since 1970. */
  function read() {
    const { videoWidth: width, videoHeight: height } = video;
    strip.drawImage(video, 0, 0, width, height / part, 0, 0, canvas.width, canvas.height);
    const { data } = strip.getImageData(0, 4, canvas.width, 1);
    const bits = Array.from({ length: blocks }, (_, block) => data[(block * 8 + 4) * 4 + 1] > 125);
    const number = (from, to) => bits.slice(from, to).reduce((sum, bit) => sum * 2 + (bit ? 1 : 0), 0);
    const [high, middle, low] = [number(0, 16), number(16, 32), number(32, 48)];
    if ((high ^ middle ^ low ^ 0x5a3c) !== number(48, 64)) return null;
    return (high * 2 ** 16 + middle) * 2 ** 16 + low;
  }

  const api = new GstWebRTCAPI({ signalingServerUrl: uri, webrtcConfig: { iceServers: [] } });
  await new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("no picture came")), 20_000);
    api.registerPeerListener({
      producerAdded({ id }) {
        const session = api.createConsumerSession(id);
        session.addEventListener("streamsChanged", () => {
          video.srcObject = session.streams[0] ?? null;
        });
        session.connect();
      },
    });
    video.requestVideoFrameCallback(resolve);
  });
  const begin = performance.now() + settle * 1000;
  const ages = [];
  let unreadable = 0;
  await new Promise((resolve) => {
    const look = (now, { expectedDisplayTime }) => {
      if (now >= begin + window * 1000) return resolve();
      video.requestVideoFrameCallback(look);
      if (now < begin) return;
      const time = read();
      if (time === null) unreadable += 1;
      else {
        const shown = Math.round((performance.timeOrigin + Math.max(now, expectedDisplayTime)) * 1000);
        ages.push(((shown % 2 ** 48) - time) / 1000);
      }
    };
    video.requestVideoFrameCallback(look);
  });
  return { ages, unreadable };
}
