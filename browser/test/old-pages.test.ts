import assert from "node:assert/strict";
import { test } from "vitest";
import { GstWebRTCAPI } from "../src/index.js";
import { consuming, setUp, stream } from "./support/clients.js";
import { FakePeerConnection } from "./support/fake-peer-connection.js";
import { MODERN } from "./support/signalling-server.js";

/** What a page without types may hand over. */
const anything = (value: unknown): never => value as never;

test("options of an offer count where they are true in JavaScript's sense", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  const api = await connect();
  const asks = async (options: unknown): Promise<number> => {
    const consumer = api.createConsumerSessionWithOfferOptions("somebody", anything(options));
    assert.ok(consumer?.connect());
    assert.equal(typeof (await server.hears((m) => m["type"] === "startSession"))["offer"], "string");
    server.heard.length = 0;
    return FakePeerConnection.made.at(-1)?.calls.filter((call) => call === "transceiver").length ?? 0;
  };
  assert.equal(await asks({ offerToReceiveAudio: 1, offerToReceiveVideo: true }), 2);
  assert.equal(await asks({ offerToReceiveAudio: 0, offerToReceiveVideo: "yes" }), 1);
  assert.equal(await asks({}), 0);
});

test("without options of an offer the producer makes it", async (t) => {
  const { server, connect } = await setUp(t, MODERN);
  server.ignoreStartSession = true;
  const api = await connect();
  for (const options of [undefined, null, 3, "video"]) {
    const consumer = api.createConsumerSessionWithOfferOptions("somebody", anything(options));
    assert.ok(consumer?.connect());
    assert.equal((await server.hears((m) => m["type"] === "startSession"))["offer"], undefined);
    server.heard.length = 0;
  }
});

test("there is no session with nobody and none for what is no stream", async (t) => {
  const { connect } = await setUp(t, MODERN);
  const api = await connect();
  for (const nobody of ["", null, undefined, 3]) {
    assert.equal(api.createConsumerSession(anything(nobody)), null);
    assert.equal(api.createProducerSessionForConsumer(stream, anything(nobody)), null);
  }
  for (const none of [null, undefined, {}, "camera"]) {
    assert.equal(api.createProducerSession(anything(none)), null);
  }
  assert.ok(api.createProducerSession(stream) !== null);
});

test("a listener that is none is refused, and a configuration that is none has the defaults", (t) => {
  const addresses: unknown[] = [];
  const real = globalThis.WebSocket;
  t.onTestFinished(() => {
    globalThis.WebSocket = real;
  });
  globalThis.WebSocket = anything(
    class extends EventTarget {
      constructor(address: unknown) {
        super();
        addresses.push(address);
      }

      close(): void {}
    },
  );
  const api = new GstWebRTCAPI(null);
  assert.deepEqual(addresses.map(String), ["ws://127.0.0.1:8443"]);
  for (const none of [null, undefined, {}]) {
    assert.equal(api.registerConnectionListener(anything(none)), false);
    assert.equal(api.registerPeerListener(anything(none)), false);
  }
  api.close();
});

test("a client that is closed knows nobody, and its listeners are told", async (t) => {
  const { viewer } = await consuming(t);
  const gone: string[] = [];
  viewer.registerPeerListener({ producerRemoved: ({ id }) => gone.push(id) });
  const listed = viewer.getAvailableProducers().map(({ id }) => id);
  assert.equal(listed.length, 1);
  viewer.close();
  assert.deepEqual(gone, listed);
  assert.deepEqual(viewer.getAvailableProducers(), []);
});
