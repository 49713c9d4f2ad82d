import assert from "node:assert/strict";
import { test } from "vitest";
import { figuresOf } from "../src/player/figures.js";
import { AT_REST, type Finger, SHORT, press } from "../src/player/press-to-talk.js";

test("figures say what is known, in units that people read", () => {
  const all = figuresOf({
    at: 0,
    frameWidth: 1280,
    frameHeight: 720,
    rung: { index: 1, count: 3, width: 1280, height: 720 },
    framesPerSecond: 29.97,
    bitrate: 2_345_678,
    codec: "video/VP9",
    audioBitrate: 64_000,
    audioCodec: "audio/opus",
    roundTripTime: 0.0123,
    jitterBufferDelay: 0.04,
    packetLoss: 0.0155,
    freezeCount: 2,
    totalFreezesDuration: 1.25,
    protocol: "tcp",
    relayed: true,
    decoder: "libvpx",
  });
  assert.deepEqual(Object.fromEntries(all), {
    Picture: "1280 × 720",
    Resolution: "2 of 3",
    Frames: "30 per second",
    Video: "2.35 Mbit/s, VP9",
    Sound: "64 kbit/s, opus",
    "Round trip": "12 ms",
    "Held back": "40 ms",
    Lost: "1.6 %",
    Freezes: "2, 1.3 s",
    Path: "TCP through a relay",
    Decoder: "libvpx",
  });
});

test("what is not known is left out", () => {
  const rung = { index: 0, count: 1, width: 1, height: 1 };
  assert.deepEqual(figuresOf({ at: 0 }), []);
  assert.deepEqual(figuresOf({ at: 0, codec: "video/AV1", freezeCount: 0, rung }), [["Video", "AV1"], ["Freezes", "none"]]);
});

/** What happens, each so long after the one before (ms), and whether it talks after each. */
const HABITS: readonly (readonly [string, readonly (readonly [Finger, number])[], readonly boolean[]])[] = [
  ["holds it", [["down", 0], ["up", SHORT + 1]], [true, false]],
  ["presses it twice", [["down", 0], ["up", SHORT - 1], ["down", 9000], ["up", 50]], [true, true, false, false]],
  ["lets go after pressing it to end, late", [["down", 0], ["up", 10], ["down", 9000], ["up", 5000]], [true, true, false, false]],
  ["is interrupted while holding it", [["down", 0], ["lost", 100]], [true, false]],
  ["looks elsewhere after pressing it", [["down", 0], ["up", 100], ["lost", 100]], [true, true, true]],
  ["clicks it by other means", [["click", 0], ["click", 10]], [true, false]],
  ["lets go of what was not pressed", [["up", 0]], [false]],
];

test.each(HABITS)("who %s talks as long as expected", (_, fingers, expected) => {
  let [state, now] = [AT_REST, 0];
  const talks = fingers.map(([finger, later]) => {
    now += later;
    const { after, talk } = press(state, finger, now);
    state = after;
    return talk;
  });
  assert.deepEqual(talks, expected);
});
