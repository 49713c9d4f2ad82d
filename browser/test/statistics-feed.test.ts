import assert from "node:assert/strict";
import { test } from "vitest";
import type { SessionStatistics } from "../src/index.js";
import { consuming } from "./support/clients.js";
import { FakeDataChannel, FakePeerConnection } from "./support/fake-peer-connection.js";

interface Wishes {
  readonly track: { readonly kind: string };
  jitterBufferTarget?: unknown;
  playoutDelayHint?: unknown;
}

const video = (timestamp: number, bytesReceived: number): object => ({
  id: "v",
  type: "inbound-rtp",
  kind: "video",
  timestamp,
  bytesReceived,
});

test("statistics come at once, again and again, and end with the session", async (t) => {
  const { consumer } = await consuming(t);
  const connection = consumer.rtcPeerConnection as unknown as FakePeerConnection;
  connection.stats = [video(0, 0)];
  const seen: SessionStatistics[] = [];
  for await (const statistics of consumer.statistics({ interval: 1 })) {
    seen.push(statistics);
    connection.stats = [video(seen.length * 1000, seen.length * 1000)];
    if (seen.length === 3) {
      consumer.close();
    }
  }
  assert.deepEqual(seen.map(({ bitrate }) => bitrate), [undefined, 8000, 8000]);
  assert.ok(seen.every(({ at }, index) => at > (seen[index - 1]?.at ?? 0)));
});

test("nobody waits for statistics of a session that ends meanwhile, or is over", async (t) => {
  const { consumer } = await consuming(t);
  const statistics = consumer.statistics({ interval: 1_000_000 });
  assert.equal((await statistics.next()).done, false);
  const next = statistics.next();
  consumer.close();
  assert.equal((await next).done, true);
  assert.equal((await consumer.statistics().next()).done, true);
});

test("a session that has no connection yet has no statistics, and they come when it has", async (t) => {
  const { viewer } = await consuming(t);
  const idle = viewer.createConsumerSession("somebody");
  assert.ok(idle !== null);
  const first = idle.statistics({ interval: 1 }).next();
  idle.createDataChannel("makes the connection");
  assert.equal((await first).done, false);
});

test("the rung that the producer tells of is among the statistics", async (t) => {
  const { consumer } = await consuming(t);
  const connection = consumer.rtcPeerConnection as unknown as FakePeerConnection;
  const channel = new FakeDataChannel("control");
  connection.dispatchEvent(Object.assign(new Event("datachannel"), { channel }));
  const tells = (info: unknown): void => {
    const data = JSON.stringify({ type: "InfoMessage", mid: "video0", info });
    channel.dispatchEvent(Object.assign(new Event("message"), { data }));
  };
  const rung = { index: 1, count: 3, width: 640, height: 360 };
  tells({ rung });
  tells({ rung: { index: "best" } });
  tells({ meta: { type: "timeCode" } });
  const told = await consumer.statistics().next();
  assert.deepEqual((told.value as SessionStatistics).rung, rung);
  const other = await consumer.statistics({ mid: "video1" }).next();
  assert.equal((other.value as SessionStatistics).rung, undefined);
});

test("video is held back as long as wished, also video that comes later, and audio never", async (t) => {
  const { consumer } = await consuming(t);
  const connection = consumer.rtcPeerConnection as unknown as FakePeerConnection;
  const receiver = (kind: string, more: object): Wishes => {
    const made: Wishes = { track: { kind }, ...more };
    connection.receivers.push(made);
    return made;
  };
  const newer = receiver("video", { jitterBufferTarget: null });
  const older = receiver("video", { playoutDelayHint: null });
  const without = receiver("video", {});
  const audio = receiver("audio", { jitterBufferTarget: null });
  consumer.setPlayoutDelay(250);
  const later = { track: { kind: "video" }, jitterBufferTarget: null };
  connection.dispatchEvent(Object.assign(new Event("track"), { receiver: later, streams: [{}] }));
  assert.deepEqual([newer, later].map((r) => r.jitterBufferTarget), [250, 250]);
  assert.equal(older.playoutDelayHint, 0.25);
  assert.ok(!("jitterBufferTarget" in without) && !("playoutDelayHint" in without));
  consumer.setPlayoutDelay(99_999);
  assert.equal(newer.jitterBufferTarget, 4000);
  consumer.setPlayoutDelay(null);
  assert.deepEqual([newer.jitterBufferTarget, older.playoutDelayHint], [null, null]);
  assert.equal(audio.jitterBufferTarget, null);
});
