/** What the web page says when something is wrong. */

import { describe, expect, test } from "vitest";
import { type Trouble, adviceOf, endWords, troubleWords } from "../demo/words.js";

describe("the end of a stream", () => {
  test("that is ordinary is told as it is", () => {
    expect(endWords({ kind: "closed" })).toBe("Closed here.");
    expect(endWords({ kind: "endedByPeer", error: null, reason: "stopping" })).toBe("Ended by the other side: it is stopping.");
    expect(adviceOf({ kind: "endedByPeer", error: null, reason: "peerGone" })).toBeNull();
    expect(endWords(null)).toBe("Ended.");
  });

  test("for want of a way through the network speaks of UDP and TURN", () => {
    for (const reason of [
      { kind: "transportFailed" },
      { kind: "timeout", waitingFor: "transport" },
      { kind: "endedByPeer", error: null, reason: "transportFailed" },
    ] as const) {
      expect(endWords(reason)).toMatch(/UDP.*TURN/);
    }
  });

  test("for want of a common codec speaks of codecs and other browsers", () => {
    for (const reason of [
      { kind: "negotiationFailed", error: "x" },
      { kind: "endedByPeer", error: "no agreement", reason: "description" },
      { kind: "endedByPeer", error: "No codec is left", reason: null },
    ] as const) {
      expect(endWords(reason)).toMatch(/codec.*another browser/);
    }
  });

  test("for a token without the right to watch asks for another one", () => {
    expect(endWords({ kind: "refused", error: "the token gives no right to consume" })).toMatch(/^This token gives no right/);
    expect(adviceOf({ kind: "refused", error: "too many sessions" })).toBeNull();
  });

  test("for a producer that says nothing tells that from a silent server", () => {
    expect(endWords({ kind: "timeout", waitingFor: "description" })).toMatch(/^The producer does not answer/);
    expect(endWords({ kind: "timeout", waitingFor: "session" })).toMatch(/^The signalling server does not answer/);
  });

  test("for something that happened elsewhere is told in the words of there", () => {
    expect(endWords({ kind: "endedByPeer", error: "<b>out of memory</b>", reason: "pipeline" })).toBe(
      "Ended by the other side: <b>out of memory</b>.",
    );
  });
});

describe("a signalling server that is not to be had", () => {
  const trouble: Trouble = { server: "ws://h:8443/", page: "http://h/", token: false, answers: null, said: null };
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

  test("says itself that a token has expired", () => {
    expect(words({ said: "the token has expired (1008)", token: true }).text).toMatch(/has expired \(1008\)\. Type another/);
  });

  test("cannot be reached without TLS from a page with it", () => {
    expect(words({ page: "https://h/" }).text).toMatch(/wss only/);
    expect(words({ page: "https://h/", server: "ws://127.0.0.1:1/" }).text).not.toMatch(/wss only/);
  });
});
