import "./support/globals.js";
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "vitest";
import { type DescribedFrame, FrameMetadata, type InfoMessage, type RemoteController, canCallBackForFrames } from "../src/index.js";

class Stream {
  readonly track = {};
  getVideoTracks(): readonly unknown[] {
    return [this.track];
  }
}

/** A video element that shows frames when it is told to. */
class Video {
  srcObject: Stream | null = new Stream();
  #callbacks: ((now: number, frame: object) => void)[] = [];

  requestVideoFrameCallback(callback: (now: number, frame: object) => void): number {
    this.#callbacks = [callback];
    return 1;
  }

  cancelVideoFrameCallback(): void {
    this.#callbacks = [];
  }

  show(frame: object): void {
    for (const callback of this.#callbacks.splice(0)) {
      callback(0, frame);
    }
  }

  get waits(): boolean {
    return this.#callbacks.length > 0;
  }
}

function scene(video = new Video()): {
  video: Video;
  metadata: FrameMetadata;
  shown: DescribedFrame[];
  say: (rtpTimestamp: number, mid?: string) => void;
  controller: EventTarget;
} {
  Object.assign(globalThis, { MediaStream: Stream, HTMLVideoElement: Video });
  const transceivers = [{ mid: "video0", receiver: { track: video.srcObject?.track } }];
  const controller = Object.assign(new EventTarget(), {
    consumerSession: { rtcPeerConnection: { getTransceivers: () => transceivers } },
  });
  const metadata = new FrameMetadata(controller as unknown as RemoteController, video as unknown as HTMLVideoElement);
  const shown: DescribedFrame[] = [];
  metadata.addEventListener("frame", ({ detail }) => shown.push(detail));
  const say = (rtpTimestamp: number, mid = "video0"): void => {
    const detail: InfoMessage = { type: "InfoMessage", mid, info: { meta: null, rtpTimestamp } };
    controller.dispatchEvent(new CustomEvent("info", { detail }));
  };
  return { video, metadata, shown, say, controller };
}

test("what is said of a frame is told with the frame", () => {
  const { video, metadata, shown, say } = scene();
  assert.equal(metadata.supported, null);
  say(3000);
  say(6000);
  video.show({ rtpTimestamp: 3000, mediaTime: 1 });
  assert.equal(metadata.supported, true);
  assert.deepEqual(
    shown.map(({ frame, info }) => [frame.mediaTime, (info.info as { rtpTimestamp: number }).rtpTimestamp]),
    [[1, 3000]],
  );
});

test("what is said of another stream is not told with this one's frames", () => {
  const { video, shown, say } = scene();
  say(3000, "video1");
  video.show({ rtpTimestamp: 3000 });
  assert.equal(shown.length, 0);
});

test("what was said of the last stream is forgotten when the element shows another", () => {
  const { video, shown, say } = scene();
  say(6000);
  video.show({ rtpTimestamp: 3000 });
  video.srcObject = new Stream();
  video.show({ rtpTimestamp: 6000 });
  assert.equal(shown.length, 0);
});

test("a browser that does not say which frame it shows is said to be unable", async () => {
  const { video, metadata, shown, say } = scene();
  const told = once(metadata, "unsupported", { signal: AbortSignal.timeout(1000) });
  say(3000);
  video.show({ mediaTime: 1 });
  await told;
  assert.equal(metadata.supported, false);
  assert.ok(!video.waits);
  assert.equal(shown.length, 0);
});

test("a browser that calls back for no frames is said to be unable", async () => {
  const { metadata: able } = scene();
  assert.ok(canCallBackForFrames());
  able.close();
  Object.assign(globalThis, { HTMLVideoElement: Stream });
  assert.ok(!canCallBackForFrames());
  const metadata = new FrameMetadata(new EventTarget() as unknown as RemoteController, { srcObject: null } as HTMLVideoElement);
  await once(metadata, "unsupported", { signal: AbortSignal.timeout(1000) });
  assert.equal(metadata.supported, false);
});

test("pairing ends with the channel and when it is closed", () => {
  for (const end of ["channel", "close"]) {
    const { video, metadata, shown, say, controller } = scene();
    say(3000);
    if (end === "channel") {
      controller.dispatchEvent(new Event("closed"));
    } else {
      metadata.close();
    }
    assert.ok(!video.waits);
    say(6000);
    video.show({ rtpTimestamp: 6000 });
    assert.equal(shown.length, 0);
  }
});
