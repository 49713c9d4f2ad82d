/** The bar of controls: buttons with names, all of them for fingers and keys. Says what is wanted; does nothing itself. */

import { LATENCIES, type Latency, latencyName } from "./latency.js";
import { IconButton, make } from "./make.js";

/** Who is told what the viewer wants. */
export interface ControlsObserver {
  togglePlay(): void;
  toggleMute(): void;
  setVolume(volume: number): void;
  setLatency(value: string): void;
  toggleStatistics(): void;
  toggleControl(): void;
  togglePicture(): void;
  toggleFull(): void;
}

/** What the controls show. */
export interface ControlsModel {
  readonly paused: boolean;
  readonly muted: boolean;
  readonly volume: number;
  /** Whether there is sound. */
  readonly sound: boolean;
  /** In milliseconds. */
  readonly latency: number;
  readonly statistics: boolean;
  /** Whether input is sent; null: the producer takes none. */
  readonly controlling: boolean | null;
  /** Whether there is picture in picture. */
  readonly picture: boolean;
  /** Whether the player fills the screen; null: it cannot. */
  readonly full: boolean | null;
}

const LATENCY_WORDS: Readonly<Record<Latency, string>> = { live: "Live", balanced: "Balanced", smooth: "Smooth" };
const SLEEPS_AFTER = 3000;

/** The controls of one player. */
export class Controls {
  /** The bar. */
  readonly element: HTMLElement;
  readonly #observer: ControlsObserver;
  readonly #play: IconButton;
  readonly #mute: IconButton;
  readonly #volume = make("input", { type: "range", min: "0", max: "1", step: "0.05", part: "volume", "aria-label": "Volume" });
  readonly #latency = make("select", { part: "button latency", "aria-label": "Delay", title: "Delay" });
  readonly #statistics: IconButton;
  readonly #control: IconButton;
  readonly #picture: IconButton;
  readonly #full: IconButton;
  #own: HTMLOptionElement | null = null;
  #sleep: ReturnType<typeof setTimeout> | undefined;

  constructor(observer: ControlsObserver) {
    this.#observer = observer;
    this.#play = new IconButton("pause", "Pause", "play", () => { observer.togglePlay(); });
    this.#mute = new IconButton("sound", "Mute", "mute", () => { observer.toggleMute(); });
    this.#statistics = new IconButton("statistics", "Statistics", "statistics-toggle", () => { observer.toggleStatistics(); });
    this.#control = new IconButton("control", "Remote control", "control", () => { observer.toggleControl(); });
    this.#picture = new IconButton("picture", "Picture in picture", "picture", () => { observer.togglePicture(); });
    this.#full = new IconButton("full", "Full screen", "fullscreen", () => { observer.toggleFull(); });
    this.#volume.addEventListener("input", () => {
      observer.setVolume(Number(this.#volume.value));
    });
    for (const name of Object.keys(LATENCIES) as Latency[]) {
      this.#latency.append(option(name, LATENCY_WORDS[name]));
    }
    this.#latency.addEventListener("change", () => {
      observer.setLatency(this.#latency.value);
    });
    this.element = make("div", { part: "controls", role: "group", "aria-label": "Controls" });
    this.element.append(
      this.#play.element,
      this.#mute.element,
      this.#volume,
      make("span", { class: "gap" }),
      this.#latency,
      this.#statistics.element,
      this.#control.element,
      this.#picture.element,
      this.#full.element,
    );
  }

  /** Puts a button of somebody else's before those of the screen. */
  add(button: HTMLElement): void {
    this.#control.element.before(button);
  }

  /** Shows the controls as the model says. */
  show(model: ControlsModel): void {
    this.#play.show(model.paused ? "play" : "pause", model.paused ? "Play" : "Pause");
    this.#mute.show(model.muted ? "muted" : "sound", model.muted ? "Turn sound on" : "Mute");
    this.#mute.element.hidden = !model.sound;
    this.#volume.hidden = !model.sound;
    this.#volume.value = String(model.muted ? 0 : model.volume);
    this.#showLatency(model.latency);
    this.#statistics.press(model.statistics);
    this.#control.element.hidden = model.controlling === null;
    this.#control.press(model.controlling === true);
    this.#picture.element.hidden = !model.picture;
    this.#full.element.hidden = model.full === null;
    this.#full.show(model.full === true ? "small" : "full", model.full === true ? "Leave full screen" : "Full screen");
  }

  /** Lets `player` hide its bar while nobody moves; {@link show} decides nothing of that. */
  watch(player: HTMLElement): void {
    for (const type of ["pointermove", "pointerdown", "keydown", "focusin"] as const) {
      player.addEventListener(type, () => {
        this.wake(player);
      });
    }
    player.addEventListener("pointerleave", () => {
      this.#fallAsleep(player);
    });
    player.addEventListener("keydown", (event) => {
      this.#onKey(event);
    });
  }

  /** Shows the bar for a while. */
  wake(player: HTMLElement): void {
    delete player.dataset["asleep"];
    clearTimeout(this.#sleep);
    this.#sleep = setTimeout(() => {
      this.#fallAsleep(player);
    }, SLEEPS_AFTER);
  }

  /** Stops the clock. */
  release(): void {
    clearTimeout(this.#sleep);
  }

  #fallAsleep(player: HTMLElement): void {
    player.dataset["asleep"] = "";
  }

  #showLatency(milliseconds: number): void {
    const name = latencyName(milliseconds);
    if (name === null) {
      this.#own ??= option("", "");
      this.#own.value = String(milliseconds);
      this.#own.textContent = `${milliseconds} ms`;
      this.#latency.append(this.#own);
    }
    this.#latency.value = name ?? String(milliseconds);
  }

  #onKey(event: KeyboardEvent): void {
    const target = event.composedPath()[0];
    const own = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || own) {
      return;
    }
    // Space and Enter press the button that has the focus.
    const pressesButton = target instanceof HTMLButtonElement && event.key === " ";
    const act = pressesButton ? undefined : this.#keys[event.key.toLowerCase()];
    if (act !== undefined) {
      event.preventDefault();
      act();
    }
  }

  readonly #keys: Readonly<Record<string, (() => void) | undefined>> = {
    " ": () => { this.#observer.togglePlay(); },
    k: () => { this.#observer.togglePlay(); },
    m: () => { this.#observer.toggleMute(); },
    f: () => { this.#observer.toggleFull(); },
    arrowup: () => { this.#louder(0.1); },
    arrowdown: () => { this.#louder(-0.1); },
  };

  #louder(by: number): void {
    this.#observer.setVolume(Math.min(1, Math.max(0, Number(this.#volume.value) + by)));
  }
}

function option(value: string, words: string): HTMLOptionElement {
  const made = make("option", { value });
  made.textContent = words;
  return made;
}
