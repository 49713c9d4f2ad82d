/** What a producer says of its frames, when they are shown. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import { until } from "../support/until.js";

const PAGE = `<!doctype html><title>frames</title><video muted playsinline autoplay></video><script type="module" src="setup.js"></script>`;
const setup = (server: string): string => `import { FrameMetadata, GstWebRTCAPI, canCallBackForFrames } from "./gstwebrtc-api.mjs";
const video = document.querySelector("video");
Object.assign(window, { frames: [], can: canCallBackForFrames() });
const api = new GstWebRTCAPI({ signalingServerUrl: "${server}", webrtcConfig: { iceServers: [] } });
api.registerPeerListener({
  producerAdded({ id }) {
    const session = api.createConsumerSession(id);
    session.addEventListener("streamsChanged", () => { video.srcObject = session.streams[0] ?? null; });
    session.addEventListener("remoteControllerChanged", () => {
      if (session.remoteController === null) return;
      window.metadata = new FrameMetadata(session.remoteController, video);
      window.metadata.addEventListener("frame", ({ detail: { frame, info } }) => {
        window.frames.push({ rtp: frame.rtpTimestamp, said: info.info.rtpTimestamp, code: info.info.meta });
      });
    });
    session.connect();
  },
});`;

interface Shown {
  readonly rtp: number;
  readonly said: number;
  readonly code: { readonly seconds: number; readonly frames: number };
}

const RATE = 30;
const WANTED = 15;

/** Time codes paired with the pictures that carry them. */
export const PAIRS_FRAMES: Scenario = {
  name: "time codes are told with the frame that they belong to",
  run: async (browser, world) => {
    const { url } = await world.server();
    await world.cameras(url, {
      name: "clock",
      picture: `videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=${RATE}/1 ! timecodestamper`,
      sound: "",
      sink: "enable-control-data-channel=true forward-metas=timecode video-caps=video/x-vp8",
    });
    const site = await world.site({ "frames.html": PAGE, "setup.js": setup(url) });
    const page = await browser.open(`${site.url}frames.html`);
    assert.equal(await page.ask("window.can"), true);
    await until("frame", () => page.ask(`window.frames.length >= ${WANTED}`));
    const shown = (await page.ask("window.frames")) as Shown[];
    assert.equal(await page.ask("window.metadata.supported"), true);
    const [first] = shown;
    for (const { rtp, said, code } of shown) {
      assert.equal(rtp, said);
      const [ticks, count] = [rtp - (first?.rtp ?? 0), framesOf(code) - framesOf(first?.code ?? code)];
      assert.ok(Math.abs(ticks / (90_000 / RATE) - count) < 0.6, `${ticks} ticks are not ${count} frames`);
    }
  },
};

function framesOf({ seconds, frames }: Shown["code"]): number {
  return seconds * RATE + frames;
}
