/** The button to talk back, and the words about it. The microphone is asked for when it is pressed, not before. */

import { TalkBack, type TalkBackHost } from "../talk-back.js";
import { IconButton, make } from "./make.js";
import { AT_REST, type Finger, press } from "./press-to-talk.js";

/** What talking back needs. */
export interface TalkOptions {
  /** The client; null while there is none. */
  api(): TalkBackHost | null;
  /** Who listens; null: nobody. */
  consumer(): string | null;
  /** Whether the other side hears this viewer, who is not to hear it meanwhile. */
  changed(talking: boolean): void;
}

/** How long a problem is shown (ms). */
const SHOWS_PROBLEM = 8000;
const NAME = "Talk: hold it, or press it once to start and once to stop";

/** Talks back to one producer at a time. */
export class TalkButton {
  readonly button = new IconButton("talk", NAME, "talk", () => undefined);
  /** What is going on, to be shown over the picture. */
  readonly mark = make("p", { class: "mark", part: "mark", role: "status", hidden: "" });
  readonly #options: TalkOptions;
  #press = AT_REST;
  #talk: TalkBack | null = null;
  #hide: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TalkOptions) {
    this.#options = options;
    this.button.press(false);
    const { element } = this.button;
    element.addEventListener("pointerdown", (event) => {
      if (event.button === 0) {
        // A finger that slides off still holds it.
        element.setPointerCapture(event.pointerId);
        this.#onFinger("down");
      }
    });
    element.addEventListener("pointerup", () => { this.#onFinger("up"); });
    for (const type of ["pointercancel", "lostpointercapture", "blur"] as const) {
      element.addEventListener(type, () => { this.#onFinger("lost"); });
    }
    element.addEventListener("contextmenu", (event) => { event.preventDefault(); });
    element.addEventListener("keydown", (event) => {
      if (isPress(event)) {
        event.preventDefault();
        if (!event.repeat) {
          this.#onFinger("down");
        }
      }
    });
    element.addEventListener("keyup", (event) => {
      if (isPress(event)) {
        event.preventDefault();
        this.#onFinger("up");
      }
    });
    element.addEventListener("click", ({ detail }) => {
      // Readers of screens click without a finger.
      if (detail === 0) {
        this.#onFinger("click");
      }
    });
  }

  /** Ends a talk that lasts as long as the button is held: nobody can say whether it still is. */
  letGo(): void {
    if (this.#talk !== null) {
      this.#onFinger("lost");
    }
  }

  /** Stops talking, and gives up the way to who listens. */
  close(): void {
    this.#press = AT_REST;
    this.#talk?.close();
    this.#talk = null;
    this.#show();
  }

  #onFinger(finger: Finger): void {
    const { after, talk } = press(this.#press, finger, performance.now());
    this.#press = after;
    if (talk) {
      void this.#start();
    } else {
      this.#talk?.stop();
    }
  }

  async #start(): Promise<void> {
    const api = this.#options.api();
    if (api === null) {
      return;
    }
    this.#talk ??= this.#make(api);
    await this.#talk.start();
  }

  #make(api: TalkBackHost): TalkBack {
    const options = this.#options;
    const talk = new TalkBack(api, () => options.consumer());
    talk.addEventListener("stateChanged", () => {
      if (talk.state === "idle") {
        this.#press = AT_REST;
      }
      this.#show();
    });
    talk.addEventListener("error", () => { this.#show(); });
    return talk;
  }

  #show(): void {
    const state = this.#talk?.state ?? "idle";
    const words = {
      idle: this.#talk?.problem?.message ?? "",
      asking: "Asking for the microphone…",
      connecting: "Connecting the microphone…",
      talking: "You are talking",
    }[state];
    this.button.press(state !== "idle");
    this.mark.textContent = words;
    this.mark.hidden = words === "";
    clearTimeout(this.#hide);
    if (state === "idle" && words !== "") {
      this.#hide = setTimeout(() => {
        this.mark.hidden = true;
      }, SHOWS_PROBLEM);
    }
    this.#options.changed(state === "talking");
  }
}

function isPress({ key }: KeyboardEvent): boolean {
  return key === " " || key === "Enter";
}
