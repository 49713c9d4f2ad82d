/** What the web page calls producers that do not wish it well. */

import { expect, test } from "vitest";
import { nameOf, ownNameOf } from "../demo/names.js";
import type { Json } from "../src/index.js";

const called = (name: Json) => nameOf({ id: "id-1", meta: { name } });

test("a producer is called as it calls itself", () => {
  expect(called("Front door")).toBe("Front door");
  expect(called("Eingang für Gäste — 入口")).toBe("Eingang für Gäste — 入口");
  expect(called("مدخل")).toBe("مدخل");
});

test("a producer without a name is called by its identifier", () => {
  expect(nameOf({ id: "id-1", meta: null })).toBe("id-1");
  expect(nameOf({ id: "id-1", meta: ["name"] })).toBe("id-1");
  expect(called("   ")).toBe("id-1");
  expect(called(7)).toBe("id-1");
  expect(called("\u{202E}\u{200B}\u{200D}")).toBe("id-1");
});

test("markup stays what it is: characters", () => {
  expect(called("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
});

test("a name cannot change the direction of what stands beside it", () => {
  expect(called("photo\u{202E}gpj.exe")).toBe("photogpj.exe");
  expect(called("a\u{2067}b\u{2069}c\u{200F}d\u{61C}")).toBe("abcd");
});

test("a name is one line without control characters", () => {
  expect(called("one\ntwo\r\n\tthree\u{2028}four")).toBe("one two three four");
  expect(called("\u{0}bell\u{7}\u{1B}[31m")).toBe("bell[31m");
});

test("a name is cut where it is too long, between characters", () => {
  expect(Array.from(called("x".repeat(10_000)))).toHaveLength(80);
  expect(called("🎥".repeat(100))).toBe(`${"🎥".repeat(79)}…`);
  expect(called("x".repeat(80))).toBe("x".repeat(80));
});

test("marks do not pile up on a letter", () => {
  expect(called(`a${"\u{301}".repeat(50)}b`)).toBe("a\u{301}\u{301}b");
});

test("what scripts and pictures need to join their parts stays", () => {
  expect(called("می‌خواهم")).toBe("می‌خواهم");
  expect(called("Crib 👩‍👧")).toBe("Crib 👩‍👧");
});

test("a name is found again exactly as it was given", () => {
  expect(ownNameOf({ id: "i", meta: { name: " a\n" } })).toBe(" a\n");
  expect(ownNameOf({ id: "i", meta: { name: "" } })).toBeNull();
  expect(ownNameOf({ id: "i", meta: "name" })).toBeNull();
});
