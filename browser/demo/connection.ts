/** What the page says about its connection, its list and its problems. */

import { askAdmission } from "../src/admission.js";
import { byId } from "./elements.js";
import { keepToken, tokenPlaces } from "./token.js";
import { sentence, troubleWords } from "./words.js";

/** So long a connection may take before that is a problem, in milliseconds. */
const LATE = 2500;
const NOT_LISTED = "This token may not list who produces (it lacks the right “list”), so nothing can be watched with it. Type one that may.";

/** The words at the top of the page, and those where something is missing. */
export class ConnectionWords {
  readonly #badge = byId("connection");
  readonly #trouble = byId("trouble");
  readonly #problem = byId("problem");
  readonly #form = byId("token-form", HTMLFormElement);
  readonly #server: string;
  readonly #token: string;
  #connected = false;
  #before = false;
  /** Whether the server tells this page who produces. */
  #lists = true;
  #said: string | null = null;
  /** What the server said last when it was asked, and how many times in a row. */
  #answer: { readonly key: string; readonly times: number } = { key: "", times: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #producers = 0;
  #playing = 0;

  /** `token` is what is shown to the server; empty: nothing. */
  constructor(server: string, token: string) {
    this.#server = server;
    this.#token = token;
    const field = byId("token", HTMLInputElement);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      keepToken(tokenPlaces(), server, field.value.trim());
      // What plays is in the address, so that all of it comes back.
      location.reload();
    });
    this.#show("connecting", "Connecting…");
    this.#wait();
  }

  /** The connection works. */
  connected(): void {
    clearTimeout(this.#timer);
    this.#connected = true;
    this.#before = true;
    this.#lists = true;
    this.#said = null;
    this.#answer = { key: "", times: 0 };
    this.#form.hidden = true;
    this.report("");
    this.#show("connected", "Connected");
  }

  /** The connection is lost. */
  disconnected(): void {
    this.#connected = false;
    this.#show("connecting", "Connection lost, trying again…");
    this.#wait();
  }

  /** The server, or the client, has something to say. */
  problem(text: string): void {
    this.#said = text;
    if (/token/i.test(text)) {
      void this.#explain();
    } else if (this.#connected) {
      this.report(sentence(text));
    }
  }

  /** The server does not tell this page who produces. */
  mayNotList(): void {
    this.#lists = false;
    this.report(NOT_LISTED);
    this.#form.hidden = false;
    this.#showHint();
  }

  /** Shows a problem; empty: there is none any more. */
  report(text: string): void {
    if (this.#problem.textContent !== text) {
      // Readers read out what changes.
      this.#problem.textContent = text;
    }
    this.#trouble.hidden = text === "";
  }

  /** Says how many producers there are, where there are none. */
  showProducers(count: number): void {
    this.#producers = count;
    this.#showHint();
  }

  /** Says what to do, where nothing plays. */
  showPlaying(count: number): void {
    this.#playing = count;
    this.#showHint();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.#explain();
    }, LATE);
  }

  async #explain(): Promise<void> {
    const admission = await askAdmission(this.#server, location.href, this.#token);
    if (this.#connected) {
      return;
    }
    const key = JSON.stringify(admission);
    const times = this.#answer.key === key ? this.#answer.times + 1 : 1;
    this.#answer = { key, times };
    const [server, before, token, said] = [this.#server, this.#before, this.#token !== "", this.#said];
    const { text, asksForToken } = troubleWords({ server, before, token, admission, times, said });
    this.report(text);
    this.#form.hidden = !asksForToken;
    // Things may change: a server that was down may be back and refuse.
    this.#wait();
  }

  #show(state: "connected" | "connecting", words: string): void {
    this.#badge.dataset["state"] = state;
    this.#badge.textContent = words;
    this.#showHint();
  }

  #showHint(): void {
    const nobody = byId("nobody");
    nobody.hidden = this.#producers > 0;
    nobody.textContent = nobodyWords(this.#connected, this.#lists);
    byId("stage").toggleAttribute("data-playing", this.#playing > 0);
    byId("hint").hidden = this.#playing > 0;
    byId("hint-text").textContent = hintWords(this.#connected, this.#lists, this.#producers);
  }
}

function nobodyWords(connected: boolean, lists: boolean): string {
  if (!connected) {
    return "Waiting for the signalling server…";
  }
  return lists ? "Waiting for a producer…" : "The server does not say who produces.";
}

function hintWords(connected: boolean, lists: boolean, producers: number): string {
  if (producers > 0) {
    return "Choose a producer to watch it here. Several play side by side.";
  }
  if (connected && !lists) {
    return "Who produces is not shown to this page. A camera can be shared nevertheless.";
  }
  return connected
    ? "Nobody produces anything yet. As soon as a webrtcsink runs, or somebody shares a camera, it is listed here."
    : "There is no connection to the signalling server yet.";
}
