import assert from "node:assert/strict";
import { test } from "vitest";
import { type Json, type Peer, talkBackConsumerOf } from "../src/index.js";

const peer = (id: string, meta: Json): Peer => ({ id, meta });
const producer = peer("p", { name: "Front door" });

test("the consumer that names the producer takes its talk-back", () => {
  const wanted = peer("c", { name: "loudspeaker", "talk-back": "Front door" });
  const others = [peer("a", null), peer("b", { "talk-back": "Garden" })];
  assert.equal(talkBackConsumerOf(producer, [...others, wanted]), wanted);
  assert.equal(talkBackConsumerOf(producer, others), null);
});

test("a consumer may name the producer by its identifier", () => {
  const wanted = peer("b", { "talk-back": "p" });
  assert.equal(talkBackConsumerOf(producer, [peer("a", { "talk-back": "q" }), wanted]), wanted);
});

test("where several consumers name the producer, one may be a stranger's, and none is taken", () => {
  const byName = peer("a", { "talk-back": "Front door" });
  for (const other of ["Front door", "p"]) {
    assert.equal(talkBackConsumerOf(producer, [byName, peer("b", { "talk-back": other })]), null);
  }
});

test("what says nothing, or says it in another form, is nobody's", () => {
  const odd: Json[] = [null, "Front door", ["Front door"], { "talk-back": 3 }, { "talk-back": "" }, {}];
  const consumers = odd.map((meta, index) => peer(`c${index}`, meta));
  for (const meta of [...odd, { name: "" }, { name: 3 }]) {
    assert.equal(talkBackConsumerOf(peer("p", meta), consumers), null);
  }
});
