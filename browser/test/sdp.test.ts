import assert from "node:assert/strict";
import { test } from "vitest";
import { withStereoOpus } from "../src/sdp.js";

const lines = (...text: string[]): string => text.map((line) => `${line}\r\n`).join("");

test("stereo is added to the parameters of Opus only", () => {
  assert.equal(
    withStereoOpus(lines("a=rtpmap:111 opus/48000/2", "a=fmtp:111 useinbandfec=1", "a=fmtp:96 apt=97")),
    lines("a=rtpmap:111 opus/48000/2", "a=fmtp:111 useinbandfec=1;stereo=1", "a=fmtp:96 apt=97"),
  );
});

test("Opus without parameters gets some", () => {
  assert.equal(
    withStereoOpus(lines("a=rtpmap:111 opus/48000/2", "a=rtcp-mux")),
    lines("a=rtpmap:111 opus/48000/2", "a=fmtp:111 stereo=1", "a=rtcp-mux"),
  );
});

test("mono is turned into stereo and sprop-stereo left alone", () => {
  assert.equal(
    withStereoOpus(lines("a=rtpmap:111 opus/48000/2", "a=fmtp:111 sprop-stereo=0;stereo=0")),
    lines("a=rtpmap:111 opus/48000/2", "a=fmtp:111 sprop-stereo=0;stereo=1"),
  );
});
