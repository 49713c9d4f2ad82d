import assert from "node:assert/strict";
import { test } from "vitest";
import { PeerDirectory } from "../src/peer-directory.js";

const events = (changes: readonly { event: string }[]): string[] => changes.map(({ event }) => event);

test("a list of producers takes away no other role", () => {
  const directory = new PeerDirectory();
  directory.update("p", ["producer", "consumer"], null);
  assert.deepEqual(directory.replace("producer", [{ id: "p", meta: null }]), []);
  assert.deepEqual(directory.withRole("consumer"), [{ id: "p", meta: {} }]);
});

test("a list says who came, who is gone and who is another one now", () => {
  const directory = new PeerDirectory();
  for (const id of ["gone", "here", "changed"]) {
    directory.update(id, ["producer"], null);
  }
  const changes = directory.replace("producer", [
    { id: "here", meta: null },
    { id: "changed", meta: { name: "x" } },
    { id: "new", meta: null },
  ]);
  assert.deepEqual(
    changes.map(({ event, peer }) => `${event} ${peer.id}`),
    ["producerRemoved gone", "producerRemoved changed", "producerAdded changed", "producerAdded new"],
  );
});

test("a peer is announced once, and gone when it has no roles", () => {
  const directory = new PeerDirectory();
  assert.deepEqual(events(directory.update("p", ["producer", "listener"], { name: "x" })), ["producerAdded"]);
  assert.deepEqual(events(directory.update("p", ["producer"], { name: "x" })), []);
  assert.deepEqual(events(directory.update("p", [], null)), ["producerRemoved"]);
});

test("a peer that describes itself anew goes and comes", () => {
  const directory = new PeerDirectory();
  directory.update("p", ["producer"], { name: "x" });
  assert.deepEqual(events(directory.update("p", ["producer"], { name: "y" })), ["producerRemoved", "producerAdded"]);
});

test("all are gone when the server is", () => {
  const directory = new PeerDirectory();
  directory.update("p", ["producer"], null);
  directory.update("c", ["consumer"], null);
  assert.deepEqual(events(directory.clear()), ["producerRemoved", "consumerRemoved"]);
  assert.deepEqual(directory.withRole("producer"), []);
});

test("pages find an object where a peer described itself by nothing or something else", () => {
  const directory = new PeerDirectory();
  const odd = [null, "name", 3, true];
  odd.forEach((meta, index) => {
    assert.deepEqual(directory.update(String(index), ["producer"], meta)[0]?.peer.meta, {});
  });
  assert.deepEqual(directory.withRole("producer").map(({ meta }) => meta), odd.map(() => ({})));
  assert.deepEqual(directory.update("0", [], null)[0]?.peer.meta, {});
});
