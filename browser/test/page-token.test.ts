/** What the web page does with its token. */

import { expect, test } from "vitest";
import { keepToken, takeToken } from "../demo/token.js";

const SERVER = "ws://h:8443/";

function places(address: string, kept = new Map<string, string>()) {
  const shown: string[] = [];
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => {
      kept.set(key, value);
    },
    removeItem: (key: string) => {
      kept.delete(key);
    },
  };
  return { address, storage, shown, replaceAddress: (next: string) => shown.push(next) };
}

test("a token is taken out of the address and found again after a reload", () => {
  const kept = new Map<string, string>();
  const first = places("http://h/live/?token=a%2Bb&stun=off#id=1;muted", kept);
  expect(takeToken(first, SERVER)).toBe("a+b");
  expect(first.shown).toEqual(["http://h/live/?stun=off#id=1;muted"]);
  const second = places("http://h/live/?stun=off", kept);
  expect(takeToken(second, SERVER)).toBe("a+b");
  expect(second.shown).toEqual([]);
});

test("an empty token forgets the one before", () => {
  const kept = new Map<string, string>();
  keepToken(places("http://h/", kept), SERVER, "old");
  expect(takeToken(places("http://h/", kept), SERVER)).toBe("old");
  expect(takeToken(places("http://h/?token=", kept), SERVER)).toBe("");
  expect(takeToken(places("http://h/", kept), SERVER)).toBe("");
});

test("a token that is kept is for the server that it was given for, whichever a link names", () => {
  const kept = new Map<string, string>();
  keepToken(places("http://h/", kept), SERVER, "secret");
  expect(takeToken(places("http://h/?server=wss://elsewhere.example/", kept), "wss://elsewhere.example/")).toBe("");
  expect(takeToken(places("http://h/", kept), SERVER)).toBe("secret");
});

test("storage that is switched off does not stop the page", () => {
  const off = () => {
    throw new Error("denied");
  };
  const without = { ...places("http://h/"), storage: { getItem: off, setItem: off, removeItem: off } };
  expect(takeToken(without, SERVER)).toBe("");
  expect(takeToken({ ...without, address: "http://h/?token=x" }, SERVER)).toBe("x");
  expect(() => {
    keepToken(without, SERVER, "y");
  }).not.toThrow();
});
