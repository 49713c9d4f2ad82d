/** The page: ties the list, what plays, what is shared and the connection together. */

import { GstWebRTCAPI, type GstWebRTCConfig } from "../src/index.js";
import "../src/player/index.js";
import { Advanced, offering } from "./advanced.js";
import { type PageConfig, readConfig } from "./config.js";
import { ConnectionWords } from "./connection.js";
import { byId } from "./elements.js";
import { ProducerList } from "./list.js";
import { keepPicture, peek } from "./peek.js";
import { Preview } from "./preview.js";
import { SharePanel } from "./share.js";
import type { PlayedSession } from "./tile.js";
import { Tiles } from "./tiles.js";
import { takeToken, tokenPlaces } from "./token.js";
import { readView, writeView } from "./view.js";
import { mixedWords } from "./words.js";

declare global {
  interface Window {
    /** The streams on the page, for tests and for a look from the console. */
    readonly gstWebRTCSessions: readonly PlayedSession[];
  }
}

/** The page while it runs. */
class Page {
  readonly #api: GstWebRTCAPI;
  readonly #words: ConnectionWords;
  readonly #share: SharePanel;
  readonly #preview: Preview;
  readonly #server: string;
  #due = false;
  /** What is in the address. */
  #view = location.hash;

  readonly #tiles = new Tiles(byId("players"), {
    onChange: () => {
      this.#showPlaying();
    },
    onPicture: (id, video) => {
      const screen = this.#list.screenOf(id);
      if (screen !== null) {
        keepPicture(video, screen);
      }
    },
  });

  readonly #list = new ProducerList(byId("producers"), {
    onPlay: (producer) => {
      this.#preview.stop();
      this.#tiles.play(this.#api, producer);
    },
    onLook: (producer) => {
      if (this.#tiles.of(producer.id) === undefined) {
        this.#preview.look(producer);
      }
    },
    onLookAway: (id) => {
      this.#preview.lookAway(id);
    },
  });

  readonly #advanced = new Advanced({
    onOffer: (producer, options) => {
      this.#tiles.close(producer.id);
      this.#tiles.play(offering(this.#api, options), producer);
    },
    sessionOf: (id) => this.#tiles.of(id)?.played?.session ?? null,
  });

  constructor({ signalingServerUrl, iceServers, dashboard }: PageConfig, token: string) {
    const config: GstWebRTCConfig = {
      signalingServerUrl,
      ...(token === "" ? {} : { token }),
      ...(iceServers === null ? {} : { webrtcConfig: { iceServers } }),
    };
    this.#server = signalingServerUrl;
    this.#words = new ConnectionWords(signalingServerUrl, token);
    this.#api = new GstWebRTCAPI({ ...config, meta: { name: "web page" } });
    this.#preview = new Preview({
      open: (producer) => {
        const screen = this.#list.screenOf(producer.id);
        return screen === null ? null : peek(this.#api, producer, screen);
      },
    });
    this.#share = new SharePanel(
      config,
      (text) => {
        this.#words.report(text);
      },
      () => {
        this.#refreshSoon();
      },
    );
    const link = byId("dashboard", HTMLAnchorElement);
    link.hidden = dashboard === null;
    link.href = dashboard ?? "";
    Object.defineProperty(window, "gstWebRTCSessions", { get: () => this.#tiles.played });
  }

  /** Begins. */
  start(): void {
    this.#api.registerConnectionListener({
      connected: (id) => {
        this.#words.connected();
        this.#advanced.showClient(id, this.#server);
        this.#refreshSoon();
      },
      disconnected: () => {
        this.#words.disconnected();
        this.#refreshSoon();
      },
      problem: (text, reason) => {
        if (reason === "mayNotList") {
          this.#words.mayNotList();
        } else {
          this.#words.problem(text);
        }
      },
    });
    const changed = (): void => {
      this.#refreshSoon();
    };
    this.#api.registerPeerListener({
      producerAdded: changed,
      producerRemoved: changed,
      consumerAdded: changed,
      consumerRemoved: changed,
    });
    this.#advanced.showClient(null, this.#server);
    document.addEventListener("visibilitychange", () => {
      this.#preview.stop();
    });
    // Somebody typed another address, or followed a bookmark.
    addEventListener("hashchange", () => {
      location.reload();
    });
    this.#tiles.restore(this.#api, readView(location.hash));
  }

  /** Once for all that happens together, such as a whole list. */
  #refreshSoon(): void {
    if (!this.#due) {
      this.#due = true;
      queueMicrotask(() => {
        this.#due = false;
        this.#refresh();
      });
    }
  }

  #refresh(): void {
    const [producers, consumers] = [this.#api.getAvailableProducers(), this.#api.getAvailableConsumers()];
    const others = producers.filter(({ id }) => id !== this.#share.clientId);
    this.#list.show(others);
    this.#words.showProducers(others.length);
    this.#share.showConsumers(consumers);
    this.#advanced.showPeers(others, consumers);
    this.#tiles.find(others, consumers);
  }

  #showPlaying(): void {
    const shown = this.#tiles.shown;
    const view = writeView(shown);
    if (view !== this.#view) {
      // Browsers count these, and some refuse the hundredth in half a minute.
      this.#view = view;
      history.replaceState(history.state, "", view || `${location.pathname}${location.search}`);
    }
    this.#list.showPlaying(new Set(shown.map(({ id }) => id)));
    this.#words.showPlaying(shown.length);
    this.#advanced.showPlaying(shown.map(({ id, name }) => ({ id, meta: { name } })));
  }
}

async function start(): Promise<void> {
  const config = await readConfig();
  const token = takeToken(tokenPlaces(), config.signalingServerUrl);
  const mixed = mixedWords(config.signalingServerUrl, location.href);
  if (mixed !== null) {
    throw new Error(mixed);
  }
  new Page(config, token).start();
}

start().catch((error: unknown) => {
  byId("trouble").hidden = false;
  byId("problem").textContent = `The page cannot start: ${error instanceof Error ? error.message : String(error)}`;
});
