/**
 * What plays on the web page, and how it finds its producer again.
 *
 * @vitest-environment happy-dom
 */

import { beforeEach, expect, test, vi } from "vitest";
import { Tiles } from "../demo/tiles.js";
import type { Shown } from "../demo/view.js";
import { GstWebRTCAPI, type Peer } from "../src/index.js";

/** A player that does nothing by itself. Its producer is an attribute, as that of the real one. */
class FakePlayer extends HTMLElement {
  api: unknown = null;
  state = "connecting";
  statusText = "Connecting…";
  session: { peerId: string } & EventTarget | null = null;
  endReason = null;
  talkBack = false;
  readonly video = document.createElement("video");
  readonly retry = vi.fn();
  readonly play = vi.fn();
  /** Every value that the attribute had. */
  readonly producers: string[] = [];
  #latency = "";
  #muted = false;

  get producer(): string {
    return this.producers.at(-1) ?? "";
  }
  set producer(value: string) {
    this.producers.push(value);
  }
  get latency(): string {
    return this.#latency;
  }
  set latency(value: string) {
    this.#latency = value;
    this.setAttribute("latency", value);
  }
  get muted(): boolean {
    return this.#muted;
  }
  set muted(value: boolean) {
    this.#muted = value;
    this.toggleAttribute("muted", value);
  }

  become(state: string): void {
    this.state = state;
    this.dispatchEvent(new CustomEvent("statechange"));
  }
}
customElements.define("gst-webrtc-player", FakePlayer);

const api = Object.create(GstWebRTCAPI.prototype) as GstWebRTCAPI;
const peer = (id: string, name?: string): Peer => ({ id, meta: name === undefined ? null : { name } });
const shown = (changes: Partial<Shown>): Shown => ({ id: "", name: null, latency: "live", muted: false, large: false, ...changes });

let root: HTMLElement;
let tiles: Tiles;
let changes: number;

beforeEach(() => {
  root = document.createElement("div");
  document.body.replaceChildren(root);
  changes = 0;
  tiles = new Tiles(root, {
    onChange: () => {
      changes += 1;
    },
    onPicture: () => undefined,
  });
});

const players = () => [...root.querySelectorAll("gst-webrtc-player")] as unknown as FakePlayer[];
const click = (part: string) => root.querySelector<HTMLElement>(`[data-testid=${part}]`)?.click();

test("several producers play at once, each of them once", () => {
  tiles.play(api, peer("1", "door"));
  tiles.play(api, peer("2"));
  tiles.play(api, peer("1", "door"));
  expect(players().map(({ producer }) => producer)).toEqual(["1", "2"]);
  expect(players()[0]?.api).toBe(api);
  expect(tiles.shown.map(({ id, name }) => [id, name])).toEqual([["1", "door"], ["2", null]]);
});

test("playing once more what has ended tries again", () => {
  tiles.play(api, peer("1"));
  players()[0]?.become("ended");
  tiles.play(api, peer("1"));
  expect(players()[0]?.retry).toHaveBeenCalledOnce();
});

test("what played before a reload waits for its producers, by name where they have other identifiers", () => {
  tiles.restore(api, [shown({ id: "old", name: "door", muted: true, latency: "smooth", large: true }), shown({ name: "yard" })]);
  expect(players().map(({ producer, muted, latency }) => [producer, muted, latency])).toEqual([
    ["old", true, "smooth"],
    ["yard", false, "live"],
  ]);
  tiles.find([peer("7", "door"), peer("8", "yard")], []);
  expect(players().map(({ producer }) => producer)).toEqual(["7", "8"]);
  expect(tiles.shown).toMatchObject([{ id: "7", name: "door", muted: true, latency: "smooth", large: true }, { id: "8" }]);
});

test("a stream that runs is not interrupted when its producer has another identifier, and follows when it ends", () => {
  tiles.play(api, peer("old", "door"));
  const [player] = players();
  Object.assign(player ?? {}, { session: Object.assign(new EventTarget(), { peerId: "old" }) });
  player?.become("playing");
  tiles.find([peer("new", "door")], []);
  expect(player?.producers).toEqual(["old"]);
  expect(tiles.of("new")).toBeDefined();
  expect(root.querySelector<HTMLElement>("[data-testid=player]")?.dataset["peerId"]).toBe("old");
  Object.assign(player ?? {}, { session: null });
  player?.become("reconnecting");
  expect(player?.producers).toEqual(["old", "new"]);
});

test("a player that has found its producer by name is left alone", () => {
  tiles.restore(api, [shown({ name: "door" })]);
  const [player] = players();
  if (player !== undefined) {
    player.session = Object.assign(new EventTarget(), { peerId: "1" });
  }
  tiles.find([peer("1", "door")], []);
  expect(player?.producers).toEqual(["door"]);
});

test("what a viewer changes at the player is remembered", async () => {
  tiles.play(api, peer("1"));
  const [player] = players();
  Object.assign(player ?? {}, { muted: true, latency: "balanced" });
  await vi.waitFor(() => {
    expect(tiles.shown).toMatchObject([{ muted: true, latency: "balanced", large: false }]);
  }, 20_000);
  click("size");
  expect(tiles.shown).toMatchObject([{ muted: true, latency: "balanced", large: true }]);
});

test("talking back is offered only where somebody listens beside the producer", () => {
  const [door, yard] = [peer("1", "door"), peer("2", "yard")];
  const speaker: Peer = { id: "3", meta: { "talk-back": "door" } };
  tiles.play(api, door);
  tiles.find([door, yard], [speaker]);
  tiles.play(api, yard);
  expect(players().map(({ talkBack }) => talkBack)).toEqual([true, false]);
  click("stop");
  tiles.play(api, door);
  expect(players().map(({ talkBack }) => talkBack)).toEqual([false, true]);
  tiles.find([door, yard], []);
  expect(players().map(({ talkBack }) => talkBack)).toEqual([false, false]);
});

test("a stream that is stopped is gone and forgotten", () => {
  tiles.play(api, peer("1"));
  const before = changes;
  click("stop");
  expect(players()).toEqual([]);
  expect([tiles.shown, tiles.played]).toEqual([[], []]);
  expect(changes).toBeGreaterThan(before);
});

test("tests find a stream from its first session on, and its last session after the end", () => {
  tiles.play(api, peer("1"));
  expect(tiles.played).toEqual([]);
  const [player] = players();
  const session = Object.assign(new EventTarget(), { peerId: "1" });
  Object.assign(player ?? {}, { session });
  player?.become("playing");
  Object.assign(player ?? {}, { session: null });
  player?.become("ended");
  expect(tiles.played).toMatchObject([{ producerId: "1", session }]);
  expect(root.querySelector<HTMLElement>("[data-testid=status]")?.dataset["state"]).toBe("ended");
});
