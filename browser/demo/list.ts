/** The list of producers: a card each, with a small screen for its preview. */

import type { Peer } from "../src/index.js";
import { button, element, picture } from "./elements.js";
import { nameOf } from "./names.js";

/** Who is told what a person does with the list. */
export interface ListObserver {
  /** Wants to see the stream. */
  onPlay(producer: Peer): void;
  /** Looks at the card. */
  onLook(producer: Peer): void;
  /** Does not look at it any more. */
  onLookAway(id: string): void;
}

interface Card {
  readonly producer: Peer;
  readonly root: HTMLElement;
  readonly screen: HTMLElement;
  readonly play: HTMLButtonElement;
}

/** How long a finger has to rest on a card until that is a look, in milliseconds. */
const RESTING = 300;

/** The cards of all producers, in the order in which they came. */
export class ProducerList {
  readonly #root: HTMLElement;
  readonly #observer: ListObserver;
  readonly #cards = new Map<string, Card>();

  constructor(root: HTMLElement, observer: ListObserver) {
    this.#root = root;
    this.#observer = observer;
  }

  /** Shows these and no others. What is the same stays as it is. */
  show(producers: readonly Peer[]): void {
    const wanted = new Set(producers.map(({ id }) => id));
    for (const [id, card] of this.#cards) {
      if (!wanted.has(id)) {
        this.#observer.onLookAway(id);
        card.root.remove();
        this.#cards.delete(id);
      }
    }
    for (const producer of producers) {
      const known = this.#cards.get(producer.id);
      if (known === undefined || nameOf(known.producer) !== nameOf(producer)) {
        const card = this.#make(producer);
        this.#cards.set(producer.id, card);
        if (known === undefined) {
          this.#root.append(card.root);
        } else {
          known.root.replaceWith(card.root);
        }
      }
    }
  }

  /** Marks what plays. */
  showPlaying(ids: ReadonlySet<string>): void {
    for (const [id, { root, play, producer }] of this.#cards) {
      const plays = ids.has(id);
      root.toggleAttribute("data-playing", plays);
      play.textContent = plays ? "Show" : "Play";
      play.setAttribute("aria-label", `${play.textContent} ${nameOf(producer)}`);
    }
  }

  /** Where the preview of a producer is shown; null where it has no card. */
  screenOf(id: string): HTMLElement | null {
    return this.#cards.get(id)?.screen ?? null;
  }

  #make(producer: Peer): Card {
    const name = element("p", { class: "name", dir: "auto", "data-testid": "producer-name" });
    name.textContent = nameOf(producer);
    name.title = nameOf(producer);
    const play = button("Play", "play", "primary");
    play.setAttribute("aria-label", `Play ${nameOf(producer)}`);
    const screen = element("div", { class: "peek", "data-testid": "preview", "aria-hidden": "true" }, picture("play"));
    const words = element("div", { class: "words" }, name, play);
    const root = element("li", { class: "card", "data-testid": "producer", "data-peer-id": producer.id }, screen, words);
    root.addEventListener("click", () => {
      this.#observer.onPlay(producer);
    });
    this.#watchLooks(root, play, producer);
    return { producer, root, screen, play };
  }

  /** A look is a pointer that hovers, a finger that rests, or the focus of a keyboard. */
  #watchLooks(root: HTMLElement, play: HTMLElement, producer: Peer): void {
    const observer = this.#observer;
    let resting: ReturnType<typeof setTimeout> | undefined;
    let rested = false;
    const away = (): void => {
      clearTimeout(resting);
      observer.onLookAway(producer.id);
    };
    root.addEventListener("pointerenter", ({ pointerType }) => {
      if (pointerType !== "touch") {
        observer.onLook(producer);
      }
    });
    root.addEventListener("pointerdown", ({ pointerType }) => {
      rested = false;
      if (pointerType === "touch") {
        resting = setTimeout(() => {
          rested = true;
          observer.onLook(producer);
        }, RESTING);
      }
    });
    for (const type of ["pointerleave", "pointercancel"] as const) {
      root.addEventListener(type, away);
    }
    root.addEventListener("pointerup", ({ pointerType }) => {
      if (pointerType === "touch") {
        away();
      }
    });
    for (const type of ["contextmenu", "click"] as const) {
      root.addEventListener(
        type,
        (event) => {
          // A finger that rested has looked; it neither asks for a menu nor plays.
          if (rested) {
            event.preventDefault();
            event.stopImmediatePropagation();
            rested = type === "contextmenu";
          }
        },
        { capture: true },
      );
    }
    play.addEventListener("focus", () => {
      if (play.matches(":focus-visible")) {
        observer.onLook(producer);
      }
    });
    play.addEventListener("blur", away);
  }
}
