// @vitest-environment happy-dom
import assert from "node:assert/strict";
import { beforeEach, test } from "vitest";
import { GstWebRTCPlayer } from "../src/player/index.js";
import { type FakeApi, autoplay, installMedia, partOf, playerOn, rootOf } from "./support/fake-page.js";

installMedia();
beforeEach(() => {
  autoplay.allows = "sound";
});

/** Until everything that was begun without a timer is done. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}

/** The element whose input is sent. */
function inputOf(fake: FakeApi): unknown {
  return fake.last.remoteController?.videoElement;
}

/** The session's picture is shown. */
function show(player: GstWebRTCPlayer): void {
  player.video.dispatchEvent(new Event("playing"));
}

test("one line of HTML plays the first producer that comes, and says what it does", async (t) => {
  const { player, fake } = playerOn(t);
  const told: string[] = [];
  player.addEventListener("statechange", (event) => {
    told.push((event as CustomEvent<{ state: string }>).detail.state);
  });
  await settled();
  assert.equal(player.state, "waiting");
  fake.come("p", "front door");
  fake.last.stream("audio", "video");
  await settled();
  assert.match(partOf(player, "status").textContent, /Waiting for the first picture/);
  show(player);
  assert.equal(player.getAttribute("state"), "playing");
  assert.equal(partOf(player, "status").getAttribute("aria-live"), "polite");
  assert.equal(player.session?.peerId, "p");
  // Each as often as there is something else to say.
  assert.deepEqual(told, ["connecting", "waiting", "connecting", "connecting", "playing"]);
  assert.equal(rootOf(player).querySelector(".player")?.getAttribute("aria-label"), "Player: front door");
});

test("a name that looks like HTML stays a name", async (t) => {
  const { player, fake } = playerOn(t);
  await settled();
  fake.come("p", "<img src=x onerror=alert(1)>");
  await settled();
  assert.match(partOf(player, "status").textContent, /“<img src=x/);
  assert.equal(rootOf(player).querySelector("img"), null);
});

test("a producer that restarts is played again", async (t) => {
  const { player, fake } = playerOn(t, { producer: "door" });
  await settled();
  fake.come("other", "garden");
  assert.equal(fake.sessions.length, 0);
  fake.come("p", "door");
  fake.last.stream("video");
  show(player);
  fake.last.end({ kind: "endedByPeer", error: null, reason: "peerGone" });
  fake.go("p");
  assert.equal(player.state, "waiting");
  assert.equal(player.endReason?.kind, "endedByPeer");
  fake.come("q", "door");
  assert.equal(fake.last.peerId, "q");
  fake.last.stream("video");
  show(player);
  assert.equal(player.state, "playing");
  assert.equal(player.endReason, null);
});

test("a server that is lost leaves the picture and a quiet mark", async (t) => {
  const { player, fake } = playerOn(t);
  await settled();
  fake.come("p");
  fake.last.stream("video");
  show(player);
  fake.connect(false);
  assert.equal(player.state, "playing");
  assert.equal(rootOf(player).querySelector<HTMLElement>(".player")?.dataset["mode"], "badge");
  fake.connect(true);
  assert.equal(rootOf(player).querySelector<HTMLElement>(".player")?.dataset["mode"], "silent");
});

test("sound that the browser holds back can be turned on", async (t) => {
  autoplay.allows = "silence";
  const { player, fake } = playerOn(t);
  await settled();
  fake.come("p");
  fake.last.stream("audio", "video");
  await settled();
  assert.ok(player.video.muted && !player.muted);
  assert.ok(!partOf(player, "sound").hidden);
  assert.equal(player.state, "connecting");
  autoplay.allows = "sound";
  partOf(player, "sound").click();
  await settled();
  assert.ok(!player.video.muted);
  assert.ok(partOf(player, "sound").hidden);
});

test("nobody is asked for sound that there is not, or that is not wanted", async (t) => {
  autoplay.allows = "silence";
  for (const [attributes, kinds] of [[{}, ["video"]], [{ muted: "" }, ["audio", "video"]]] as const) {
    const { player, fake } = playerOn(t, attributes);
    await settled();
    fake.come("p");
    fake.last.stream(...kinds);
    await settled();
    assert.ok(partOf(player, "sound").hidden);
  }
});

test("a browser that starts nothing by itself is started by a button", async (t) => {
  autoplay.allows = "nothing";
  const { player, fake } = playerOn(t);
  await settled();
  fake.come("p");
  fake.last.stream("video");
  await settled();
  assert.equal(player.state, "paused");
  assert.match(player.statusText, /Press play/);
  autoplay.allows = "sound";
  partOf(player, "help").click();
  await settled();
  show(player);
  assert.equal(player.state, "playing");
  assert.ok(!player.video.muted);
});

