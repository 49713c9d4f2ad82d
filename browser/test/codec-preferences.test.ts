import assert from "node:assert/strict";
import { test } from "vitest";
import { byPreference, checkedCodecs } from "../src/codec-preferences.js";

const named = (...names: readonly string[]): { mimeType: string; profile: number }[] =>
  names.map((mimeType, profile) => ({ mimeType, profile }));
const VIDEO = named("video/VP8", "video/rtx", "video/H264", "video/H264", "video/VP9", "video/red", "video/ulpfec");

test("wanted codecs come first, in their order, with all their profiles, and the others after them as they were", () => {
  const names = byPreference(VIDEO, ["video/VP9", "video/H264"])?.map(({ mimeType, profile }) => `${mimeType} ${profile}`);
  assert.deepEqual(names, [
    "video/VP9 4",
    "video/H264 2",
    "video/H264 3",
    "video/VP8 0",
    "video/rtx 1",
    "video/red 5",
    "video/ulpfec 6",
  ]);
});

test("codecs that the browser has not change nothing", () => {
  assert.equal(byPreference(VIDEO, ["video/AV1", "audio/opus"]), null);
  assert.equal(byPreference(VIDEO, []), null);
});

test("a codec that is wanted twice is there once", () => {
  assert.equal(byPreference(VIDEO, ["video/VP9", "video/VP9"])?.length, VIDEO.length);
});

test("names are understood in whatever case, and without their kind", () => {
  assert.deepEqual(checkedCodecs(["VIDEO/vp9", " av1", "Opus"]), ["video/VP9", "video/AV1", "audio/opus"]);
});

test("a name of no codec is an error that lists the names", () => {
  assert.throws(() => checkedCodecs(["video/VP9", "video/VP7"]), (error) => {
    assert.ok(error instanceof RangeError);
    assert.match(error.message, /"video\/VP7".*video\/AV1, video\/H264/);
    return true;
  });
});
