/** Puts what a viewer does on a video element into navigation events: mouse, fingers, pens and keys together. */

import { EventQueue } from "./event-queue.js";
import { Keyboard } from "./keyboard.js";
import { MouseCapture } from "./mouse-capture.js";
import type { NavigationEvent } from "./navigation.js";
import { TouchCapture } from "./touch-capture.js";

/** How input is captured. */
export interface CaptureOptions {
  /** Whether a click on the picture locks the pointer to it (as for a game); Escape gives it back. */
  readonly pointerLock?: boolean;
}

/** Where events go. */
export interface CaptureTarget {
  emit(event: NavigationEvent): void;
  /** Whether events pile up on their way; moves of the pointer wait then. */
  isBusy(): boolean;
}

/** Captures input on `video` until it is released. */
export class InputCapture {
  readonly #video: HTMLVideoElement;
  readonly #queue: EventQueue;
  readonly #listeners = new AbortController();
  readonly #keyboard = new Keyboard();
  readonly #mouse: MouseCapture;
  readonly #touch: TouchCapture;
  readonly #hadTabIndex: boolean;
  readonly #touchAction: string;

  /** Starts at once; the element is made focusable, since only the focused element hears keys. */
  constructor(video: HTMLVideoElement, target: CaptureTarget, options: CaptureOptions = {}) {
    this.#video = video;
    this.#hadTabIndex = video.hasAttribute("tabindex");
    if (!this.#hadTabIndex) {
      video.tabIndex = 0;
    }
    this.#touchAction = video.style.touchAction;
    video.style.touchAction = "none";
    this.#queue = new EventQueue({
      emit: (event) => { target.emit(event); },
      isBusy: () => target.isBusy(),
      nextFrame: (run) => requestAnimationFrame(run),
    });
    const { signal } = this.#listeners;
    this.#mouse = new MouseCapture({
      video,
      queue: this.#queue,
      signal,
      align: (event) => { this.#queue.send(this.#keyboard.align(event)); },
      locksOnClick: options.pointerLock === true,
    });
    this.#touch = new TouchCapture(video, this.#queue, signal);
    this.#listenToKeys(signal);
    this.#listenToLoss(signal);
  }

  /** Whether the pointer is locked to the video. */
  get isPointerLocked(): boolean {
    return this.#mouse.isLocked;
  }

  /** Locks the pointer to the video; false where the browser refuses. */
  lockPointer(): Promise<boolean> {
    return this.#mouse.lock();
  }

  /** Gives the pointer back. */
  unlockPointer(): void {
    this.#mouse.unlock();
  }

  /** Stops listening, and lets go of all that is held. */
  release(): void {
    this.#letGo();
    this.#listeners.abort();
    this.#video.style.touchAction = this.#touchAction;
    if (!this.#hadTabIndex) {
      this.#video.removeAttribute("tabindex");
    }
  }

  #listenToKeys(signal: AbortSignal): void {
    const send = (event: KeyboardEvent, events: readonly NavigationEvent[]): void => {
      if (events.length > 0 || event.repeat) {
        event.preventDefault();
      }
      this.#queue.send(events);
    };
    this.#video.addEventListener("keydown", (event) => { send(event, this.#keyboard.press(event)); }, { signal });
    this.#video.addEventListener("keyup", (event) => { send(event, this.#keyboard.release(event)); }, { signal });
    this.#video.addEventListener("blur", () => { this.#queue.send(this.#keyboard.releaseAll()); }, { signal });
  }

  /** Where the page is left, nobody tells it what goes up. */
  #listenToLoss(signal: AbortSignal): void {
    const letGo = (): void => { this.#letGo(); };
    window.addEventListener("blur", letGo, { signal });
    window.addEventListener("pagehide", letGo, { signal });
    document.addEventListener(
      "visibilitychange",
      () => {
        if (document.visibilityState === "hidden") {
          this.#letGo();
        }
      },
      { signal },
    );
  }

  #letGo(): void {
    this.#queue.send(this.#keyboard.releaseAll());
    this.#mouse.releaseAll();
    this.#touch.cancel();
    this.#queue.flush();
  }
}
