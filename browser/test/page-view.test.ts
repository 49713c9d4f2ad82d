/** How the web page remembers what plays, and finds it again. */

import { describe, expect, test } from "vitest";
import { type Shown, findAgain, readView, writeView } from "../demo/view.js";
import type { Peer } from "../src/index.js";

const shown = (changes: Partial<Shown> = {}): Shown => ({
  id: "1",
  name: null,
  latency: "live",
  muted: false,
  large: false,
  ...changes,
});
const peer = (id: string, name?: string): Peer => ({ id, meta: name === undefined ? null : { name } });

describe("the fragment", () => {
  test("is read as it was written", () => {
    const all = [
      shown({ name: "Front & back; #1 = 100 % <b>", latency: "smooth", muted: true, large: true }),
      shown({ id: "a/b&c;d=e", latency: "balanced" }),
    ];
    expect(readView(writeView(all))).toEqual(all);
    expect(new URL(writeView(all), "http://h/").hash).toBe(writeView(all));
  });

  test("is empty where nothing plays", () => {
    expect(writeView([])).toBe("");
    expect(readView("")).toEqual([]);
    expect(readView("#")).toEqual([]);
  });

  test("may name a producer without its identifier, as a person would write it", () => {
    expect(readView("#name=Yard")).toEqual([shown({ id: "", name: "Yard" })]);
  });

  test("of a stranger asks for no more than the page can take", () => {
    expect(readView(`#${"id=1&".repeat(1000)}`)).toHaveLength(16);
    expect(readView(`#name=${"x".repeat(9999)}`)[0]?.name).toHaveLength(512);
    expect(readView("#id=%;muted&id=2;latency=9&bare&__proto__=1")).toEqual([shown({ id: "2" })]);
  });

  test("can be written whatever a producer calls itself", () => {
    expect(() => writeView([shown({ name: "\u{D800}" }), shown({ name: "x".repeat(9999) })])).not.toThrow();
  });
});

describe("a stream", () => {
  const none = new Set<string>();

  test("is found by its identifier before its name", () => {
    const wish = shown({ id: "2", name: "door" });
    expect(findAgain([wish], [peer("1", "door"), peer("2", "other")], none)).toEqual(new Map([[wish, peer("2", "other")]]));
  });

  test("is found by its name where the producer has another identifier now", () => {
    const wish = shown({ id: "old", name: "door" });
    expect(findAgain([wish], [peer("1", "yard"), peer("2", "door")], none)).toEqual(new Map([[wish, peer("2", "door")]]));
  });

  test("without a name is not mistaken for another without a name", () => {
    expect(findAgain([shown({ id: "old" })], [peer("1")], none)).toEqual(new Map());
  });

  test("takes no producer that another one has", () => {
    const [first, second] = [shown({ id: "old1", name: "door" }), shown({ id: "old2", name: "door" })];
    const again = findAgain([first, second], [peer("1", "door"), peer("2", "door"), peer("3", "door")], new Set(["1"]));
    expect([again.get(first)?.id, again.get(second)?.id]).toEqual(["2", "3"]);
  });
});
