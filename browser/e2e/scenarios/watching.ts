/** What a session tells while it runs: its statistics, and streams that come and go. */

import assert from "node:assert/strict";
import type { SessionStatistics } from "../../src/index.js";
import type { Scenario } from "../scenario.js";
import { studio } from "../studio.js";
import { until } from "../support/until.js";
import { moves, play } from "../support/viewing.js";

/** The next statistics of a producer's session, as many as are asked for. */
async function takeStatistics(producerId: string, count: number): Promise<SessionStatistics[]> {
  const taken: SessionStatistics[] = [];
  const session = window.gstWebRTCSessions.find((played) => played.producerId === producerId)?.session;
  if (session !== undefined) {
    for await (const statistics of session.statistics({ interval: 500 })) {
      taken.push(statistics);
      if (taken.length >= count) {
        break;
      }
    }
  }
  return taken;
}

/** How many pictures the first session is sent. */
function countPictures(): number {
  const lines = window.gstWebRTCSessions[0]?.session.rtcPeerConnection?.getTransceivers() ?? [];
  const offered = ({ currentDirection, receiver }: RTCRtpTransceiver): boolean =>
    receiver.track.kind === "video" && (currentDirection === "recvonly" || currentDirection === "sendrecv");
  return lines.filter(offered).length;
}

/** Of a camera whose picture and codec are known. */
export const TELLS_STATISTICS: Scenario = {
  name: "statistics of a session are plausible",
  run: async (browser, world) => {
    const { page: url } = await studio(world);
    const page = await browser.open(url);
    const id = await play(page, "VP8 natively");
    await moves(page, id);
    const [first, second, third] = await page.call(takeStatistics, id, 3);
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    assert.ok(second.at > first.at && third.at > second.at);
    assert.equal(third.codec, "video/VP8");
    assert.equal(third.audioCodec?.toLowerCase(), "audio/opus");
    assert.equal(third.protocol, "udp");
    assert.equal(third.relayed, false);
    const within = (value: number | undefined, least: number, most: number, what: string): void => {
      assert.ok(value !== undefined && value >= least && value <= most, `${what}: ${JSON.stringify(third)}`);
    };
    // The ladder may have chosen a smaller picture.
    within(third.frameWidth, 160, 640, "width");
    within(third.frameHeight, 90, 360, "height");
    within(third.bitrate, 10_000, 20_000_000, "bitrate");
    within(third.audioBitrate, 5000, 500_000, "bitrate of the sound");
    within(third.framesPerSecond, 5, 45, "frames per second");
    within(third.packetLoss, 0, 0.5, "loss");
    within(third.jitterBufferDelay, 0, 2, "delay of the jitter buffer");
    if (third.roundTripTime !== undefined) {
      within(third.roundTripTime, 0, 1, "round trip");
    }
    return third;
  },
};

/** An example program adds pictures to a stream and removes them again. */
export const FOLLOWS_STREAMS: Scenario = {
  name: "streams come and go while the first one plays on",
  run: async (browser, world) => {
    const [{ page: url }, server] = await Promise.all([studio(world), world.server()]);
    world.example("change_streams", "--uri", server.url, "--every", "1");
    const page = await browser.open(`${url}?server=${server.url}`);
    await page.waitFor('[data-testid="producer"]', 20_000);
    const id = await play(page, String(await page.ask('document.querySelector("[data-testid=producer-name]").textContent')));
    await moves(page, id);
    for (const count of [3, 1, 2]) {
      await until(`session with ${count} pictures`, () => page.call(countPictures), (now) => now === count);
      await moves(page, id, 2);
    }
    assert.equal(await page.ask("window.gstWebRTCSessions.length"), 1);
  },
};
