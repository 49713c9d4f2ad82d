/**
 * `<gst-webrtc-player>`: importing this registers the element.
 *
 * @packageDocumentation
 */

import { GstWebRTCPlayer } from "./element.js";

export { GstWebRTCAPI, type GstWebRTCConfig } from "../gstwebrtc-api.js";
export { type PlayerReason } from "./causes.js";
export { GstWebRTCPlayer } from "./element.js";
export { type PlayerState } from "./situation.js";
export { type PlayerEventMap, type PlayerStatus } from "./status.js";

declare global {
  interface HTMLElementTagNameMap {
    "gst-webrtc-player": GstWebRTCPlayer;
  }
}

const TAG = "gst-webrtc-player";

// A page may load this twice, and a server has no elements.
const registry = (globalThis as { customElements?: CustomElementRegistry }).customElements;
if (registry !== undefined && registry.get(TAG) === undefined) {
  registry.define(TAG, GstWebRTCPlayer);
}
