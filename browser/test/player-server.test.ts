// @vitest-environment happy-dom
import assert from "node:assert/strict";
import { type TestContext, test, vi } from "vitest";
import { GstWebRTCPlayer } from "../src/player/index.js";
import { autoplay, installMedia } from "./support/fake-page.js";

installMedia();
autoplay.allows = "sound";

/** Until everything that was begun without a timer is done. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}

interface Net {
  /** The addresses and subprotocols of all websockets. */
  readonly asked: [string, readonly string[]][];
  /** Answers the question for `config.json` that is open. */
  answer: (server: string) => void;
}

/** A network in which nothing ever connects. */
function installNet(t: TestContext): Net {
  const net: Net = { asked: [], answer: () => undefined };
  vi.stubGlobal("WebSocket", class extends EventTarget {
    readonly readyState = 0;

    constructor(url: string, protocols: readonly string[] = []) {
      super();
      net.asked.push([url, protocols]);
    }

    close(): void {
      // It was never open.
    }
  });
  vi.stubGlobal("fetch", () =>
    new Promise((resolve) => {
      net.answer = (signallingServer) => {
        resolve({ ok: true, json: () => Promise.resolve({ signallingServer }) });
      };
    }),
  );
  t.onTestFinished(() => {
    vi.unstubAllGlobals();
  });
  return net;
}

/** A player on the page that has to ask where its server is. */
function playerThatAsks(t: TestContext): GstWebRTCPlayer {
  const player = document.createElement("gst-webrtc-player");
  assert.ok(player instanceof GstWebRTCPlayer);
  player.token = "first";
  document.body.append(player);
  t.onTestFinished(() => {
    player.remove();
  });
  return player;
}

test("a server that is found late is not asked, and its token goes to nobody else", async (t) => {
  const net = installNet(t);
  const player = playerThatAsks(t);
  await settled();
  player.server = "ws://second.example/";
  player.token = "second";
  await settled();
  net.answer("ws://first.example/");
  await settled();
  assert.deepEqual(net.asked, [["ws://second.example/", ["gstwebrtc", "gstwebrtc.token.c2Vjb25k"]]]);
});

test("a token that is set while the server is looked for is not mixed up with it", async (t) => {
  const net = installNet(t);
  const player = playerThatAsks(t);
  await settled();
  const first = net.answer;
  player.token = "second";
  first("ws://first.example/");
  await settled();
  net.answer("ws://second.example/");
  await settled();
  assert.deepEqual(net.asked.map(([url]) => url), ["ws://second.example/"]);
});

test("an error of a server that is wanted no longer is none of the player's", async (t) => {
  const net = installNet(t);
  const player = playerThatAsks(t);
  await settled();
  const first = net.answer;
  player.server = "ws://second.example/";
  await settled();
  first("ftp://first.example/");
  await settled();
  assert.equal(player.state, "connecting");
  assert.equal(player.statusText, "Connecting…");
});
