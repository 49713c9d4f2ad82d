/** Clients of a test server, with peer connections that need no network. Takes the place of the browser's. */

import "./globals.js";
import assert from "node:assert/strict";
import { once } from "node:events";
import type { TestContext } from "vitest";
import { type ConsumerSession, type EndReason, GstWebRTCAPI, type GstWebRTCConfig, type ProducerSession } from "../../src/index.js";
import { FakePeerConnection } from "./fake-peer-connection.js";
import { type Message, type ServerOptions, TestSignallingServer } from "./signalling-server.js";

Object.assign(globalThis, { RTCPeerConnection: FakePeerConnection, MediaStream: EventTarget });

/** A stream without tracks. */
export const stream = { getTracks: () => [] } as unknown as MediaStream;

/** A server, and clients that are connected to it; both end with the test. */
export async function setUp(t: TestContext, options: ServerOptions = {}): Promise<{
  server: TestSignallingServer;
  connect: (config?: GstWebRTCConfig) => Promise<GstWebRTCAPI>;
}> {
  const server = await TestSignallingServer.start(0, options);
  t.onTestFinished(() => server.stop());
  const connect = async (config: GstWebRTCConfig = {}): Promise<GstWebRTCAPI> => {
    const api = new GstWebRTCAPI({ signalingServerUrl: server.url, reconnectionTimeout: 20, ...config });
    t.onTestFinished(() => {
      api.close();
    });
    await connected(api);
    return api;
  };
  return { server, connect };
}

/** The name that the client has after its next connection. */
export function connected(api: GstWebRTCAPI): Promise<string> {
  return new Promise((resolve) => {
    const listener = {
      connected: (id: string) => {
        api.unregisterConnectionListener(listener);
        resolve(id);
      },
      disconnected: () => undefined,
    };
    api.registerConnectionListener(listener);
  });
}

/** The next producer that the client is told of. */
export function producerListed(api: GstWebRTCAPI): Promise<string> {
  return new Promise((resolve) => {
    api.registerPeerListener({
      producerAdded: ({ id }) => {
        resolve(id);
      },
    });
  });
}

/** Why the session ends. */
export async function ended(session: EventTarget): Promise<EndReason> {
  const [event] = (await once(session, "closed", { signal: AbortSignal.timeout(5000) })) as [CustomEvent<EndReason>];
  return event.detail;
}

/** A session of a connected client with another peer. */
export function session(api: GstWebRTCAPI, id: string): ConsumerSession {
  const made = api.createConsumerSession(id);
  assert.ok(made !== null);
  return made;
}

/** A consumer in a session with a producer, both of this library, in the middle of their negotiation. */
export async function consuming(
  t: TestContext,
  { config = {}, options = {} }: { config?: GstWebRTCConfig; options?: ServerOptions } = {},
): Promise<{
  server: TestSignallingServer;
  viewer: GstWebRTCAPI;
  consumer: ConsumerSession;
  producer: ProducerSession;
  /** Says something to the members of the session in the server's name. */
  say: (what: Message) => void;
}> {
  const { server, connect } = await setUp(t, options);
  const viewer = await connect({ meta: "viewer", ...config });
  const producing = await connect();
  const listed = producerListed(viewer);
  const producer = producing.createProducerSession(stream);
  assert.ok(producer !== null && producer.start());
  const consumer = session(viewer, await listed);
  assert.ok(consumer.connect());
  const offered = await server.hears((m) => m["type"] === "peer" && m["sdp"] !== undefined);
  const sessionId = String(offered["sessionId"]);
  const answered = await server.hears((m) => isDescription(m, "answer"));
  assert.equal(answered["sessionId"], sessionId);
  const say = (what: Message): void => {
    server.say({ ...what, sessionId });
  };
  return { server, viewer, consumer, producer, say };
}

/** Whether a message is an offer, or an answer. */
export function isDescription(message: Message, type: string): boolean {
  return (message["sdp"] as { type?: string } | undefined)?.type === type;
}

