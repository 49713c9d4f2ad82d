/** How long a browser holds received media back before it shows it. */

/** Names of the same wish in newer and older browsers, the older one in seconds. */
interface PlayoutReceiver {
  jitterBufferTarget?: number | null;
  playoutDelayHint?: number | null;
}

/** The longest that browsers take (W3C webrtc-extensions), in milliseconds. */
const LONGEST = 4000;

/**
 * Asks the browser to hold back video about as long as `milliseconds`, where it can be asked; null: as it thinks best.
 * 0 is fit for live video. Audio is left alone: its buffer has to absorb the network's jitter, or it crackles.
 */
export function setVideoPlayoutDelay(connection: RTCPeerConnection, milliseconds: number | null): void {
  for (const receiver of connection.getReceivers()) {
    setPlayoutDelay(receiver, milliseconds);
  }
}

/** The same for one receiver, unless it is one of audio. */
export function setPlayoutDelay(receiver: RTCRtpReceiver, milliseconds: number | null): void {
  if (receiver.track.kind !== "video") {
    return;
  }
  const target: PlayoutReceiver = receiver;
  const wanted = milliseconds === null ? null : Math.min(LONGEST, Math.max(0, milliseconds));
  if ("jitterBufferTarget" in receiver) {
    target.jitterBufferTarget = wanted;
  } else if ("playoutDelayHint" in receiver) {
    target.playoutDelayHint = wanted === null ? null : wanted / 1000;
  }
}
