import assert from "node:assert/strict";
import { test } from "vitest";
import type { PeerMessage, ServerMessage } from "../src/protocol.js";
import { notingClient } from "./support/noting-client.js";
import { Relay } from "./support/relay.js";
import { MODERN, TestSignallingServer } from "./support/signalling-server.js";

const ROUNDS = 1000;
const CANDIDATES = 200;

for (const [way, piece] of [
  ["over a socket", null],
  ["through a relay that dribbles", 700],
] as const) {
  test(`a description and ${CANDIDATES} candidates arrive in order, ${ROUNDS} times, ${way}`, async (t) => {
    const server = await TestSignallingServer.start(0, MODERN);
    t.onTestFinished(() => server.stop());
    let url = server.url;
    if (piece !== null) {
      const relay = await Relay.start(server.port, { piece });
      t.onTestFinished(() => {
        relay.stop();
      });
      url = relay.url;
    }
    const producer = notingClient(t, url);
    await producer.until("listConsumers");
    producer.client.announce("producer");
    await producer.until("peerStatusChanged");
    let sessionId = "";
    let arrived = 0;
    const read = (message: ServerMessage): string | null => {
      if (message.type === "sessionStarted") {
        sessionId = message.sessionId;
        return "started";
      }
      if (message.type === "peer") {
        assert.equal(nameOf(message), expected(arrived));
        arrived += 1;
        return arrived % (1 + CANDIDATES) === 0 ? "a round" : null;
      }
      return message.type;
    };
    const consumer = notingClient(t, url, {}, read);
    await consumer.until("listConsumers");
    consumer.client.send({ type: "startSession", peerId: "peer-1" });
    await consumer.until("started");
    for (let round = 0; round < ROUNDS; round += 1) {
      const head = { type: "peer", sessionId } as const;
      producer.client.send({ ...head, sdp: { type: "offer", sdp: `offer ${round}` } });
      for (let index = 0; index < CANDIDATES; index += 1) {
        producer.client.send({ ...head, ice: { candidate: `${round}.${index}`, sdpMLineIndex: 0 } });
      }
      if (round % 5 === 4) {
        // A real server does not hold messages without end for a reader that falls behind.
        for (let taken = 0; taken < 5; taken += 1) {
          await consumer.until("a round");
        }
      }
    }
    assert.equal(arrived, ROUNDS * (1 + CANDIDATES));
  });
}

function nameOf(message: PeerMessage): string {
  return "sdp" in message ? message.sdp.sdp : message.ice.candidate;
}

function expected(arrived: number): string {
  const [round, place] = [Math.floor(arrived / (1 + CANDIDATES)), arrived % (1 + CANDIDATES)];
  return place === 0 ? `offer ${round}` : `${round}.${place - 1}`;
}
