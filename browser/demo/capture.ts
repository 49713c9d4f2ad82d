/** The button that produces this device's camera and microphone. */

import type { GstWebRTCAPI, ProducerSession } from "../src/index.js";

const WANTED: MediaStreamConstraints = { audio: true, video: { width: 1280, height: 720 } };

/** Makes `toggle` start and stop producing; `report` is told what goes wrong. */
export function wireCapture(api: GstWebRTCAPI, toggle: HTMLButtonElement, report: (text: string) => void): void {
  let session: ProducerSession | null = null;
  const show = (): void => {
    toggle.textContent = session === null ? "Share this camera" : "Stop sharing";
    toggle.setAttribute("aria-pressed", String(session !== null));
  };
  const start = async (): Promise<void> => {
    const stream = await openCamera();
    const made = api.createProducerSession(stream);
    if (made === null) {
      stopTracks(stream);
      report("There is no signalling server to share the camera through.");
      return;
    }
    session = made;
    made.addEventListener("closed", () => {
      stopTracks(stream);
      session = null;
      show();
    });
    made.start();
    show();
  };
  toggle.addEventListener("click", () => {
    if (session !== null) {
      session.close();
      return;
    }
    toggle.disabled = true;
    start()
      .catch((error: unknown) => {
        report(`The camera cannot be used: ${error instanceof Error ? error.message : String(error)}`);
      })
      .finally(() => {
        toggle.disabled = false;
      });
  });
}

/** Browsers hand out cameras to secure pages and to those of this machine only. */
function openCamera(): Promise<MediaStream> {
  return "mediaDevices" in navigator
    ? navigator.mediaDevices.getUserMedia(WANTED)
    : Promise.reject(new Error("this page was not loaded over https"));
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.stop();
  }
}
