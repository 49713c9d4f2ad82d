// @vitest-environment happy-dom
import assert from "node:assert/strict";
import { beforeEach, test } from "vitest";
import { GstWebRTCPlayer } from "../src/player/index.js";
import { FakeTransceiver, autoplay, installMedia, playerOn, rootOf } from "./support/fake-page.js";

installMedia();
beforeEach(() => {
  autoplay.allows = "sound";
});

/** Until everything that was begun without a timer is done. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}

/** What is to be seen, the main picture first. */
function shown(player: GstWebRTCPlayer): unknown[][] {
  const videos = [...rootOf(player).querySelectorAll("video")];
  return videos.map(({ srcObject }) => (srcObject as MediaStream | null)?.getVideoTracks() ?? []);
}

test("pictures that go leave no empty place, and come back once", async (t) => {
  const { player, fake } = playerOn(t);
  assert.ok(player instanceof GstWebRTCPlayer);
  await settled();
  fake.come("p");
  fake.last.stream("video", "audio", "video", "video");
  const [first, sound, second, third] = fake.last.transceivers;
  assert.ok(first !== undefined && sound !== undefined && second !== undefined && third !== undefined);
  const all = [[first.track], [second.track], [third.track]];
  assert.deepEqual(shown(player), all);
  fake.last.negotiate(first, sound, second, third);
  assert.deepEqual(shown(player), all);
  fake.last.negotiate(first, sound, third);
  assert.deepEqual(shown(player), [[first.track], [third.track]]);
  // The same place and the same track, as producers use them again.
  fake.last.negotiate(first, sound, second, third);
  assert.deepEqual(shown(player), [[first.track], [third.track], [second.track]]);
  third.track.readyState = "ended";
  third.track.dispatchEvent(new Event("ended"));
  assert.deepEqual(shown(player), [[first.track], [second.track]]);
});

test("another picture takes the place of the main one that went, with the sound", async (t) => {
  const { player, fake } = playerOn(t);
  await settled();
  fake.come("p");
  fake.last.stream("video", "audio", "video");
  const [first, sound, second] = fake.last.transceivers;
  assert.ok(first !== undefined && sound !== undefined && second !== undefined);
  fake.last.negotiate(sound, second);
  assert.deepEqual(shown(player), [[second.track]]);
  assert.deepEqual((player.video.srcObject as MediaStream).getAudioTracks(), [sound.track]);
  fake.last.negotiate();
  const again = new FakeTransceiver("video");
  fake.last.transceivers.push(again);
  fake.last.negotiate(again);
  assert.deepEqual(shown(player), [[again.track]]);
});