test("latency, sound and controls follow their attributes while the session goes on", async (t) => {
  const { player, fake } = playerOn(t, { controls: "", latency: "smooth" });
  await settled();
  fake.come("p");
  assert.equal(fake.last.delay, 600);
  player.latency = 250;
  assert.equal(fake.last.delay, 250);
  assert.equal((partOf(player, "latency") as HTMLSelectElement).value, "250");
  player.removeAttribute("latency");
  assert.equal(fake.last.delay, 0);
  player.muted = true;
  assert.ok(player.video.muted && player.hasAttribute("muted"));
  player.controls = false;
  assert.ok(partOf(player, "controls").hidden);
  await settled();
  assert.equal(fake.sessions.length, 1);
});

test("another producer, server or codec is another session, once for all changes", async (t) => {
  const { player, fake } = playerOn(t, { producer: "a" });
  await settled();
  fake.come("a");
  fake.come("b");
  player.producer = "b";
  player.codecs = "vp9, H264";
  await settled();
  assert.deepEqual(fake.sessions.map(({ peerId, closed }) => [peerId, closed]), [["a", true], ["b", false]]);
  assert.deepEqual(fake.last.codecPreferences, ["video/VP9", "video/H264"]);
});

test("a codec that does not exist is told in words, and mending it is enough", async (t) => {
  const { player, fake } = playerOn(t, { codecs: "H263" });
  await settled();
  fake.come("a");
  assert.equal(player.state, "ended");
  assert.match(player.statusText, /^There is no codec "H263".*\.$/);
  assert.ok(!partOf(player, "help").hidden);
  player.codecs = "VP8";
  await settled();
  assert.equal(fake.sessions.length, 1);
});

test("a player that is moved keeps its session, one that is taken away ends it", async (t) => {
  const { player, fake } = playerOn(t);
  await settled();
  fake.come("p");
  const place = document.createElement("div");
  document.body.append(place);
  place.append(player);
  await settled();
  assert.ok(!fake.last.closed);
  player.remove();
  await settled();
  assert.ok(fake.last.closed);
  assert.equal(fake.listeners, 0);
  assert.equal(player.state, "idle");
  place.append(player);
  await settled();
  assert.equal(fake.sessions.length, 2);
});

test("players share one client", async (t) => {
  const { player, fake } = playerOn(t, { producer: "a" });
  const second = document.createElement("gst-webrtc-player");
  second.api = fake.api;
  second.producer = "b";
  document.body.append(second);
  await settled();
  fake.come("a");
  fake.come("b");
  assert.deepEqual(fake.sessions.map(({ peerId }) => peerId), ["a", "b"]);
  second.remove();
  await settled();
  assert.deepEqual(fake.sessions.map(({ closed }) => closed), [false, true]);
  assert.equal(player.session?.peerId, "a");
});

test("what a page sets before the element is known counts", async (t) => {
  const { fake } = playerOn(t);
  const early = document.createElement("gst-webrtc-player");
  // As on an element that was made before its class was there.
  Object.defineProperty(early, "muted", { value: true, configurable: true, writable: true, enumerable: true });
  early.api = fake.api;
  document.body.append(early);
  await settled();
  assert.ok(early.hasAttribute("muted") && early.video.muted);
  early.remove();
});

test("keys play, pause, mute and change the volume, and leave fields and buttons alone", async (t) => {
  const { player, fake } = playerOn(t, { controls: "" });
  await settled();
  fake.come("p");
  fake.last.stream("audio", "video");
  show(player);
  const press = (key: string, on = player.video as HTMLElement): void => {
    on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true }));
  };
  press("k");
  assert.equal(player.state, "paused");
  press("k");
  assert.equal(player.state, "playing");
  press(" ", partOf(player, "mute"));
  assert.equal(player.state, "playing");
  press("m");
  assert.ok(player.muted);
  press("ArrowUp");
  assert.ok(!player.muted);
  assert.ok(Math.abs(player.video.volume - 0.1) < 0.001);
  press("m", partOf(player, "latency"));
  assert.ok(!player.muted);
});

test("every button has a name, and those that stay pressed say so", (t) => {
  const { player } = playerOn(t, { controls: "", "talk-back": "" });
  const buttons = [...rootOf(player).querySelectorAll<HTMLElement>('[part~="controls"] button')];
  assert.ok(buttons.length >= 7);
  for (const button of buttons) {
    assert.ok((button.getAttribute("aria-label") ?? "") !== "", button.outerHTML);
  }
  for (const part of ["statistics-toggle", "control", "talk"]) {
    assert.equal(partOf(player, part).getAttribute("aria-pressed"), "false", part);
  }
});

