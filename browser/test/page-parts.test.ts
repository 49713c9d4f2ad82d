/**
 * The parts of the web page on the page as it is served: words of the connection, sharing, and what is advanced.
 *
 * @vitest-environment happy-dom
 */

import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Advanced, offering } from "../demo/advanced.js";
import { ConnectionWords } from "../demo/connection.js";
import { byId } from "../demo/elements.js";
import { SharePanel } from "../demo/share.js";
import { type ConsumerSession, GstWebRTCAPI } from "../src/index.js";

/** Without its head, whose files would be fetched. */
const PAGE = readFileSync("demo/index.html", "utf8").replace(/<head>.*<\/head>/s, "");

beforeEach(() => {
  vi.useFakeTimers();
  const parsed = new DOMParser().parseFromString(PAGE, "text/html").body;
  document.body.replaceChildren(...[...parsed.childNodes].map((node) => document.importNode(node, true)));
});

afterEach(() => {
  vi.useRealTimers();
});

const words = (id: string) => (byId(id).hidden ? null : byId(id).textContent);

describe("the connection", () => {
  test("that does not come about is explained after a while, with a field for a token", async () => {
    const connection = new ConnectionWords("ws://elsewhere:1/", "wrong");
    await vi.advanceTimersByTimeAsync(1000);
    expect(byId("trouble").hidden).toBe(true);
    await vi.advanceTimersByTimeAsync(2000);
    expect(words("problem")).toMatch(/does not accept this token/);
    expect(byId("token-form").hidden).toBe(false);
    connection.connected();
    expect([byId("trouble").hidden, words("connection")]).toEqual([true, "Connected"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(byId("trouble").hidden).toBe(true);
  });

  test("that is lost is told apart from one that never was", async () => {
    const connection = new ConnectionWords("ws://elsewhere:1/", "");
    connection.connected();
    connection.disconnected();
    expect(words("connection")).toBe("Connection lost, trying again…");
    await vi.advanceTimersByTimeAsync(3000);
    expect(words("problem")).toMatch(/What plays goes on/);
    expect(byId("token-form").hidden).toBe(true);
  });

  test("whose token runs out says so at once", async () => {
    const connection = new ConnectionWords("ws://elsewhere:1/", "old");
    connection.connected();
    connection.disconnected();
    connection.problem("the signalling server closed the connection: the token has expired (1008)");
    await vi.advanceTimersByTimeAsync(0);
    expect(words("problem")).toMatch(/token has expired/);
    expect(byId("token-form").hidden).toBe(false);
  });

  test("whose token may not list says so instead of that nobody is there, until another one is shown", () => {
    const connection = new ConnectionWords("ws://elsewhere:1/", "produces only");
    connection.connected();
    connection.mayNotList();
    expect(words("problem")).toMatch(/may not list/);
    expect(words("hint-text")).not.toMatch(/Nobody produces/);
    expect([words("nobody"), byId("token-form").hidden]).toEqual(["The server does not say who produces.", false]);
    connection.connected();
    expect([words("nobody"), byId("trouble").hidden]).toEqual(["Waiting for a producer…", true]);
  });

  test("says what to do while there is nobody, and while nothing plays", () => {
    const connection = new ConnectionWords("ws://elsewhere:1/", "");
    connection.connected();
    expect([words("nobody"), words("hint-text")]).toEqual([
      "Waiting for a producer…",
      expect.stringMatching(/^Nobody produces anything yet/),
    ]);
    connection.showProducers(2);
    expect([words("nobody"), words("hint-text")]).toEqual([null, expect.stringMatching(/^Choose a producer/)]);
    connection.showPlaying(1);
    expect(words("hint")).toBeNull();
  });
});

describe("sharing", () => {
  test("says in words why there is no camera, and can be tried again", async () => {
    const said: string[] = [];
    vi.stubGlobal("navigator", {});
    vi.stubGlobal("isSecureContext", false);
    new SharePanel({}, (text) => said.push(text), () => undefined);
    byId("capture").click();
    await vi.advanceTimersByTimeAsync(0);
    expect(said.at(-1)).toMatch(/https:\/\//);
    expect(words("capture")).toBe("Share this camera");
    expect(byId("capture", HTMLButtonElement).disabled).toBe(false);
    vi.unstubAllGlobals();
  });

  test("lists passive consumers by names that are text", () => {
    const panel = new SharePanel({}, () => undefined, () => undefined);
    panel.showConsumers([{ id: "1", meta: { name: "</select><b>x" } }]);
    const options = [...byId("share-consumer", HTMLSelectElement).options];
    expect(options.map(({ value, textContent }) => [value, textContent])).toEqual([
      ["", "Everybody"],
      ["1", "</select><b>x"],
    ]);
    expect(document.querySelector("b")).toBeNull();
  });
});

describe("what is advanced", () => {
  const advanced = (session: object | null) =>
    new Advanced({ onOffer: () => undefined, sessionOf: () => session as ConsumerSession | null });

  test("sends a request that is JSON, and shows the answer as text", () => {
    const sent: unknown[] = [];
    const remoteController = Object.assign(new EventTarget(), {
      sendControlRequest: (request: unknown) => sent.push(request) - 1,
    });
    advanced({ remoteController });
    const text = byId("request-text", HTMLTextAreaElement);
    text.value = '{"type": "x"}';
    byId("request-send").click();
    const detail = { id: 0, error: "<i>no</i>" };
    remoteController.dispatchEvent(new CustomEvent("controlResponse", { detail }));
    text.value = "{";
    byId("request-send").click();
    expect(sent).toEqual([{ type: "x" }]);
    const lines = [...byId("request-log").children].map(({ textContent }) => textContent);
    expect(lines).toEqual(["This is no JSON.", "#0: refused: <i>no</i>", "#0: sent"]);
  });

  test("says that a producer takes no requests", () => {
    advanced(null);
    byId("request-send").click();
    expect(byId("request-log").textContent).toBe("This producer takes no requests.");
  });

  test("plays with an offer of this side on the same connection", () => {
    const calls: unknown[] = [];
    class Client {
      readonly #peers = ["peer"];
      get clientId(): string {
        return this.#peers.join();
      }
      getAvailableProducers(): string[] {
        return this.#peers;
      }
      createConsumerSessionWithOfferOptions(...args: unknown[]): void {
        calls.push(args);
      }
    }
    const client = offering(new Client() as unknown as GstWebRTCAPI, { offerToReceiveVideo: true });
    client.createConsumerSession("1");
    expect(calls).toEqual([["1", { offerToReceiveVideo: true }]]);
    expect([client.clientId, client.getAvailableProducers()]).toEqual(["peer", ["peer"]]);
  });
});
