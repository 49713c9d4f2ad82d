/** The classic script: `window.GstWebRTCAPI`, for pages without modules. */

import { GstWebRTCAPI } from "./gstwebrtc-api.js";

Object.assign(globalThis, { GstWebRTCAPI });
