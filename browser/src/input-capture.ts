/** Listens to what a viewer does on a video element and puts it into navigation events. Sends nothing itself. */

import { keysym } from "./keysyms.js";
import {
  type ModifierKeys,
  type NavigationEvent,
  type ObjectFit,
  type VideoPoint,
  modifierState,
  toVideoPoint,
  touchPressure,
} from "./navigation.js";

/** Pixels of a line, for wheels that count lines (`WheelEvent.DOM_DELTA_LINE`). */
const LINE = 16;

/** Captures input on `video` until it is released. */
export class InputCapture {
  readonly #video: HTMLVideoElement;
  readonly #emit: (event: NavigationEvent) => void;
  readonly #listeners = new AbortController();
  readonly #heldKeys = new Map<string, string>();
  readonly #heldButtons = new Set<number>();
  readonly #hadTabIndex: boolean;

  /** Starts at once; the element is made focusable, since only the focused element hears keys. */
  constructor(video: HTMLVideoElement, emit: (event: NavigationEvent) => void) {
    this.#video = video;
    this.#emit = emit;
    this.#hadTabIndex = video.hasAttribute("tabindex");
    if (!this.#hadTabIndex) {
      video.tabIndex = 0;
    }
    this.#listenToMouse();
    this.#listenToTouch();
    this.#listenToKeys();
  }

  /** Stops listening. */
  release(): void {
    this.#listeners.abort();
    this.#releaseKeys();
    if (!this.#hadTabIndex) {
      this.#video.removeAttribute("tabindex");
    }
  }

  #on<K extends keyof HTMLElementEventMap>(type: K, handle: (event: HTMLElementEventMap[K]) => void): void {
    this.#video.addEventListener(type, handle, { signal: this.#listeners.signal, passive: false });
  }

  #listenToMouse(): void {
    this.#on("mousedown", (event) => {
      event.preventDefault();
      this.#video.focus({ preventScroll: true });
      const point = this.#locate(event);
      if (point?.inside === true) {
        this.#heldButtons.add(event.button);
        this.#button("MouseButtonPress", event, point);
      }
    });
    // A button that is pressed on the picture may be released anywhere.
    window.addEventListener(
      "mouseup",
      (event) => {
        const point = this.#locate(event);
        if (this.#heldButtons.delete(event.button) && point !== null) {
          event.preventDefault();
          this.#button("MouseButtonRelease", event, point);
        }
      },
      { signal: this.#listeners.signal },
    );
    this.#on("mousemove", (event) => {
      const point = this.#locate(event);
      if (point !== null && (point.inside || this.#heldButtons.size > 0)) {
        this.#emit({ event: "MouseMove", x: point.x, y: point.y, modifier_state: modifierState(event) });
      }
    });
    this.#on("wheel", (event) => {
      event.preventDefault();
      this.#scroll(event);
    });
    this.#on("contextmenu", (event) => {
      event.preventDefault();
    });
  }

  #listenToTouch(): void {
    this.#on("touchstart", (event) => {
      this.#video.focus({ preventScroll: true });
      this.#touches("TouchDown", event);
    });
    this.#on("touchmove", (event) => {
      this.#touches("TouchMotion", event);
    });
    this.#on("touchend", (event) => {
      this.#touches("TouchUp", event);
    });
    this.#on("touchcancel", (event) => {
      event.preventDefault();
      this.#emit({ event: "TouchCancel", modifier_state: modifierState(event) });
    });
  }

  #listenToKeys(): void {
    this.#on("keydown", (event) => {
      const key = keysym(event);
      if (key !== null) {
        event.preventDefault();
        this.#heldKeys.set(event.code, key);
        this.#emit({ event: "KeyPress", key, modifier_state: modifierState(event) });
      }
    });
    this.#on("keyup", (event) => {
      // Released is what was pressed, even if a modifier has changed since and the key would now be another.
      const key = this.#heldKeys.get(event.code) ?? keysym(event);
      this.#heldKeys.delete(event.code);
      if (key !== null) {
        event.preventDefault();
        this.#emit({ event: "KeyRelease", key, modifier_state: modifierState(event) });
      }
    });
    this.#on("blur", () => {
      this.#releaseKeys();
    });
  }

  #releaseKeys(): void {
    for (const key of this.#heldKeys.values()) {
      this.#emit({ event: "KeyRelease", key, modifier_state: "" });
    }
    this.#heldKeys.clear();
  }

  #button(event: "MouseButtonPress" | "MouseButtonRelease", mouse: MouseEvent, { x, y }: VideoPoint): void {
    this.#emit({ event, button: mouse.button + 1, x, y, modifier_state: modifierState(mouse) });
  }

  #scroll(event: WheelEvent): void {
    const point = this.#locate(event);
    if (point?.inside !== true) {
      return;
    }
    const unit = [1, LINE, this.#video.clientHeight][event.deltaMode] ?? 1;
    // Scrolling up is positive for GstNavigation and negative for the DOM. Zero stays a plain zero, not -0.
    this.#emit({
      event: "MouseScroll",
      x: point.x,
      y: point.y,
      delta_x: 0 - event.deltaX * unit,
      delta_y: 0 - event.deltaY * unit,
      modifier_state: modifierState(event),
    });
  }

  #touches(event: "TouchDown" | "TouchMotion" | "TouchUp", touched: TouchEvent & ModifierKeys): void {
    touched.preventDefault();
    const modifier_state = modifierState(touched);
    for (const touch of touched.changedTouches) {
      const point = this.#locate(touch);
      if (point === null) {
        continue;
      }
      // Some browsers count identifiers through all 32 bits with a sign; GstNavigation knows no sign.
      const at = { identifier: touch.identifier >>> 0, x: point.x, y: point.y, modifier_state };
      this.#emit(event === "TouchUp" ? { event, ...at } : { event, ...at, pressure: touchPressure(touch.force) });
    }
    this.#emit({ event: "TouchFrame", modifier_state });
  }

  #locate(pointer: { readonly clientX: number; readonly clientY: number }): VideoPoint | null {
    const video = this.#video;
    const box = video.getBoundingClientRect();
    const fit = getComputedStyle(video).objectFit as ObjectFit;
    return toVideoPoint(
      { x: pointer.clientX - box.left, y: pointer.clientY - box.top },
      box,
      { width: video.videoWidth, height: video.videoHeight },
      fit,
    );
  }
}
