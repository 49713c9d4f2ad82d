/** What the page says of what it shares. */

import "./support/globals.js";
import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { statusWords } from "../demo/share.js";
import { Sharing } from "../demo/sharing.js";
import { FakeDevices } from "./support/fake-media.js";
import { TestSignallingServer } from "./support/signalling-server.js";

/** For what happens at once on a machine with nothing else to do (ms). */
const DEADLINE = 20_000;

test("what is shared is not live while its connection is lost, and is again when it is back", async (t) => {
  FakeDevices.install();
  const server = await TestSignallingServer.start();
  t.onTestFinished(() => server.stop());
  const said: string[] = [];
  const sharing: Sharing = new Sharing(
    { signalingServerUrl: server.url, reconnectionTimeout: 20 },
    { changed: () => said.push(statusWords(sharing.state, sharing.viewers, sharing.connected)), problem: (text) => said.push(text) },
  );
  t.onTestFinished(() => {
    sharing.stop();
  });
  const isLive = (): void => {
    assert.equal(said.at(-1), "Live. Nobody watches yet.");
  };
  await sharing.start({ source: "camera", camera: "", microphone: null, name: "door", consumer: "" });
  await vi.waitFor(isLive, DEADLINE);
  said.length = 0;
  server.drop();
  await vi.waitFor(() => {
    assert.match(said[0] ?? "", /is lost, so that nobody can come/);
    isLive();
  }, DEADLINE);
});
