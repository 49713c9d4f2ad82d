/** How long a browser holds received media back before it shows it. */

/** Names of the same wish in newer and older browsers, the older one in seconds. */
interface PlayoutReceiver {
  jitterBufferTarget?: number | null;
  playoutDelayHint?: number | null;
}

/**
 * Asks the browser to hold back video no longer than `milliseconds`, where it can be asked. 0 is fit for live video.
 * Audio is left alone: its buffer has to absorb the network's jitter, or it crackles.
 */
export function setVideoPlayoutDelay(connection: RTCPeerConnection, milliseconds: number): void {
  for (const receiver of connection.getReceivers()) {
    if (receiver.track.kind !== "video") {
      continue;
    }
    const target: PlayoutReceiver = receiver;
    if ("jitterBufferTarget" in receiver) {
      target.jitterBufferTarget = milliseconds;
    } else if ("playoutDelayHint" in receiver) {
      target.playoutDelayHint = milliseconds / 1000;
    }
  }
}
