/**
 * The page of the signalling tests: a producer and a consumer in one page, and whatever their connections see. Bundled
 * with the library's sources and driven through `window.signalling`.
 */

import { type ConsumerSession, GstWebRTCAPI, type ProducerSession, SessionState } from "../../src/index.js";
import type { IceCandidate, ServerMessage, SessionDescription } from "../../src/protocol.js";
import { SignallingClient } from "../../src/signalling-client.js";

/** What tests ask the page. */
export interface SignallingPage {
  /** How connections ended, in order. */
  readonly closes: readonly { readonly code: number; readonly reason: string; readonly clean: boolean }[];
  /** What listeners were told, in order. */
  readonly told: string[];
  /** Does what takes long and keeps its result, or the text of its error, in `done`; null before. */
  run(work: Promise<unknown>): void;
  done: unknown;
  /** Produces and plays; resolves when the media runs. Each of the two shows its token, where there are any. */
  start(url: string, producerToken?: string, consumerToken?: string): Promise<void>;
  /** The ICE servers of the consumer's session, in order. */
  iceUrls(): string[];
  /** Why sessions of either side ended, in order. */
  readonly ends: readonly string[];
  /** How many pictures the consumer has decoded. */
  framesDecoded(): Promise<number>;
  /** Ends the consumer's session. */
  closeSession(): void;
  /** Ends the consumer's client. */
  closeConsumer(): void;
  /** Plays once more through whatever server there is. */
  playAgain(): Promise<void>;
  /** Joins two bare clients through `url`; resolves when they have a session. */
  join(url: string): Promise<void>;
  /** One of the two sends a description and so many candidates to the other. */
  send(candidates: number): void;
  /** What has arrived of that, in order: everything that was sent counts up from 0. */
  readonly arrived: readonly string[];
}

declare global {
  interface Window {
    signalling: SignallingPage;
  }
}

const closes: { code: number; reason: string; clean: boolean }[] = [];
window.WebSocket = class extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    this.addEventListener("close", ({ code, reason, wasClean }) => {
      closes.push({ code, reason, clean: wasClean });
    });
  }
};

const told: string[] = [];
const ends: string[] = [];
let viewer: GstWebRTCAPI | null = null;
let consumer: ConsumerSession | null = null;

function makeClient(name: string, url: string, token = ""): GstWebRTCAPI {
  const api = new GstWebRTCAPI({
    signalingServerUrl: url,
    token,
    meta: { name },
    reconnectionTimeout: 200,
    webrtcConfig: { iceServers: [] },
  });
  api.registerConnectionListener({
    connected: (id) => told.push(`${name} connected ${id}`),
    disconnected: () => told.push(`${name} disconnected`),
    problem: (text) => told.push(`${name} problem: ${text}`),
  });
  return api;
}

function onceConnected(api: GstWebRTCAPI): Promise<void> {
  return new Promise((resolve) => {
    api.registerConnectionListener({
      connected: () => {
        resolve();
      },
      disconnected: () => undefined,
    });
  });
}

function movingPicture(): MediaStream {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [320, 180];
  const context = canvas.getContext("2d");
  let frame = 0;
  setInterval(() => {
    frame += 1;
    if (context !== null) {
      context.fillStyle = `hsl(${frame % 360} 80% 60%)`;
      context.fillRect(0, 0, 320, 180);
    }
  }, 40);
  return canvas.captureStream(25);
}

function watch(name: string, session: ConsumerSession | ProducerSession): void {
  session.addEventListener("closed", () => {
    ends.push(`${name} ${JSON.stringify(session.endReason)}`);
  });
}

async function play(api: GstWebRTCAPI, producerId: string): Promise<void> {
  const session = api.createConsumerSession(producerId);
  if (session === null) {
    throw new Error("there is no signalling server");
  }
  consumer = session;
  watch("consumer", session);
  const streaming = new Promise<void>((resolve, reject) => {
    session.addEventListener("stateChanged", () => {
      if (session.state === SessionState.streaming) {
        resolve();
      } else if (session.state === SessionState.closed) {
        reject(new Error(`the session ended: ${JSON.stringify(session.endReason)}`));
      }
    });
  });
  session.connect();
  await streaming;
}

