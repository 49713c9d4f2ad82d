/** Remote control from end to end: what a viewer does on the letterboxed picture arrives at the pipeline. */

import type { Scenario } from "../scenario.js";
import type { Program } from "../support/program.js";
import { until } from "../support/until.js";

/** A 640x360 video in a 400x400 box: bars of 87.5 pixels above and below, and 1.6 pixels of video to one of the box. */
const PAGE = `<!doctype html>
<style>body { margin: 0 } video { display: block; width: 400px; height: 400px; object-fit: contain; background: #000 }</style>
<video muted playsinline autoplay></video>
<script type="module" src="remote.js"></script>`;

const SCRIPT = (server: string): string => `import { GstWebRTCAPI } from "./gstwebrtc-api.mjs";
const video = document.querySelector("video");
const api = new GstWebRTCAPI({ signalingServerUrl: ${JSON.stringify(server)}, webrtcConfig: { iceServers: [] } });
window.remote = null;
api.registerPeerListener({ producerAdded({ id }) {
  const session = api.createConsumerSession(id);
  session.addEventListener("streamsChanged", () => { video.srcObject = session.streams[0] ?? null; });
  session.addEventListener("remoteControllerChanged", () => {
    window.remote = session.remoteController;
    window.remote?.attachVideoElement(video);
  });
  session.connect();
} });`;

/** A page that plays what comes first at a server, as a site has it. */
export const viewingPage = (server: string): Readonly<Record<string, string>> => ({
  "remote.html": PAGE,
  "remote.js": SCRIPT(server),
});

const CAMERA = "videotestsrc name=camera is-live=true ! video/x-raw,width=640,height=360,framerate=30/1";
/** The log in which every event is that reaches a pad. */
const EVENTS = "*:1,webrtcsink:4,webrtc-signaller:4,GST_EVENT:5";

/** Waits until the camera has seen an event with these fields, as GStreamer writes them. */
async function arrives(producer: Program, event: string, fields: Readonly<Record<string, string>>): Promise<void> {
  const wanted = Object.entries({ event: `(string)${event}`, ...fields });
  const words = wanted.map(([name, value]) => `(?=.*\\b${name}=${value.replaceAll(/[()+]/g, "\\$&")}[,;])`);
  await producer.says(new RegExp(`<camera:src> have event type navigation${words.join("")}`));
}

/** Mouse, wheel and keys, through the real element. */
export const CONTROLS_PIPELINE: Scenario = {
  name: "mouse, wheel and keys on a letterboxed picture arrive at the pipeline with its coordinates",
  run: async (browser, world) => {
    const server = await world.server();
    const sink = `webrtcsink 'stun-server=""' signaller::uri=${server.url} enable-control-data-channel=true`;
    const producer = world.pipeline("the camera", `${CAMERA} ! ${sink}`, EVENTS);
    await producer.says(/connected to the signalling server as/);
    const site = await world.site(viewingPage(server.url));
    const page = await browser.open(`${site.url}remote.html`);
    await until("open channel and a picture", () =>
      page.ask('document.querySelector("video").videoWidth === 640 && window.remote?.rtcDataChannel.readyState === "open"'),
    );
    const at = { pointer_x: "(double)160", pointer_y: "(double)100" };
    await page.pointer.move(100, 150);
    await arrives(producer, "mouse-move", at);
    await page.pointer.down("right");
    await arrives(producer, "mouse-button-press", { button: "(int)3", ...at });
    await page.pointer.move(600, 450);
    await page.pointer.up("right");
    await arrives(producer, "mouse-button-release", { button: "(int)3", pointer_x: "(double)640", pointer_y: "(double)360" });
    await page.pointer.move(100, 150);
    await page.pointer.wheel(0, 120);
    await arrives(producer, "mouse-scroll", { ...at, delta_pointer_y: "(double)-120" });
    await page.keyDown("Shift");
    await page.keyDown("A");
    await arrives(producer, "key-press", { key: "(string)A", state: "(GstNavigationModifierType)GST_NAVIGATION_MODIFIER_SHIFT_MASK" });
    await page.keyUp("A");
    await page.keyUp("Shift");
    await arrives(producer, "key-release", { key: "(string)Shift_L" });
    await page.ask('window.remote.sendCommand("Menu1")');
    await arrives(producer, "command", { "command-code": "(GstNavigationCommand)menu1" });
  },
};
