/**
 * How the web page finds its servers.
 *
 * @vitest-environment happy-dom
 */

import { afterEach, describe, expect, test, vi } from "vitest";
import { configFrom, readConfig } from "../demo/config.js";
import { findServer } from "../src/player/server.js";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const from = (address: string, file: unknown = null, tag: string | null = null) => configFrom({ address, file, tag });
const server = (address: string, file: unknown = null, tag: string | null = null) => from(address, file, tag).signalingServerUrl;

describe("the signalling server", () => {
  test("is on port 8443 of the page's host where nothing else is said", () => {
    expect(server("http://camera.example/")).toBe("ws://camera.example:8443");
    expect(server("https://camera.example/")).toBe("wss://camera.example:8443");
    expect(server("file:///tmp/index.html")).toBe("ws://127.0.0.1:8443");
  });

  test("is the one of the query before all others", () => {
    expect(server("http://h/?server=ws://other:1", { signallingServer: { port: 2 } }, "3")).toBe("ws://other:1/");
  });

  test("is never another one than the query asks for", () => {
    expect(() => server("http://h/?server=localhost:8443")).toThrow(/begins with ws/);
    expect(server("https://h:1/live/?server=.")).toBe("wss://h:1/live/");
  });

  test("is the one of the file before that of the tag", () => {
    expect(server("http://h/", { signallingServer: { port: 2, tls: true } }, "3")).toBe("wss://h:2");
    expect(server("https://h/", { signallingServer: { port: 2, tls: false } })).toBe("ws://h:2");
    expect(server("http://h/", {}, "3")).toBe("ws://h:3");
    expect(server("http://h/", {}, "wss://x/y")).toBe("wss://x/y");
  });

  test("is on the page's own port where its address is relative", () => {
    expect(server("https://h:8080/live/?token=x#play", { signallingServer: "." })).toBe("wss://h:8080/live/");
    expect(server("http://h/live/index.html", { signallingServer: "./ws" })).toBe("ws://h/live/ws");
    expect(server("http://h/live/", { signallingServer: "wss://x:1/room" })).toBe("wss://x:1/room");
  });

  test("is asked for the room of its own address, else for that of the page's", () => {
    expect(server("http://h/", { signallingServer: { port: 2, path: "/a?room=blue" } })).toBe("ws://h:2/a?room=blue");
    expect(server("http://h/?room=red", { signallingServer: { port: 2, path: "/?room=blue" } })).toBe("ws://h:2/?room=blue");
    expect(server("http://h/live/?room=a%20b&token=x", { signallingServer: "." })).toBe("ws://h/live/?room=a+b");
    expect(server("http://h/?room=red&server=ws://other:1")).toBe("ws://other:1/");
    expect(server("http://h/", { signallingServer: { port: 2, path: "@evil.example/" } })).toBe("ws://h:2");
  });

  test("is never something that no websocket can go to", () => {
    expect(server("http://h/", { signallingServer: "javascript:alert(1)" })).toBe("ws://h:8443");
    expect(server("http://h/", { signallingServer: ["ws://x"] })).toBe("ws://h:8443");
    expect(server("http://h/", { signallingServer: "http://[" })).toBe("ws://h:8443");
    expect(server("http://h/", "<!doctype html>", "nonsense")).toBe("ws://h:8443");
  });
});

describe("other settings", () => {
  test("name ICE servers, or none with stun=off", () => {
    const file = { iceServers: [{ urls: "stun:h" }] };
    expect(from("http://h/", file).iceServers).toEqual([{ urls: "stun:h" }]);
    expect(from("http://h/?stun=off", file).iceServers).toEqual([]);
    expect(from("http://h/").iceServers).toBeNull();
  });

  test("point to the dashboard only where there is one", () => {
    expect(from("http://h/p/?x", { dashboard: true }).dashboard).toBe("http://h/p/dashboard/");
    expect(from("http://h/p/", { dashboard: "yes" }).dashboard).toBeNull();
  });
});

test("a file that does not come is not waited for for ever, neither by the page nor by the player", async () => {
  // It is late at once.
  vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort());
  vi.stubGlobal("fetch", (_: unknown, { signal }: RequestInit) =>
    new Promise((_found, fail) => {
      if (signal?.aborted === true) {
        fail(new Error("late"));
      }
    }),
  );
  expect((await readConfig()).signalingServerUrl).toMatch(/:8443$/);
  expect((await findServer("", "http://h/player.js", "http://h/")).url).toBe("ws://h:8443");
});
