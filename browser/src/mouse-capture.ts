/** Listens to the mouse on a video element, also while the pointer is locked to it. */

import type { EventQueue } from "./event-queue.js";
import { type At, liftedButtons, modifierState } from "./navigation.js";
import { shownVideo } from "./video-frame.js";
import { type VideoPoint, displaced, locate } from "./video-geometry.js";

/** Pixels of a line, for wheels that count lines (`WheelEvent.DOM_DELTA_LINE`). */
const LINE = 16;

/** What a mouse capture needs from what it is part of. */
export interface MouseCaptureParts {
  readonly video: HTMLVideoElement;
  readonly queue: EventQueue;
  readonly signal: AbortSignal;
  /** Called with whatever tells of modifiers, before it is sent. */
  align(event: MouseEvent): void;
  /** Whether a click locks the pointer. */
  readonly locksOnClick: boolean;
}

/** The mouse of one viewer. */
export class MouseCapture {
  readonly #parts: MouseCaptureParts;
  readonly #held = new Set<number>();
  /** Where the producer believes the pointer to be. */
  #at: At | null = null;
  #seen: Event | null = null;

  constructor(parts: MouseCaptureParts) {
    this.#parts = parts;
    const { video, signal } = parts;
    const active = { signal, passive: false };
    video.addEventListener("mousedown", (event) => { this.#press(event); }, active);
    video.addEventListener("mousemove", (event) => { this.#move(event); }, active);
    video.addEventListener("wheel", (event) => { this.#scroll(event); }, active);
    for (const type of ["click", "dblclick", "auxclick", "contextmenu"] as const) {
      // Else the browser pauses the video, goes back a page or shows a menu.
      video.addEventListener(type, (event) => { event.preventDefault(); }, active);
    }
    // A button that is pressed on the picture may be moved and released anywhere.
    window.addEventListener("mouseup", (event) => { this.#release(event); }, active);
    window.addEventListener("mousemove", (event) => { this.#drag(event); }, active);
    signal.addEventListener("abort", () => { this.unlock(); });
  }

  /** Whether the pointer is hidden and kept on the video: its movements then go on without an edge. */
  get isLocked(): boolean {
    const root = this.#parts.video.getRootNode();
    return (root instanceof ShadowRoot ? root : document).pointerLockElement === this.#parts.video;
  }

  /** Asks the browser for the pointer; it wants a gesture of the viewer for that, and not every browser can. */
  lock(): Promise<boolean> {
    const { video, signal } = this.#parts;
    if (this.isLocked || signal.aborted || !("requestPointerLock" in video)) {
      return Promise.resolve(this.isLocked);
    }
    return new Promise((resolve) => {
      const once = { once: true, signal };
      const done = (): void => { resolve(this.isLocked); };
      document.addEventListener("pointerlockchange", done, once);
      document.addEventListener("pointerlockerror", done, once);
      signal.addEventListener("abort", done, { once: true });
      // Older browsers answer with events alone.
      const asked = video.requestPointerLock() as Promise<void> | undefined;
      asked?.then(done, done);
    });
  }

  /** Gives the pointer back. */
  unlock(): void {
    if (this.isLocked) {
      document.exitPointerLock();
    }
  }

  /** Lets go of all buttons. */
  releaseAll(): void {
    const { x, y } = this.#at ?? { x: 0, y: 0 };
    for (const button of this.#held) {
      this.#parts.queue.send([{ event: "MouseButtonRelease", button: button + 1, x, y, modifier_state: "" }]);
    }
    this.#held.clear();
  }

  #press(event: MouseEvent): void {
    event.preventDefault();
    this.#parts.video.focus({ preventScroll: true });
    const point = this.#locate(event);
    if (point?.inside !== true) {
      return;
    }
    this.#held.add(event.button);
    this.#button("MouseButtonPress", event.button, event, point);
    if (this.#parts.locksOnClick) {
      void this.lock();
    }
  }

  #release(event: MouseEvent): void {
    if (this.#held.delete(event.button)) {
      event.preventDefault();
      this.#button("MouseButtonRelease", event.button, event, this.#locate(event) ?? this.#at);
    }
  }

  #drag(event: MouseEvent): void {
    if (this.#held.size > 0 && event !== this.#seen) {
      this.#move(event);
    }
  }

  #move(event: MouseEvent): void {
    this.#seen = event;
    const point = this.#locate(event);
    for (const button of liftedButtons(this.#held, event.buttons)) {
      // It went up where no page hears of it.
      this.#held.delete(button);
      this.#button("MouseButtonRelease", button, event, point ?? this.#at);
    }
    if (point !== null && (point.inside || this.#held.size > 0)) {
      this.#parts.queue.sendMove({ event: "MouseMove", x: point.x, y: point.y, modifier_state: modifierState(event) });
    }
  }

  #button(event: "MouseButtonPress" | "MouseButtonRelease", button: number, mouse: MouseEvent, at: At | null): void {
    this.#parts.align(mouse);
    const { x, y } = at ?? { x: 0, y: 0 };
    this.#parts.queue.send([{ event, button: button + 1, x, y, modifier_state: modifierState(mouse) }]);
  }

  #scroll(event: WheelEvent): void {
    event.preventDefault();
    // Read before the unit: then one browser converts lines to the pixels that its user has set them to.
    const { deltaX, deltaY } = event;
    const unit = [1, LINE, this.#parts.video.clientHeight][event.deltaMode] ?? 1;
    const point = this.#locate(event);
    if (point?.inside !== true) {
      return;
    }
    this.#parts.align(event);
    // Scrolling up is positive for GstNavigation and negative for the DOM. Zero stays a plain zero, not -0.
    const deltas = { delta_x: 0 - deltaX * unit, delta_y: 0 - deltaY * unit };
    const { x, y } = point;
    this.#parts.queue.send([{ event: "MouseScroll", x, y, ...deltas, modifier_state: modifierState(event) }]);
  }

  #locate(event: MouseEvent): VideoPoint | null {
    const shown = shownVideo(this.#parts.video);
    const locked = this.isLocked && this.#at !== null;
    // While it is locked the pointer has no place, but it moves.
    const movement = event.type === "mousemove" ? { x: event.movementX, y: event.movementY } : { x: 0, y: 0 };
    const point =
      locked && this.#at !== null
        ? displaced(this.#at, movement, shown)
        : locate({ x: event.clientX, y: event.clientY }, shown);
    if (point !== null && (point.inside || this.#held.size > 0)) {
      this.#at = { x: point.x, y: point.y };
    }
    return point;
  }
}
