/** What the web page says when something is wrong with the signalling server. */

import { describe, expect, test } from "vitest";
import { admissionOf, askAdmission } from "../src/admission.js";
import { type Trouble, mixedWords, troubleWords } from "../demo/words.js";

describe("a signalling server that is not to be had", () => {
  const trouble: Trouble = { server: "ws://h:8443/", before: false, token: false, admission: { kind: "unknown" }, times: 9, said: null };
  const words = (changes: Partial<Trouble>) => troubleWords({ ...trouble, ...changes });
  const refused = (reason: string, text: string) => words({ admission: { kind: "refuses", reason, text } });

  test("may be elsewhere, so that a token is only one of the reasons", () => {
    expect(words({})).toMatchObject({ asksForToken: true });
    expect(words({}).text).toMatch(/does not answer, or wants a token/);
    expect(words({ token: true }).text).toMatch(/or does not accept this token/);
  });

  test("says itself what is wrong with the token, and another one may do", () => {
    expect(refused("token", "The token does not serve: the token is not known.")).toEqual({
      text: "The token does not serve: the token is not known. Type another one.",
      asksForToken: true,
    });
    expect(refused("token-missing", "send it as Authorization").text).toMatch(/^Nobody is let in here without a token/);
    expect(refused("rights", "The token gives no rights")).toMatchObject({ asksForToken: true });
  });

  test("refuses for something that no token changes", () => {
    expect(refused("full", "The server has as many connections as it takes: connect again later.")).toMatchObject({
      asksForToken: false,
    });
    expect(refused("not-a-websocket", "speak websocket").text).toMatch(/proxy/);
  });

  test("comes back, so that nothing stands between it and the page", () => {
    const admission = { kind: "refuses", reason: "not-a-websocket", text: "speak websocket" } as const;
    expect(words({ admission, before: true }).text).toMatch(/is lost\. What plays goes on/);
    expect(words({ admission, times: 4 }).text).toMatch(/tries to connect/);
    expect(words({ admission, times: 5 }).text).toMatch(/proxy/);
  });

  test("says it in a line, however long its words are", () => {
    expect(refused("origin", `a\n${"x".repeat(9999)}`).text.length).toBeLessThan(400);
  });

  test("answers without saying why, as older ones do", () => {
    expect(words({ admission: { kind: "answers" }, token: true }).text).toMatch(/does not accept this token/);
    expect(words({ admission: { kind: "answers" } })).toMatchObject({ asksForToken: true });
  });

  test("is silent, so that no token helps", () => {
    expect(words({ admission: { kind: "silent" }, token: true })).toMatchObject({ asksForToken: false });
  });

  test("was there before, so that its silence says nothing about a token", () => {
    expect(words({ before: true, token: true })).toMatchObject({ asksForToken: false });
    expect(words({ before: true }).text).toMatch(/What plays goes on/);
    expect(words({ before: true, admission: { kind: "refuses", reason: "token", text: "x" } })).toMatchObject({
      asksForToken: true,
    });
  });

  test("ended the connection for the token", () => {
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

describe("an answer over HTTP", () => {
  test("is the server's reason, or only shows that something is there", () => {
    expect(admissionOf('{"reason": "token", "text": "no", "more": 1}')).toEqual({ kind: "refuses", reason: "token", text: "no" });
    for (const body of ["<!doctype html>", "null", '"token"', '{"reason": 1, "text": "x"}', ""]) {
      expect(admissionOf(body)).toEqual({ kind: "answers" });
    }
  });

  test("is not asked for elsewhere, where the page may not look, nor with what no header can hold", async () => {
    expect(await askAdmission("ws://h:1/", "http://h:2/", "")).toEqual({ kind: "unknown" });
    expect(await askAdmission("ws://h:1/", "http://h:1/", "tökén")).toEqual({ kind: "answers" });
  });
});
