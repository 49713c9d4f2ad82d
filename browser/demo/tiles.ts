/** The streams on the page: which there are, and which producer each of them stands for. */

import { type GstWebRTCAPI, type Peer, talkBackConsumerOf } from "../src/index.js";
import { element } from "./elements.js";
import { ownNameOf } from "./names.js";
import { type PlayedSession, Tile } from "./tile.js";
import { type Shown, findAgain } from "./view.js";

/** Who is told about the tiles. */
export interface TilesObserver {
  /** What plays, or how, changed. */
  onChange(): void;
  /** The first picture of a producer is on `video`. */
  onPicture(id: string, video: HTMLVideoElement): void;
}

/** The tiles on the page. */
export class Tiles {
  readonly #root: HTMLElement;
  readonly #observer: TilesObserver;
  #tiles: readonly Tile[] = [];
  #consumers: readonly Peer[] = [];

  constructor(root: HTMLElement, observer: TilesObserver) {
    this.#root = root;
    this.#observer = observer;
  }

  /** What is to be remembered of each. */
  get shown(): readonly Shown[] {
    return this.#tiles.map(({ shown }) => shown);
  }

  /** What tests and the curious want to know of each. */
  get played(): readonly PlayedSession[] {
    return this.#tiles.flatMap(({ played }) => played ?? []);
  }

  /** The tile that stands for a producer. */
  of(id: string): Tile | undefined {
    return this.#tiles.find(({ shown }) => shown.id === id);
  }

  /** Plays `producer`, or shows where it plays already. */
  play(api: GstWebRTCAPI, producer: Peer): void {
    const clickedAt = performance.now();
    const tile = this.of(producer.id);
    if (tile === undefined) {
      this.#add(api, { id: producer.id, name: ownNameOf(producer), latency: "live", muted: false, large: false }, clickedAt).comeIntoSight();
      this.#observer.onChange();
    } else {
      tile.revive();
    }
  }

  /** Takes the tile of a producer away. */
  close(id: string): void {
    const tile = this.of(id);
    if (tile !== undefined) {
      this.#remove(tile);
    }
  }

  /** Puts back what played before this page was loaded again; those that are not there yet are waited for. */
  restore(api: GstWebRTCAPI, shown: readonly Shown[]): void {
    const now = performance.now();
    for (const one of shown) {
      this.#add(api, one, now);
    }
    this.#observer.onChange();
  }

  /** Finds again what stands for a producer that came back with another identifier, and who listens beside it. */
  find(producers: readonly Peer[], consumers: readonly Peer[]): void {
    this.#consumers = consumers;
    const listed = new Map(producers.map((producer) => [producer.id, producer]));
    const lost = this.#tiles.filter(({ shown }) => !listed.has(shown.id));
    const wishes = new Map(lost.map((tile) => [tile.shown, tile]));
    const taken = new Set(this.#tiles.map(({ shown }) => shown.id));
    for (const [wish, producer] of findAgain([...wishes.keys()], producers, taken)) {
      wishes.get(wish)?.found(producer);
    }
    for (const tile of this.#tiles) {
      const producer = listed.get(tile.shown.id);
      if (producer !== undefined) {
        tile.found(producer);
        tile.listened = this.#isListened(producer);
      }
    }
    this.#observer.onChange();
  }

  #add(api: GstWebRTCAPI, shown: Shown, clickedAt: number): Tile {
    const player = element("gst-webrtc-player", {});
    player.api = api;
    const tile = new Tile(player, shown, clickedAt, {
      onChange: () => {
        this.#observer.onChange();
      },
      onPicture: ({ shown: { id }, video }) => {
        this.#observer.onPicture(id, video);
      },
      onClose: (gone) => {
        this.#remove(gone);
      },
    });
    tile.listened = this.#isListened({ id: shown.id, meta: { name: shown.name } });
    this.#tiles = [...this.#tiles, tile];
    this.#root.append(tile.root);
    return tile;
  }

  #isListened(producer: Peer): boolean {
    return talkBackConsumerOf(producer, this.#consumers) !== null;
  }

  #remove(gone: Tile): void {
    gone.root.remove();
    this.#tiles = this.#tiles.filter((other) => other !== gone);
    this.#observer.onChange();
  }
}
