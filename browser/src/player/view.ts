/** All that a viewer sees of a player: the picture, what lies over it and the controls, shown as a model says. */

import { Controls, type ControlsObserver } from "./controls.js";
import { fillsScreen, hasPicture } from "./full-screen.js";
import { make } from "./make.js";
import type { Screen } from "./screen.js";
import type { Help, PlayerState } from "./situation.js";
import type { ConsumerSession } from "../consumer-session.js";
import { StatisticsPanel } from "./statistics-panel.js";
import type { TalkButton } from "./talk-button.js";
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
  /** What the producer is called; a stranger's words. Null: not known. */
  readonly name: string | null;
  readonly session: ConsumerSession | null;
  /** Whether there is something to say although the picture runs. */
  readonly quiet: boolean;
  readonly help: Help;
  /** Whether there is a bar of controls. */
  readonly controls: boolean;
  readonly muted: boolean;
  /** In milliseconds. */
  readonly latency: number;
  readonly statistics: boolean;
  /** Whether there is a button to talk. */
  readonly talk: boolean;
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
  readonly #statistics = new StatisticsPanel();
  readonly #talk: TalkButton;
  readonly #mark = make("p", { class: "mark", part: "mark", hidden: "" });

  constructor(screen: Screen, talk: TalkButton, observer: ViewObserver) {
    this.#screen = screen;
    this.#talk = talk;
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
    this.#veil.corner.append(this.#mark, talk.mark);
    this.#controls.add(talk.button.element);
    this.frame.append(screen.stage, this.#statistics.element, this.#veil.element, this.#veil.corner, this.#controls.element);
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
    const { state, controlling, name } = model;
    this.frame.setAttribute("aria-label", name === null ? "Player" : `Player: ${name}`);
    const { video, silenced } = this.#screen;
    const runs = state === "playing" || state === "idle";
    this.frame.dataset["mode"] = runs ? (model.quiet ? "badge" : "silent") : "full";
    this.#veil.show(state, model.text, model.help);
    this.#veil.showSilenced(silenced);
    this.#mark.hidden = controlling !== true;
    video.classList.toggle("controlled", controlling === true);
    this.#controls.element.hidden = !model.controls;
    this.#talk.button.element.hidden = !model.talk;
    this.#statistics.follow(model.statistics ? model.session : null);
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
