/** A preview: a small silent session whose last picture stays on the card. */

import { type GstWebRTCAPI, type Peer, setVideoPlayoutDelay } from "../src/index.js";
import { element } from "./elements.js";
import type { OpenPreview } from "./preview.js";

const WIDTH = 320;

/** Plays `producer` on `screen` without sound until it is closed; null: no signalling server. */
export function peek(api: GstWebRTCAPI, { id }: Peer, screen: HTMLElement): OpenPreview | null {
  const session = api.createConsumerSession(id);
  if (session === null) {
    return null;
  }
  const video = element("video", { playsinline: "", "data-testid": "preview-video" });
  video.muted = true;
  video.autoplay = true;
  session.addEventListener("streamsChanged", () => {
    const [connection, stream] = [session.rtcPeerConnection, session.streams[0]];
    if (connection !== null && stream !== undefined && video.srcObject !== stream) {
      setVideoPlayoutDelay(connection, 0);
      // Sound is not even decoded.
      for (const track of stream.getAudioTracks()) {
        track.enabled = false;
      }
      video.srcObject = stream;
    }
  });
  video.addEventListener("loadeddata", () => {
    video.toggleAttribute("data-live", true);
  });
  // Phones play only what is on the page.
  screen.append(video);
  session.connect();
  return {
    close: () => {
      keepPicture(video, screen);
      session.close();
      video.srcObject = null;
      video.remove();
    },
  };
}

/** Puts what `video` shows on `screen`, where it shows something. */
export function keepPicture(video: HTMLVideoElement, screen: HTMLElement): void {
  if (video.videoWidth === 0 || video.readyState < video.HAVE_CURRENT_DATA) {
    return;
  }
  const canvas = screen.querySelector("canvas") ?? element("canvas", {});
  canvas.width = WIDTH;
  canvas.height = Math.round((WIDTH * video.videoHeight) / video.videoWidth);
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  screen.append(canvas);
}
