import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "vitest";
import { type SessionStatistics, StatisticsReader, type StatsEntry } from "../src/statistics.js";

/** Two reports of a real browser, about a second apart, of a stream of a real `webrtcsink`; without addresses. */
function recorded(browser: string): SessionStatistics[] {
  const url = new URL(`recordings/statistics-${browser}.json`, import.meta.url);
  const reports = JSON.parse(readFileSync(url, "utf8")) as StatsEntry[][];
  const reader = new StatisticsReader();
  return reports.map((report, index) => reader.read(report, index));
}

const ROUNDED = (_: string, value: unknown): unknown => (typeof value === "number" ? Number(value.toPrecision(4)) : value);
const rounded = (statistics: SessionStatistics | undefined): unknown => JSON.parse(JSON.stringify(statistics, ROUNDED));

/** What both recordings have in common. */
const PLAYING = {
  at: 1,
  audioCodec: "audio/opus",
  codec: "video/VP8",
  frameWidth: 640,
  frameHeight: 360,
  framesPerSecond: 30,
  freezeCount: 0,
  totalFreezesDuration: 0,
  packetLoss: 0,
  protocol: "udp",
  relayed: false,
};

for (const [browser, expected] of [
  ["chromium", { ...PLAYING, bitrate: 3_027_000, audioBitrate: 65_430, jitterBufferDelay: 0.003885, roundTripTime: 0.002 }],
  ["firefox", { ...PLAYING, bitrate: 3_068_000, audioBitrate: 64_090, jitterBufferDelay: 0.01515, roundTripTime: 0.022 }],
] as const) {
  test(`what ${browser} reports is read`, () => {
    const [, second] = recorded(browser);
    assert.deepEqual(rounded(second), expected);
  });

  test(`the first report of ${browser} has no rates`, () => {
    const [first] = recorded(browser);
    assert.ok(first !== undefined);
    for (const key of ["bitrate", "audioBitrate", "packetLoss", "jitterBufferDelay"]) {
      assert.ok(!(key in first), key);
    }
    assert.equal(first.codec, "video/VP8");
  });
}

const received = (more: object): StatsEntry => ({ id: "v", type: "inbound-rtp", kind: "video", timestamp: 0, ...more });

function readTwo(before: object, after: object): SessionStatistics {
  const reader = new StatisticsReader();
  reader.read([received(before)], 0);
  return reader.read([received({ timestamp: 2000, ...after })], 1);
}

test("losses are those since the last report, and packets that come late after all are none", () => {
  const before = { packetsLost: 10, packetsReceived: 100 };
  assert.equal(readTwo(before, { packetsLost: 20, packetsReceived: 130 }).packetLoss, 0.25);
  assert.equal(readTwo(before, { packetsLost: 8, packetsReceived: 130 }).packetLoss, 0);
  assert.ok(!("packetLoss" in readTwo(before, before)));
});

test("the delay is that of the frames since the last report", () => {
  const before = { jitterBufferDelay: 100, jitterBufferEmittedCount: 1000 };
  const after = { jitterBufferDelay: 101, jitterBufferEmittedCount: 1010 };
  assert.ok(Math.abs((readTwo(before, after).jitterBufferDelay ?? 0) - 0.1) < 1e-9);
  assert.ok(!("jitterBufferDelay" in readTwo(before, before)));
});

test("the frame rate is counted where the browser does not tell it", () => {
  assert.equal(readTwo({ framesDecoded: 0 }, { framesDecoded: 50 }).framesPerSecond, 25);
  assert.equal(readTwo({ framesDecoded: 0 }, { framesDecoded: 50, framesPerSecond: 24 }).framesPerSecond, 24);
});

test("what nobody knows is absent", () => {
  assert.deepEqual(new StatisticsReader().read([], 5), { at: 5 });
  assert.deepEqual(new StatisticsReader().read([received({ frameWidth: 0, codecId: "gone" })], 5), { at: 5 });
});

test("of several sections the one that is meant is read, or else the one with most data", () => {
  const streams = [
    received({ id: "a", mid: "0", bytesReceived: 10, frameWidth: 100 }),
    received({ id: "b", mid: "1", bytesReceived: 20, frameWidth: 200 }),
  ];
  assert.equal(new StatisticsReader().read(streams, 0).frameWidth, 200);
  assert.equal(new StatisticsReader("0").read(streams, 0).frameWidth, 100);
});

test("a stream that is produced here is read from what is sent and what the other side says of it", () => {
  const sent = (bytesSent: number, timestamp: number): StatsEntry[] => [
    { id: "o", type: "outbound-rtp", kind: "video", timestamp, bytesSent, framesPerSecond: 30, encoderImplementation: "libvpx" },
    { id: "r", type: "remote-inbound-rtp", kind: "video", localId: "o", timestamp, fractionLost: 0.1, roundTripTime: 0.02 },
  ];
  const reader = new StatisticsReader();
  reader.read(sent(0, 0), 0);
  assert.deepEqual(reader.read(sent(125, 1000), 1), {
    at: 1,
    bitrate: 1000,
    framesPerSecond: 30,
    packetLoss: 0.1,
    encoder: "libvpx",
    roundTripTime: 0.02,
  });
});

test("a path through a relay of either side is told, with the leg that this side speaks over", () => {
  const path = (local: object, remote: object): SessionStatistics =>
    new StatisticsReader().read(
      [
        { id: "t", type: "transport", selectedCandidatePairId: "p" },
        { id: "other", type: "candidate-pair", nominated: true, state: "succeeded" },
        { id: "p", type: "candidate-pair", localCandidateId: "l", remoteCandidateId: "r", currentRoundTripTime: 0.25 },
        { id: "l", type: "local-candidate", ...local },
        { id: "r", type: "remote-candidate", ...remote },
      ],
      0,
    );
  const host = { candidateType: "host", protocol: "udp" };
  const tls = { candidateType: "relay", protocol: "udp", relayProtocol: "tls" };
  assert.deepEqual(path(host, host), { at: 0, roundTripTime: 0.25, protocol: "udp", relayed: false });
  assert.deepEqual(path(tls, host), { at: 0, roundTripTime: 0.25, protocol: "tcp", relayed: true });
  assert.equal(path(host, { candidateType: "relay" }).relayed, true);
});
