import assert from "node:assert/strict";
import { test } from "vitest";
import { codecsInVain } from "../src/common-codec.js";
import { describeEnd } from "../src/index.js";
import { PathsTried } from "../src/paths.js";

const HOST = "candidate:1 1 UDP 2122252543 192.0.2.1 40000 typ host";
const STUN = "candidate:2 1 udp 1686052607 203.0.113.5 40001 typ srflx raddr 192.0.2.1 rport 40000";
const ACTIVE = "candidate:3 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0";
const PASSIVE = "candidate:4 1 TCP 1518280447 198.51.100.7 40002 typ host tcptype passive";
const RELAY = "candidate:5 1 UDP 41885695 198.51.100.9 50000 typ relay raddr 203.0.113.5 rport 40001";

const ROWS: readonly (readonly [string, readonly string[], string | undefined])[] = [
  ["nothing is known", [], undefined],
  ["what is no candidate says nothing", ["", "candidate:nonsense"], undefined],
  ["direct UDP only", [HOST, STUN], "onlyUdp"],
  ["connecting over TCP tries nothing where nobody listens", [HOST, ACTIVE], "onlyUdp"],
  ["TCP as well", [HOST, ACTIVE, PASSIVE], "onlyDirect"],
  ["a relay of either side", [HOST, RELAY], undefined],
];

for (const [name, candidates, hint] of ROWS) {
  test(`what was tried to get through: ${name}`, () => {
    const tried = new PathsTried();
    candidates.forEach((candidate) => {
      tried.note(candidate);
    });
    assert.equal(tried.hint, hint);
  });
}

test("candidates inside a description count as well", () => {
  const tried = new PathsTried();
  tried.noteAll(`v=0\r\na=${HOST}\r\na=${RELAY}\r\n`);
  assert.equal(tried.hint, undefined);
});

test("where no path was found the words name the cure", () => {
  assert.match(describeEnd({ kind: "timeout", waitingFor: "transport", hint: "onlyUdp" }), /UDP.*TURN server/);
  assert.match(describeEnd({ kind: "transportFailed", hint: "onlyDirect" }), /TURN server/);
  assert.doesNotMatch(describeEnd({ kind: "transportFailed" }), /TURN/);
});

const section = (kind: string, port: number, codecs: readonly string[], more = ""): string =>
  `m=${kind} ${port} UDP/TLS/RTP/SAVPF 96\r\n${more}${codecs.map((codec, index) => `a=rtpmap:${96 + index} ${codec}\r\n`).join("")}`;
const CONTROL = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";
const OFFER = `v=0\r\n${section("video", 9, ["H265/90000", "rtx/90000"])}${section("audio", 0, ["opus/48000/2"], "a=bundle-only\r\n")}${CONTROL}`;

test("an answer that takes no media names the codecs that were offered in vain", () => {
  const answer = `v=0\r\n${section("video", 0, ["H265/90000"])}${section("audio", 0, [])}${CONTROL}`;
  assert.deepEqual(codecsInVain(OFFER, answer), ["video/H265", "audio/opus"]);
});

test("one section of media is enough", () => {
  assert.equal(codecsInVain(OFFER, `v=0\r\n${section("video", 0, [])}${section("audio", 9, ["opus/48000/2"])}`), null);
});

test("an offer without media is taken as it is", () => {
  assert.equal(codecsInVain(`v=0\r\n${section("video", 0, ["VP8/90000"])}${CONTROL}`, `v=0\r\n${section("video", 0, [])}`), null);
  assert.equal(codecsInVain("own offer", "own answer"), null);
});
