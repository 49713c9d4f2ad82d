/** All that a viewer sees of a player: the picture, what lies over it and the controls, shown as a model says. */

import { Controls, type ControlsObserver } from "./controls.js";
import { fillsScreen, hasPicture } from "./full-screen.js";
import { make } from "./make.js";
import type { Screen } from "./screen.js";
import type { PlayerState } from "./situation.js";
import { Veil } from "./veil.js";

/** Who is told what the viewer wants. */
export interface ViewObserver extends ControlsObserver {
  /** The button that helps in this state was pressed. */
  help(): void;
  /** No input is to be sent any more. */
  endControl(): void;
}

/** What is to be seen. */
export interface ViewModel {
  readonly state: PlayerState;
  readonly text: string;
  /** Whether there is something to say although the picture runs. */
  readonly quiet: boolean;
  /** Whether there is a bar of controls. */
  readonly controls: boolean;
  readonly muted: boolean;
  /** In milliseconds. */
  readonly latency: number;
  readonly statistics: boolean;
  /** Whether input is sent; null: the producer takes none. */
  readonly controlling: boolean | null;
}

/** What a viewer sees of one player. */
export class View {
  /** Holds it all. */
  readonly frame = make("div", { class: "player", role: "group", "aria-label": "Player" });
  readonly #screen: Screen;
  readonly #veil: Veil;
  readonly #controls: Controls;
  readonly #mark = make("p", { class: "mark", part: "mark", hidden: "" });

  constructor(screen: Screen, observer: ViewObserver) {
    this.#screen = screen;
    this.#veil = new Veil({
      help: () => {
        observer.help();
      },
      unsilence: () => {
        screen.unsilence();
      },
    });
    this.#controls = new Controls(observer);
    this.#mark.textContent = "You control the other side. Ctrl+Alt+Shift ends it.";
    this.#veil.corner.append(this.#mark);
    this.frame.append(screen.stage, this.#veil.element, this.#veil.corner, this.#controls.element);
    this.frame.addEventListener(
      "keydown",
      (event) => {
        // All other keys belong to the other side then, and nobody may be locked in.
        if (!this.#mark.hidden && event.ctrlKey && event.altKey && event.shiftKey) {
          event.stopPropagation();
          observer.endControl();
        }
      },
      { capture: true },
    );
    this.#controls.watch(this.frame);
  }

  /** Shows what the model says; `player` is what may fill the screen. */
  show(model: ViewModel, player: HTMLElement): void {
    const { state, controlling } = model;
    const { video, silenced } = this.#screen;
    this.#veil.show(state, model.text, model.quiet);
    this.#veil.showSilenced(silenced);
    this.#mark.hidden = controlling !== true;
    video.classList.toggle("controlled", controlling === true);
    this.#controls.element.hidden = !model.controls;
    this.#controls.show({
      paused: state === "paused" || state === "ended",
      muted: model.muted || silenced,
      volume: video.volume,
      sound: this.#screen.hasSound,
      latency: model.latency,
      statistics: model.statistics,
      controlling,
      picture: hasPicture(video),
      full: fillsScreen(player, video),
    });
  }

  /** Shows the controls for a while. */
  wake(): void {
    this.#controls.wake(this.frame);
  }

  /** Stops what runs on a clock. */
  release(): void {
    this.#controls.release();
  }
}