test("input is sent only when it is asked for, visibly, and three keys end it", async (t) => {
  const { player, fake } = playerOn(t, { controls: "" });
  await settled();
  assert.ok(partOf(player, "control").hidden);
  fake.come("p");
  fake.last.takeInput();
  assert.equal(inputOf(fake), null);
  assert.ok(!partOf(player, "control").hidden && partOf(player, "mark").hidden);
  partOf(player, "control").click();
  assert.equal(inputOf(fake), player.video);
  assert.ok(player.remoteControl && !partOf(player, "mark").hidden);
  const keys = { key: "Shift", ctrlKey: true, altKey: true, shiftKey: true, bubbles: true, composed: true };
  player.video.dispatchEvent(new KeyboardEvent("keydown", keys));
  assert.ok(partOf(player, "mark").hidden);
  assert.ok(!player.hasAttribute("remote-control"));
  assert.equal(inputOf(fake), null);
});

test("statistics are shown while they are wanted", async (t) => {
  const { player, fake } = playerOn(t, { statistics: "" });
  await settled();
  fake.come("p");
  await settled();
  const panel = partOf(player, "statistics");
  assert.match(panel.textContent, /Video1\.50 Mbit\/s, VP8.*12 ms/);
  player.statistics = false;
  assert.ok(panel.hidden);
});

test("pages change what it looks like without a style attribute anywhere", (t) => {
  const { player } = playerOn(t, { controls: "" });
  assert.equal(rootOf(player).querySelector("[style]"), null);
  assert.equal(rootOf(player).querySelector("style"), null);
  assert.equal(rootOf(player).adoptedStyleSheets.length, 1);
  assert.ok(GstWebRTCPlayer.observedAttributes.includes("producer"));
});

test("who wants to talk to nobody is told so, and the microphone is not asked for", async (t) => {
  let asked = 0;
  const getUserMedia = (): Promise<never> => {
    asked += 1;
    return Promise.reject(new Error("no"));
  };
  Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: { getUserMedia } });
  const { player, fake } = playerOn(t, { controls: "", "talk-back": "" });
  await settled();
  fake.come("p");
  // As readers of screens click.
  partOf(player, "talk").dispatchEvent(new MouseEvent("click", { detail: 0 }));
  await settled();
  assert.match(rootOf(player).querySelector('[part="mark"][role="status"]')?.textContent ?? "", /Nobody is there who listens/);
  assert.equal(partOf(player, "talk").getAttribute("aria-pressed"), "false");
  assert.equal(asked, 0);
});

test("a phone that gives the whole screen to videos only gives it to the video", async (t) => {
  const { player } = playerOn(t, { controls: "" });
  await settled();
  // happy-dom fills no screens, as phones of that kind.
  assert.equal(Reflect.has(player, "requestFullscreen"), false);
  assert.ok(partOf(player, "fullscreen").hidden);
  let entered = 0;
  Object.assign(player.video, {
    webkitEnterFullscreen: () => {
      entered += 1;
    },
  });
  player.latency = "smooth";
  assert.ok(!partOf(player, "fullscreen").hidden);
  partOf(player, "fullscreen").click();
  assert.equal(entered, 1);
});

test("a session that comes by itself takes the focus from nobody, and leaves it where it was", async (t) => {
  const { player, fake } = playerOn(t, { controls: "", "remote-control": "" });
  const field = document.createElement("input");
  document.body.append(field);
  t.onTestFinished(() => {
    field.remove();
  });
  await settled();
  fake.come("p");
  field.focus();
  fake.last.takeInput();
  assert.equal(inputOf(fake), player.video);
  assert.ok(document.activeElement === field);
  // The button is the viewer's own wish.
  partOf(player, "control").click();
  assert.equal(player.video.hasAttribute("tabindex"), false);
  partOf(player, "control").click();
  assert.ok(rootOf(player).activeElement === player.video);
  fake.last.end({ kind: "endedByPeer", error: null, reason: "peerGone" });
  fake.go("p");
  // What cannot have the focus loses it.
  assert.equal(player.video.tabIndex, 0);
});

test("a player that is paused stays so when it is moved", async (t) => {
  const { player, fake } = playerOn(t);
  await settled();
  fake.come("p");
  fake.last.stream("video");
  show(player);
  player.pause();
  let plays = 0;
  const play = (): Promise<void> => {
    plays += 1;
    return Promise.resolve();
  };
  Object.defineProperty(player.video, "play", { value: play });
  const place = document.createElement("div");
  document.body.append(place);
  place.append(player);
  await settled();
  assert.equal(plays, 0);
  player.play();
  assert.equal(plays, 1);
  document.body.append(player);
  assert.equal(plays, 2);
});
