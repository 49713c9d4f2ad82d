/** What the web page says when something is wrong. */

import { describe, expect, test } from "vitest";
import { type Trouble, mixedWords, troubleWords } from "../demo/words.js";

describe("a signalling server that is not to be had", () => {
  const trouble: Trouble = { server: "ws://h:8443/", before: false, token: false, answers: null, said: null };
  const words = (changes: Partial<Trouble>) => troubleWords({ ...trouble, ...changes });

  test("may be elsewhere, so that a token is only one of the reasons", () => {
    expect(words({})).toMatchObject({ asksForToken: true });
    expect(words({}).text).toMatch(/does not answer, or wants a token/);
    expect(words({ token: true }).text).toMatch(/or does not accept this token/);
  });

  test("refuses, where what serves the page answers", () => {
    expect(words({ answers: true, token: true }).text).toMatch(/does not accept this token/);
    expect(words({ answers: true })).toMatchObject({ asksForToken: true });
  });

  test("is down where what serves the page is down, and no token helps", () => {
    expect(words({ answers: false, token: true })).toMatchObject({ asksForToken: false });
  });

  test("was there before, so that its silence says nothing about a token", () => {
    expect(words({ before: true, token: true })).toMatchObject({ asksForToken: false });
    expect(words({ before: true }).text).toMatch(/What plays goes on/);
    expect(words({ before: true, answers: true, token: true })).toMatchObject({ asksForToken: true });
  });

  test("says itself that a token has expired", () => {
    expect(words({ said: "the token has expired (1008)", token: true }).text).toMatch(/has expired \(1008\)\. Type another/);
  });

  test("cannot be reached without TLS from a page with it, except on this machine", () => {
    expect(mixedWords("ws://h:8443", "https://h/")).toMatch(/wss only/);
    expect(mixedWords("ws://localhost.example/", "https://h/")).toMatch(/wss only/);
    expect(mixedWords("ws://127.0.0.1:1/", "https://h/")).toBeNull();
    expect(mixedWords("wss://h/", "https://h/")).toBeNull();
    expect(mixedWords("ws://h/", "http://h/")).toBeNull();
  });
});
