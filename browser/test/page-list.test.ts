/**
 * The list of producers on the web page, hostile ones among them.
 *
 * @vitest-environment happy-dom
 */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProducerList } from "../demo/list.js";

const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "</p></li><script>alert(1)</script>",
  "x".repeat(100_000),
  "a\u{202E}b",
  "one\ntwo\u{0}",
  "&lt;b&gt;",
];

let root: HTMLElement;
let events: string[];
let list: ProducerList;

beforeEach(() => {
  root = document.createElement("ul");
  document.body.replaceChildren(root);
  events = [];
  list = new ProducerList(root, {
    onPlay: ({ id }) => events.push(`play ${id}`),
    onLook: ({ id }) => events.push(`look ${id}`),
    onLookAway: (id) => events.push(`away ${id}`),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

const cards = () => [...root.querySelectorAll<HTMLElement>("[data-testid=producer]")];
const pointer = (type: string, pointerType: string) => new PointerEvent(type, { pointerType });

test("whatever producers call themselves, their cards are made of the same elements", () => {
  list.show([{ id: "0", meta: { name: "door" } }]);
  const shape = (card: HTMLElement | undefined) => [...(card?.querySelectorAll("*") ?? [])].map(({ tagName }) => tagName);
  const decent = shape(cards()[0]);
  list.show(HOSTILE.map((name, id) => ({ id: String(id), meta: { name } })));
  expect(cards()).toHaveLength(HOSTILE.length);
  for (const card of cards()) {
    expect(shape(card)).toEqual(decent);
    const text = card.querySelector("[data-testid=producer-name]")?.textContent ?? "";
    expect(text.length).toBeLessThanOrEqual(80);
    expect(text).not.toMatch(/[\n\u{202E}\u{0}]/u);
  }
  expect(cards()[0]?.querySelector("[data-testid=producer-name]")?.textContent).toBe(HOSTILE[0]);
  expect(cards()[5]?.querySelector("[data-testid=producer-name]")?.textContent).toBe("&lt;b&gt;");
});

test("a card stays the same element while its producer does, so that a click on it is not lost", () => {
  list.show([{ id: "1", meta: null }]);
  const [before] = cards();
  list.show([
    { id: "1", meta: null },
    { id: "2", meta: null },
  ]);
  expect(cards()[0]).toBe(before);
  list.show([{ id: "2", meta: { name: "new" } }]);
  expect(cards().map(({ textContent }) => textContent)).toEqual(["newPlay"]);
});

test("a click anywhere on a card plays once", () => {
  list.show([{ id: "1", meta: null }]);
  cards()[0]?.querySelector("button")?.click();
  cards()[0]?.click();
  expect(events).toEqual(["play 1", "play 1"]);
});

test("a pointer that hovers looks, and a producer that goes is not looked at any more", () => {
  list.show([{ id: "1", meta: null }]);
  cards()[0]?.dispatchEvent(pointer("pointerenter", "mouse"));
  list.show([]);
  expect(events).toEqual(["look 1", "away 1"]);
  expect(cards()).toEqual([]);
});

test("a finger that passes does not look, and one that rests looks but does not play", () => {
  vi.useFakeTimers();
  list.show([{ id: "1", meta: null }]);
  const [card] = cards();
  card?.dispatchEvent(pointer("pointerenter", "touch"));
  card?.dispatchEvent(pointer("pointerdown", "touch"));
  card?.dispatchEvent(pointer("pointercancel", "touch"));
  vi.advanceTimersByTime(1000);
  expect(events).toEqual(["away 1"]);
  card?.dispatchEvent(pointer("pointerdown", "touch"));
  vi.advanceTimersByTime(1000);
  card?.dispatchEvent(pointer("pointerup", "touch"));
  card?.click();
  expect(events).toEqual(["away 1", "look 1", "away 1"]);
  card?.dispatchEvent(pointer("pointerdown", "touch"));
  card?.dispatchEvent(pointer("pointerup", "touch"));
  card?.click();
  expect(events.at(-1)).toBe("play 1");
});

test("what plays is marked", () => {
  list.show([{ id: "1", meta: { name: "door" } }]);
  const play = cards()[0]?.querySelector("[data-testid=play]");
  list.showPlaying(new Set(["1"]));
  expect(play?.getAttribute("aria-label")).toBe("Show door");
  list.showPlaying(new Set());
  expect(play?.getAttribute("aria-label")).toBe("Play door");
});
