// @vitest-environment happy-dom
import assert from "node:assert/strict";
import { type TestContext, beforeEach, test } from "vitest";
import { type FakeApi, type FakeTalk, autoplay, installMedia, partOf, playerOn } from "./support/fake-page.js";
import { FakeStream } from "./support/fake-media.js";
import { GstWebRTCPlayer } from "../src/player/index.js";

installMedia();
beforeEach(() => {
  autoplay.allows = "sound";
});

/** Until everything that was begun without a timer is done. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}

interface Scene {
  readonly player: GstWebRTCPlayer;
  readonly fake: FakeApi;
  readonly microphones: FakeStream[];
  /** What happens to the button. */
  readonly finger: (type: string) => void;
  /** The session to talk in. */
  readonly talk: () => FakeTalk;
}

/** A player whose producer has somebody beside it who listens. */
async function scene(t: TestContext): Promise<Scene> {
  const microphones: FakeStream[] = [];
  const getUserMedia = (): Promise<FakeStream> => {
    const microphone = new FakeStream("audio");
    microphones.push(microphone);
    return Promise.resolve(microphone);
  };
  Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: { getUserMedia } });
  const { player, fake } = playerOn(t, { controls: "", "talk-back": "" });
  assert.ok(player instanceof GstWebRTCPlayer);
  await settled();
  fake.come("p", "door");
  fake.consumers.push({ id: "ear", meta: { "talk-back": "door" } });
  fake.last.stream("audio", "video");
  const button = partOf(player, "talk");
  Object.assign(button, { setPointerCapture: () => undefined });
  const finger = (type: string): void => {
    button.dispatchEvent(Object.assign(new Event(type), { button: 0, pointerId: 1 }));
  };
  const talk = (): FakeTalk => {
    const [made] = fake.talks;
    assert.ok(made !== undefined, "nobody talks");
    return made;
  };
  return { player, fake, microphones, finger, talk };
}

/** Whether the microphone that was taken last is still on. */
function isOn({ microphones }: Scene): boolean {
  return microphones.at(-1)?.getTracks()[0]?.readyState === "live";
}

test("who talks does not hear the other side, and hears it again afterwards", async (t) => {
  const all = await scene(t);
  const { player, finger, talk } = all;
  finger("pointerdown");
  await settled();
  assert.equal(player.video.muted, false);
  talk().hear();
  assert.equal(player.video.muted, true);
  // What the viewer wishes meanwhile holds afterwards.
  player.muted = true;
  player.muted = false;
  assert.equal(player.video.muted, true);
  finger("blur");
  assert.equal(player.video.muted, false);
  assert.equal(isOn(all), false);
});

test("the microphone goes off when the button goes, or is held by nobody any more", async (t) => {
  const all = await scene(t);
  const { player, finger, talk } = all;
  const ends: Readonly<Record<string, () => void>> = {
    "the finger is lost": () => { finger("lostpointercapture"); },
    "the player is moved": () => { document.body.append(player); },
    "the button goes": () => { player.controls = false; },
  };
  for (const [what, happens] of Object.entries(ends)) {
    finger("pointerdown");
    await settled();
    assert.equal(isOn(all), true, what);
    happens();
    assert.equal(isOn(all), false, what);
  }
  player.controls = true;
  // Pressed shortly, it is held by nobody, and goes on; not without its button.
  finger("pointerdown");
  await settled();
  talk().hear();
  finger("pointerup");
  finger("lostpointercapture");
  document.body.append(player);
  assert.equal(isOn(all), true);
  player.controls = false;
  assert.equal(isOn(all), false);
});
