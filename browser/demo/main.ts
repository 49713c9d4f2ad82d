/** The page: lists the producers, plays those that are clicked, says in words what is going on. */

import { GstWebRTCAPI, type Peer } from "../src/index.js";
import { wireCapture } from "./capture.js";
import { readConfig } from "./config.js";
import { button, byId, element } from "./elements.js";
import { nameOf } from "./names.js";
import { type PlayedSession, type Player, play } from "./player.js";

declare global {
  interface Window {
    /** The streams on the page, for tests and for a look from the console. */
    gstWebRTCSessions: readonly PlayedSession[];
  }
}

const connection = byId("connection");
const problem = byId("problem");
const nobody = byId("nobody");
const producers = byId("producers");
const players = byId("players");
const capture = byId("capture") as HTMLButtonElement;
const entries = new Map<string, HTMLElement>();
let playing: readonly Player[] = [];
window.gstWebRTCSessions = [];

function report(text: string): void {
  problem.textContent = text;
  problem.hidden = text === "";
}

function setPlaying(next: readonly Player[]): void {
  for (const gone of playing.filter((player) => !next.includes(player))) {
    gone.root.remove();
  }
  playing = next;
  window.gstWebRTCSessions = next.map(({ played }) => played);
}

function onPlay(api: GstWebRTCAPI, producer: Peer, clickedAt: number): void {
  // What ended makes room for its successor.
  setPlaying(playing.filter((player) => !(player.ended && player.played.producerId === producer.id)));
  const player = play(api, producer, clickedAt, (gone) => {
    setPlaying(playing.filter((other) => other !== gone));
  });
  if (player === null) {
    report("The signalling server cannot be reached.");
    return;
  }
  setPlaying([...playing, player]);
  players.append(player.root);
}

function addProducer(api: GstWebRTCAPI, producer: Peer): void {
  const name = element("p", { class: "name", "data-testid": "producer-name" });
  name.textContent = nameOf(producer);
  const start = button("Play", "play", "primary");
  start.setAttribute("aria-label", `Play ${nameOf(producer)}`);
  start.addEventListener("click", () => {
    onPlay(api, producer, performance.now());
  });
  const entry = element("li", { "data-testid": "producer", "data-peer-id": producer.id }, name, start);
  entries.get(producer.id)?.remove();
  entries.set(producer.id, entry);
  producers.append(entry);
  nobody.hidden = true;
}

function removeProducer({ id }: Peer): void {
  entries.get(id)?.remove();
  entries.delete(id);
  nobody.hidden = entries.size > 0;
}

function showConnection(state: "connected" | "connecting", words: string): void {
  connection.dataset["state"] = state;
  connection.textContent = words;
  nobody.textContent = state === "connected" ? "Waiting for a producer…" : "Waiting for the signalling server…";
  capture.disabled = state !== "connected";
}

async function start(): Promise<void> {
  const { signalingServerUrl, iceServers } = await readConfig();
  showConnection("connecting", `Connecting to ${signalingServerUrl}…`);
  const api = new GstWebRTCAPI({
    meta: { name: "web page" },
    signalingServerUrl,
    ...(iceServers === null ? {} : { webrtcConfig: { iceServers } }),
  });
  api.registerConnectionListener({
    connected: () => {
      report("");
      showConnection("connected", "Connected");
    },
    disconnected: () => {
      showConnection("connecting", "Connection lost, trying again…");
    },
    problem: report,
  });
  api.registerPeerListener({
    producerAdded: (producer) => {
      addProducer(api, producer);
    },
    producerRemoved: removeProducer,
  });
  wireCapture(api, capture, report);
}

start().catch((error: unknown) => {
  report(`The page cannot start: ${error instanceof Error ? error.message : String(error)}`);
});
