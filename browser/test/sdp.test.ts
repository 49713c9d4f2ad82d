import assert from "node:assert/strict";
import { test } from "vitest";
import { dtlsRole, withDtlsRole, withOfferedExtensions, withStereoOpus } from "../src/sdp.js";

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

const SETUP = (setup: string): string => `v=0\r\nm=video 9 RTP 96\r\na=setup:${setup}\r\na=mid:0\r\n`;

test("a later offer names the side of DTLS that was agreed on, whoever offered first", () => {
  assert.equal(dtlsRole(SETUP("active"), SETUP("actpass")), "active");
  assert.equal(dtlsRole(SETUP("actpass"), SETUP("passive")), "active");
  assert.equal(dtlsRole(SETUP("passive"), SETUP("actpass")), "passive");
  assert.equal(dtlsRole(SETUP("actpass"), SETUP("active")), "passive");
  assert.equal(dtlsRole("", ""), null);
  assert.equal(withDtlsRole(SETUP("actpass"), "active"), SETUP("active"));
  assert.equal(withDtlsRole(SETUP("actpass"), null), SETUP("actpass"));
});

test("an answer keeps the header extensions that its section was offered, and no others", () => {
  const offer = "v=0\r\nm=video 9 RTP 96\r\na=extmap:1 urn:a\r\nm=audio 9 RTP 97\r\na=extmap:2/sendonly urn:b\r\n";
  const section = "a=extmap:1 urn:a\r\na=extmap:2/recvonly urn:b x\r\n";
  assert.equal(
    withOfferedExtensions(offer, `v=0\r\nm=video 9 RTP 96\r\n${section}m=audio 9 RTP 97\r\n${section}a=mid:1\r\n`),
    "v=0\r\nm=video 9 RTP 96\r\na=extmap:1 urn:a\r\nm=audio 9 RTP 97\r\na=extmap:2/recvonly urn:b x\r\na=mid:1\r\n",
  );
});
