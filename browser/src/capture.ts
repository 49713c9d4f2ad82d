/** Streams of this device to produce: camera, microphone, screen, canvas. */

import { CaptureError, type CaptureSource, captureErrorOf } from "./capture-error.js";

/** What is wanted of a picture. Devices come as near to it as they can. */
export interface PictureWishes {
  /** Pixels; 1280 by default. */
  readonly width?: number;
  /** Pixels; 720 by default. */
  readonly height?: number;
  /** Frames per second; 30 by default. */
  readonly frameRate?: number;
}

/** What is wanted of a microphone. */
export interface MicrophoneWishes {
  /** A certain one (`MediaDeviceInfo.deviceId`); the system's by default. */
  readonly deviceId?: string;
  /**
   * Whether the browser takes echo and noise out of it and levels it; true by default, which speech wants. Music wants
   * false, and stereo.
   */
  readonly speech?: boolean;
}

/** What is wanted of a camera. */
export interface CameraWishes extends PictureWishes {
  /** A certain one (`MediaDeviceInfo.deviceId`). */
  readonly deviceId?: string;
  /** Of a phone: the camera on the side of the screen (`user`) or the other one. */
  readonly facing?: "user" | "environment";
  /** Whether to capture a microphone as well; by default where there is one. */
  readonly audio?: boolean | MicrophoneWishes;
}

/** What is wanted of a screen. */
export interface ScreenWishes {
  /** Frames per second at most; 30 by default. */
  readonly frameRate?: number;
  /** Whether to ask for the sound of what is shared, which not every browser and system has; false by default. */
  readonly audio?: boolean;
  /** What matters when the network is slow: that letters are sharp, by default, or that movement is fluent. */
  readonly content?: "text" | "motion";
}

/** The constraints for a camera. @internal */
export function cameraConstraints(wishes: CameraWishes): MediaTrackConstraints {
  const { width = 1280, height = 720, frameRate = 30, deviceId, facing } = wishes;
  return {
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: frameRate },
    ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }),
    ...(facing === undefined ? {} : { facingMode: { ideal: facing } }),
  };
}

/** The constraints for a microphone. @internal */
export function microphoneConstraints({ deviceId, speech = true }: MicrophoneWishes): MediaTrackConstraints {
  return {
    echoCancellation: speech,
    noiseSuppression: speech,
    autoGainControl: speech,
    ...(speech ? {} : { channelCount: { ideal: 2 } }),
    ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }),
  };
}

/**
 * Captures a camera, with a microphone where there is one. Asks the person for permission.
 *
 * @throws {@link CaptureError} where that does not work.
 */
export async function captureCamera(wishes: CameraWishes = {}): Promise<MediaStream> {
  const { audio } = wishes;
  const video = cameraConstraints(wishes);
  if (audio === false) {
    return open("camera", { video });
  }
  const both = { video, audio: microphoneConstraints(typeof audio === "object" ? audio : {}) };
  try {
    return await open("camera", both);
  } catch (error) {
    // The browser does not say which of the two is missing.
    const mayDoWithout = error instanceof CaptureError && error.reason === "notFound";
    if (!mayDoWithout || !(await hasDevice("videoinput"))) {
      throw error;
    }
    if (audio !== undefined) {
      throw new CaptureError("notFound", "microphone", error.cause);
    }
    return open("camera", { video });
  }
}

/**
 * Captures a microphone. Asks the person for permission.
 *
 * @throws {@link CaptureError} where that does not work.
 */
export function captureMicrophone(wishes: MicrophoneWishes = {}): Promise<MediaStream> {
  return open("microphone", { audio: microphoneConstraints(wishes) });
}

/**
 * Captures a screen, a window or a tab, as the person chooses. Call it from a click: browsers want one.
 *
 * @throws {@link CaptureError} where that does not work.
 */
export async function captureScreen(wishes: ScreenWishes = {}): Promise<MediaStream> {
  const { frameRate = 30, audio = false, content = "text" } = wishes;
  const devices = mediaDevices("screen");
  if (!("getDisplayMedia" in devices)) {
    throw new CaptureError("unsupported", "screen");
  }
  try {
    const stream = await devices.getDisplayMedia({ video: { frameRate: { max: frameRate } }, audio });
    for (const track of stream.getVideoTracks()) {
      track.contentHint = content === "motion" ? "motion" : "detail";
    }
    return stream;
  } catch (error) {
    throw captureErrorOf(error, "screen");
  }
}

/**
 * Captures what is drawn on a canvas. The stream has a frame for each change, and no more than `frameRate` per second
 * where it is given.
 *
 * @throws {@link CaptureError} where the browser cannot, or the canvas holds pictures of other sites.
 */
export function captureCanvas(canvas: HTMLCanvasElement, frameRate?: number): MediaStream {
  if (!("captureStream" in canvas)) {
    throw new CaptureError("unsupported", "canvas");
  }
  try {
    return canvas.captureStream(frameRate);
  } catch (error) {
    throw captureErrorOf(error, "canvas");
  }
}

/** Stops all tracks: what was captured is released, and the browser's mark of it goes. */
export function stopCapture(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.stop();
  }
}

async function open(source: CaptureSource, constraints: MediaStreamConstraints): Promise<MediaStream> {
  const devices = mediaDevices(source);
  try {
    return await devices.getUserMedia(constraints);
  } catch (error) {
    throw captureErrorOf(error, source);
  }
}

async function hasDevice(kind: MediaDeviceKind): Promise<boolean> {
  const found = await navigator.mediaDevices.enumerateDevices();
  return found.some((device) => device.kind === kind);
}

/** Pages that are not secure have none. */
function mediaDevices(source: CaptureSource): MediaDevices {
  if (!("mediaDevices" in navigator)) {
    throw new CaptureError(isSecureContext ? "unsupported" : "insecure", source);
  }
  return navigator.mediaDevices;
}