async function start(url: string, producerToken?: string, consumerToken?: string): Promise<void> {
  const producing = makeClient("producer", url, producerToken);
  await onceConnected(producing);
  const producer = producing.createProducerSession(movingPicture());
  producer?.start();
  producer?.addEventListener("clientConsumerRemoved", ({ detail }) => {
    ends.push(`client ${JSON.stringify(detail.endReason)}`);
  });
  const api = makeClient("viewer", url, consumerToken);
  viewer = api;
  const id = await new Promise<string>((resolve) => {
    api.registerPeerListener({
      producerAdded: (peer) => {
        told.push(`added ${peer.id}`);
        resolve(peer.id);
      },
      producerRemoved: (peer) => told.push(`removed ${peer.id}`),
    });
  });
  await play(api, id);
}

function iceUrls(): string[] {
  return (consumer?.rtcPeerConnection?.getConfiguration().iceServers ?? []).flatMap(({ urls }) => urls);
}

async function framesDecoded(): Promise<number> {
  const report = await consumer?.rtcPeerConnection?.getStats();
  const stats = [...(report?.values() ?? [])] as Record<string, unknown>[];
  return Number(stats.find((s) => s["type"] === "inbound-rtp" && s["kind"] === "video")?.["framesDecoded"] ?? 0);
}

const arrived: string[] = [];
let numbered = 0;
let say: (what: { sdp: SessionDescription } | { ice: IceCandidate }) => void = () => undefined;

function join(url: string): Promise<void> {
  return new Promise((resolve) => {
    let listening = 0;
    const onList = (): void => {
      listening += 1;
      if (listening === 2) {
        sender.announce("producer");
      }
    };
    const sender = makeSignalling(url, (message) => {
      if (message.type === "listConsumers") {
        onList();
      } else if (message.type === "peerStatusChanged" && message.roles.includes("producer")) {
        receiver.send({ type: "startSession", peerId: message.peerId ?? "" });
      } else if (message.type === "startSession") {
        say = (what) => sender.send({ type: "peer", sessionId: message.sessionId, ...what });
        resolve();
      }
    });
    const receiver = makeSignalling(url, (message) => {
      if (message.type === "listConsumers") {
        onList();
      } else if (message.type === "peer") {
        arrived.push("sdp" in message ? message.sdp.sdp : message.ice.candidate);
      }
    });
  });
}

function send(candidates: number): void {
  say({ sdp: { type: "offer", sdp: String(numbered++) } });
  for (let count = 0; count < candidates; count += 1) {
    say({ ice: { candidate: String(numbered++), sdpMLineIndex: 0 } });
  }
}

function makeSignalling(url: string, message: (message: ServerMessage) => void): SignallingClient {
  return new SignallingClient(
    { url, token: "", meta: null, reconnectionTimeout: 50, handshakeTimeout: 5000 },
    {
      ready: () => told.push("bare ready"),
      lost: () => told.push("bare lost"),
      forgotten: () => told.push("bare forgotten"),
      message,
      problem: (text) => told.push(`bare problem: ${text}`),
    },
  );
}

window.signalling = {
  closes,
  told,
  ends,
  done: null,
  run: (work) => {
    window.signalling.done = null;
    work.then(
      (result) => {
        window.signalling.done = result ?? true;
      },
      (error: unknown) => {
        window.signalling.done = String(error);
      },
    );
  },
  start,
  iceUrls,
  framesDecoded,
  closeSession: () => consumer?.close(),
  closeConsumer: () => viewer?.close(),
  playAgain: async () => {
    const id = viewer?.getAvailableProducers()[0]?.id;
    if (viewer !== null && id !== undefined) {
      await play(viewer, id);
    }
  },
  join,
  send,
  arrived,
};
