import assert from "node:assert/strict";
import { test } from "vitest";
import { chooseProducer, parseCodecs } from "../src/player/choice.js";
import { LATENCIES, latencyName, parseLatency } from "../src/player/latency.js";
import { readServer, resolveServer } from "../src/player/server.js";
import "./support/globals.js";

const PEERS = [
  { id: "a", meta: null },
  { id: "b", meta: { name: "garden" } },
  { id: "garden", meta: { name: "b" } },
  { id: "c", meta: { name: "garden" } },
];

test.each([
  ["", "a"],
  ["c", "c"],
  // An identifier cannot be taken from anybody, a name can.
  ["garden", "garden"],
  ["b", "b"],
  ["nobody", undefined],
])("who wants %j gets %j", (wanted, id) => {
  assert.equal(chooseProducer(PEERS, wanted)?.id, id);
});

test("a name is as good as an identifier where nobody has it as one", () => {
  assert.equal(chooseProducer([{ id: "a", meta: { name: 7 } }, { id: "b", meta: { name: "garden" } }], "garden")?.id, "b");
  assert.equal(chooseProducer([], ""), null);
});

test.each([
  [null, 0],
  ["", 0],
  ["live", 0],
  [" Balanced ", LATENCIES.balanced],
  ["smooth", LATENCIES.smooth],
  ["250", 250],
  ["99999", 4000],
  ["-5", 0],
  ["toString", 0],
])("a latency of %j holds video back for %d ms", (text, milliseconds) => {
  assert.equal(parseLatency(text), milliseconds);
});

test("a delay has the name of its choice", () => {
  assert.equal(latencyName(LATENCIES.smooth), "smooth");
  assert.equal(latencyName(1), null);
});

test("codecs are separated by commas and spaces", () => {
  assert.deepEqual(parseCodecs("VP9, video/H264  opus,"), ["VP9", "video/H264", "opus"]);
  assert.deepEqual(parseCodecs(""), []);
});

const PAGE = "https://camera.example/live/index.html";

test.each([
  ["wss://other.example:8443", "wss://other.example:8443/"],
  ["ws://other.example/?room=blue", "ws://other.example/?room=blue"],
  [".", "wss://camera.example/live/"],
  ["/signalling#x", "wss://camera.example/signalling"],
  ["http://other.example:81", "ws://other.example:81/"],
  ["other.example:8443", "wss://other.example:8443/"],
  ["127.0.0.1:8443", "wss://127.0.0.1:8443/"],
])("the server %j of a page is at %s", (server, url) => {
  assert.equal(resolveServer(server, PAGE), url);
});

test("what is no address of a server is told so", () => {
  assert.throws(() => resolveServer("javascript:alert(1)", PAGE), /begins with ws/);
  assert.throws(() => resolveServer("signalling", "file:///home/page.html"), /begins with ws/);
});

test.each([
  [{}, "wss://camera.example:8443"],
  [null, "wss://camera.example:8443"],
  [{ signallingServer: { port: 1234 } }, "wss://camera.example:1234"],
  [{ signallingServer: { port: 1234, tls: false } }, "ws://camera.example:1234"],
  [{ signallingServer: "." }, "wss://camera.example/live/"],
  [{ signallingServer: "ws://other.example:1" }, "ws://other.example:1/"],
  [{ signallingServer: { port: 9000, tls: false, path: "/a?room=blue" } }, "ws://camera.example:9000/a?room=blue"],
  [{ signallingServer: { port: 9000, tls: false, path: "@evil.example" } }, "ws://camera.example:9000"],
])("the configuration %j leads to %s", (config, url) => {
  assert.deepEqual(readServer(config, PAGE), { url, iceServers: null });
});

test("a configuration names ICE servers, and a page from a file is of this machine", () => {
  assert.deepEqual(readServer({ iceServers: [] }, "file:///page.html"), { url: "ws://127.0.0.1:8443", iceServers: [] });
});
