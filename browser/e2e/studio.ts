/** The producers that many scenarios watch: one for each codec and transport, at one server. They run as long as the run. */

import type { BrowserName } from "./support/browsers.js";
import type { Camera, World } from "./world.js";

/** One of the studio's cameras. */
export interface StudioCamera extends Camera {
  /** What the statistics of a browser call its codec. */
  readonly codec: string;
  readonly browsers: readonly BrowserName[];
}

const BOTH = ["chromium", "firefox"] as const;
const SURROUND =
  'audiotestsrc is-live=true volume=0.3 ! "audio/x-raw,rate=48000,channels=6,channel-mask=(bitmask)0x3f"';

/** What the studio's first camera is called, the one with the page and the server. */
export const FIRST = "VP8";

/** All of them. Firefox cannot decode H.264 unless it has downloaded its codec. */
export const CAMERAS: readonly StudioCamera[] = [
  { name: FIRST, codec: "video/VP8", browsers: BOTH, sink: "transport=webrtcbin video-caps=video/x-vp8" },
  { name: "H.264", codec: "video/H264", browsers: ["chromium"], sink: "transport=webrtcbin video-caps=video/x-h264" },
  { name: "six channels", codec: "video/VP8", browsers: BOTH, sound: SURROUND, sink: "transport=webrtcbin video-caps=video/x-vp8" },
  ...(["VP8", "VP9", "AV1", "H264"] as const).map((codec) => ({
    name: `${codec} natively`,
    codec: `video/${codec}`,
    browsers: codec === "H264" ? (["chromium"] as const) : BOTH,
    sink: `transport=native video-caps=video/x-${codec.toLowerCase()}`,
  })),
];

/** A studio that runs. */
export interface Studio {
  /** The page of its first camera, served by the element. */
  readonly page: string;
  /** Its first camera's signalling server. */
  readonly signalling: string;
}

/** The studio, started when it is first asked for. */
export function studio(world: World): Promise<Studio> {
  return world.shared("studio", async (whole) => {
    const [first, ...others] = CAMERAS;
    if (first === undefined) {
      throw new Error("the studio has no camera");
    }
    const { page } = await whole.ownCamera(first);
    // The websocket is on the page's own port.
    const signalling = page.replace(/^http/, "ws");
    await whole.cameras(signalling, ...others);
    return { page, signalling };
  });
}
