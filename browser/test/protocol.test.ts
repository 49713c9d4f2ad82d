import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "vitest";
import { type ClientMessage, ProtocolError, parseServerMessage, serializeClientMessage } from "../src/protocol.js";

const golden = new URL("../../crates/protocol/tests/golden/", import.meta.url);

/** The golden file of every message that this client says; files of messages that it never says are left alone. */
const SAID: readonly ClientMessage["type"][] = [
  "setProtocolVersion",
  "setPeerStatus",
  "startSession",
  "endSession",
  "endSessionV1_1",
  "peer",
  "list",
  "listConsumers",
];

function goldenFiles(folder: "client" | "server"): { name: string; text: string }[] {
  const url = new URL(`${folder}/`, golden);
  return readdirSync(url)
    .filter((name) => name.endsWith(".json"))
    .map((name) => ({ name, text: readFileSync(new URL(name, url), "utf8") }));
}

/** Whether everything in `part` is in `whole` with the same value; null and absent are the same on this wire. */
function contains(whole: unknown, part: unknown): boolean {
  if (typeof part !== "object" || part === null) {
    return (whole ?? null) === (part ?? null);
  }
  if (Array.isArray(part)) {
    // A list that is left out reads as an empty one.
    return part.every((item) => (Array.isArray(whole) ? whole : []).some((candidate) => contains(candidate, item)));
  }
  return (
    typeof whole === "object" &&
    whole !== null &&
    Object.entries(part).every(([key, value]) => contains((whole as Record<string, unknown>)[key], value))
  );
}

test("every golden message of the server is read without loss", () => {
  for (const { name, text } of goldenFiles("server")) {
    const raw = JSON.parse(text) as { type: string };
    const message = parseServerMessage(text);
    if (message !== null) {
      assert.ok(contains(raw, message), `${name}: read as ${JSON.stringify(message)}`);
    } else {
      assert.match(name, /unknown|newer|future/i, `${name}: the message is not known`);
    }
  }
});

test("every message that this client says has a golden file of its type", () => {
  const types = new Set(goldenFiles("client").map(({ text }) => (JSON.parse(text) as { type: string }).type));
  for (const type of SAID) {
    assert.ok(types.has(type), `no golden file has the type ${type}`);
  }
});

test("a message of a newer protocol is no message and no error", () => {
  assert.equal(parseServerMessage('{"type":"sessionResumed","sessionId":"s"}'), null);
  assert.equal(parseServerMessage('{"type":"constructor"}'), null);
  assert.equal(parseServerMessage('{"type":"__proto__"}'), null);
});

test("roles and fields of a newer protocol are left out", () => {
  assert.deepEqual(
    parseServerMessage('{"type":"peerStatusChanged","roles":["producer","relay",3],"peerId":"p","lease":5}'),
    { type: "peerStatusChanged", roles: ["producer"], meta: null, peerId: "p" },
  );
});

test("both kinds of endings are read", () => {
  assert.deepEqual(parseServerMessage('{"type":"endSession","sessionId":"s"}'), { type: "endSession", sessionId: "s" });
  assert.deepEqual(parseServerMessage('{"type":"endSessionV1_1","sessionId":"s","error":"no codec"}'), {
    type: "endSessionV1_1",
    sessionId: "s",
    error: "no codec",
    reason: null,
  });
  assert.deepEqual(parseServerMessage('{"type":"endSessionV1_1","sessionId":"s"}'), {
    type: "endSessionV1_1",
    sessionId: "s",
    error: null,
    reason: null,
  });
});

test("a candidate without an index keeps its media identification", () => {
  assert.deepEqual(parseServerMessage('{"type":"peer","sessionId":"s","ice":{"candidate":"c","sdpMid":"video0"}}'), {
    type: "peer",
    sessionId: "s",
    ice: { candidate: "c", sdpMLineIndex: null, sdpMid: "video0" },
  });
});

for (const [what, text] of [
  ["text that is not JSON", "{"],
  ["a message that is no object", "[]"],
  ["a message without a type", "{}"],
  ["a welcome without a name", '{"type":"welcome"}'],
  ["a name of the wrong kind", '{"type":"welcome","peerId":7}'],
  ["roles that are no list", '{"type":"peerStatusChanged","roles":"producer","peerId":"p"}'],
  ["a list with an entry without a name", '{"type":"list","producers":[{"meta":{}}]}'],
  ["a description of an unknown kind", '{"type":"peer","sessionId":"s","sdp":{"type":"rollback","sdp":""}}'],
  ["a word to a peer that says nothing", '{"type":"peer","sessionId":"s"}'],
  ["a candidate with a negative index", '{"type":"peer","sessionId":"s","ice":{"candidate":"c","sdpMLineIndex":-1}}'],
] as const) {
  test(`${what} is refused`, () => {
    assert.throws(() => parseServerMessage(text), ProtocolError);
  });
}

test("a message to the server is one line of JSON with its type", () => {
  assert.equal(serializeClientMessage({ type: "startSession", peerId: "p" }), '{"type":"startSession","peerId":"p"}');
});
