/** What those who build something with this page want to see and try: identifiers, own offers, requests to a producer. */

import type { ConsumerSession, GstWebRTCAPI, OfferOptions, Peer } from "../src/index.js";
import { byId, element, setChoices } from "./elements.js";
import { nameOf, oneLine } from "./names.js";

/** Who is told what a person wants. */
export interface AdvancedObserver {
  /** Wants to play `producer` with an offer of this side. */
  onOffer(producer: Peer, options: OfferOptions): void;
  /** Asks for the session with a producer that plays. */
  sessionOf(id: string): ConsumerSession | null;
}

/** So many lines of answers are kept. */
const KEPT = 20;

/** The advanced part of the page. */
export class Advanced {
  readonly #producer = byId("offer-producer", HTMLSelectElement);
  readonly #target = byId("request-target", HTMLSelectElement);
  readonly #consumers = byId("consumers");
  readonly #log = byId("request-log");
  readonly #heard = new WeakSet<EventTarget>();
  #producers: readonly Peer[] = [];
  readonly #observer: AdvancedObserver;

  constructor(observer: AdvancedObserver) {
    this.#observer = observer;
    const [audio, video] = [byId("offer-audio", HTMLInputElement), byId("offer-video", HTMLInputElement)];
    byId("offer-play").addEventListener("click", () => {
      const producer = this.#producers.find(({ id }) => id === this.#producer.value);
      if (producer !== undefined) {
        observer.onOffer(producer, { offerToReceiveAudio: audio.checked, offerToReceiveVideo: video.checked });
      }
    });
    const text = byId("request-text", HTMLTextAreaElement);
    byId("request-send").addEventListener("click", () => {
      this.#send(text.value);
    });
  }

  /** Shows how this page is called on the server, and where that is. */
  showClient(id: string | null, server: string): void {
    byId("client-id").textContent = id ?? "none yet";
    byId("server").textContent = server;
  }

  /** Shows who is there. */
  showPeers(producers: readonly Peer[], consumers: readonly Peer[]): void {
    this.#producers = producers;
    setChoices(this.#producer, producers.map((peer) => ({ value: peer.id, text: nameOf(peer) })));
    this.#consumers.replaceChildren(
      ...consumers.map((peer) => {
        const name = element("span", { dir: "auto" });
        name.textContent = nameOf(peer);
        return element("li", { "data-testid": "consumer" }, name, " ", element("code", {}, peer.id));
      }),
    );
    byId("no-consumers").hidden = consumers.length > 0;
  }

  /** Shows who can be sent a request. */
  showPlaying(playing: readonly Peer[]): void {
    setChoices(this.#target, playing.map((peer) => ({ value: peer.id, text: nameOf(peer) })));
  }

  #send(text: string): void {
    const controller = this.#observer.sessionOf(this.#target.value)?.remoteController ?? null;
    if (controller === null) {
      this.#note("This producer takes no requests.");
      return;
    }
    if (!this.#heard.has(controller)) {
      this.#heard.add(controller);
      controller.addEventListener("controlResponse", ({ detail: { id, error } }) => {
        this.#note(`#${id}: ${error === null ? "done" : `refused: ${oneLine(error, 300)}`}`);
      });
    }
    try {
      const request = JSON.parse(text) as object;
      const id = controller.sendControlRequest(request);
      this.#note(id < 0 ? "The request could not be sent." : `#${id}: sent`);
    } catch {
      this.#note("This is no JSON.");
    }
  }

  /** Its text may be a stranger's. */
  #note(text: string): void {
    const line = element("li", {});
    line.textContent = text;
    this.#log.prepend(line);
    while (this.#log.children.length > KEPT) {
      this.#log.lastElementChild?.remove();
    }
  }
}

/** A client that plays with an offer of its own, and is `api` in everything else. */
export function offering(api: GstWebRTCAPI, options: OfferOptions): GstWebRTCAPI {
  return new Proxy(api, {
    get: (target, key) => {
      if (key === "createConsumerSession") {
        return (id: string) => target.createConsumerSessionWithOfferOptions(id, options);
      }
      // A client knows its private parts only as itself.
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
