import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "vitest";
import { describeEnd, isOrdinaryEnd } from "../src/index.js";
import { END_CODES } from "../src/protocol.js";

test("the reasons of ends are those of the protocol", () => {
  const source = readFileSync(new URL("../../crates/protocol/src/codes.rs", import.meta.url), "utf8");
  const names = [...source.matchAll(/Self::\w+ => "(\w+)"/g)].map(([, name]) => name);
  assert.deepEqual(names.slice(0, END_CODES.length), [...END_CODES]);
});

test("an end without anything wrong is an ordinary one", () => {
  const ordinary = END_CODES.filter((reason) => isOrdinaryEnd({ kind: "endedByPeer", error: null, reason }));
  assert.deepEqual(ordinary, ["ended", "stopping", "peerGone", "roleDropped"]);
  assert.ok(!isOrdinaryEnd({ kind: "endedByPeer", error: "smoke", reason: "ended" }));
});

test("an end is described in the other side's words, or else by its reason", () => {
  assert.equal(describeEnd({ kind: "endedByPeer", error: "smoke", reason: "pipeline" }), "ended by the other side: smoke");
  assert.equal(describeEnd({ kind: "endedByPeer", error: null, reason: "peerGone" }), "ended by the other side: it is gone");
  assert.equal(describeEnd({ kind: "endedByPeer", error: null, reason: "ended" }), "ended by the other side");
  assert.equal(describeEnd({ kind: "endedByPeer", error: null, reason: null }), "ended by the other side");
});
