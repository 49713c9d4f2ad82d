/** Listens to fingers and pens on a video element. */

import type { EventQueue } from "./event-queue.js";
import { type Finger, Fingers } from "./fingers.js";
import { modifierState } from "./navigation.js";
import { shownVideo } from "./video-frame.js";
import { type VideoPoint, locate } from "./video-geometry.js";

interface Place {
  readonly clientX: number;
  readonly clientY: number;
}

/** The fingers and pens of one viewer. Pens touch like fingers, with their pressure; above the screen they are mice. */
export class TouchCapture {
  readonly #video: HTMLVideoElement;
  readonly #queue: EventQueue;
  readonly #fingers = new Fingers();
  /** Where pens went down: some systems report them once more, as fingers. */
  readonly #pens = new Map<number, Place>();

  constructor(video: HTMLVideoElement, queue: EventQueue, signal: AbortSignal) {
    this.#video = video;
    this.#queue = queue;
    this.#listenToFingers({ signal, passive: false });
    this.#listenToPens({ signal, passive: false });
  }

  /** Counts all touches as never made. */
  cancel(modifier_state = ""): void {
    this.#pens.clear();
    this.#queue.send(this.#fingers.cancel(modifier_state));
  }

  #listenToFingers(options: AddEventListenerOptions): void {
    const on = (type: "touchstart" | "touchmove" | "touchend" | "touchcancel", handle: (event: TouchEvent) => void): void => {
      this.#video.addEventListener(
        type,
        (event) => {
          // Else the page scrolls, and a mouse that nobody has clicks.
          if (event.cancelable) {
            event.preventDefault();
          }
          handle(event);
        },
        options,
      );
    };
    on("touchstart", (event) => {
      this.#video.focus({ preventScroll: true });
      this.#queue.send(this.#fingers.down(this.#read(event), modifierState(event)));
    });
    on("touchmove", (event) => {
      this.#queue.send(this.#fingers.move(this.#read(event), modifierState(event)));
    });
    on("touchend", (event) => {
      this.#queue.send(this.#fingers.up(this.#read(event), modifierState(event)));
    });
    on("touchcancel", (event) => {
      this.cancel(modifierState(event));
    });
  }

  #listenToPens(options: AddEventListenerOptions): void {
    const video = this.#video;
    const on = (type: "pointermove" | "pointerup", handle: (pen: Finger, state: string) => void): void => {
      video.addEventListener(
        type,
        (event) => {
          if (this.#pens.has(event.pointerId)) {
            handle(this.#pen(event), modifierState(event));
          }
        },
        options,
      );
    };
    video.addEventListener(
      "pointerdown",
      (event) => {
        const pen = this.#pen(event);
        // Its other buttons are those of a mouse.
        if (event.pointerType === "pen" && event.button === 0 && pen.point?.inside === true) {
          event.preventDefault();
          video.focus({ preventScroll: true });
          this.#pens.set(event.pointerId, { clientX: event.clientX, clientY: event.clientY });
          this.#queue.send(this.#fingers.down([pen], modifierState(event)));
        }
      },
      options,
    );
    on("pointermove", (pen, state) => {
      this.#queue.send(this.#fingers.move([pen], state));
    });
    on("pointerup", (pen, state) => {
      this.#queue.send(this.#fingers.up([pen], state));
    });
    video.addEventListener("pointerup", ({ pointerId }) => this.#pens.delete(pointerId), options);
    video.addEventListener(
      "pointercancel",
      (event) => {
        if (this.#pens.has(event.pointerId)) {
          this.cancel(modifierState(event));
        }
      },
      options,
    );
  }

  #read(event: TouchEvent): Finger[] {
    return [...event.changedTouches]
      .filter((touch) => event.type !== "touchstart" || !this.#isPen(touch))
      .map((touch) => ({ id: touch.identifier, point: this.#locate(touch), force: touch.force }));
  }

  #isPen(touch: Place): boolean {
    return [...this.#pens.values()].some(
      (pen) => Math.abs(pen.clientX - touch.clientX) < 1 && Math.abs(pen.clientY - touch.clientY) < 1,
    );
  }

  #pen(event: PointerEvent): Finger {
    return { id: `pen ${event.pointerId}`, point: this.#locate(event), force: event.pressure };
  }

  #locate({ clientX, clientY }: Place): VideoPoint | null {
    return locate({ x: clientX, y: clientY }, shownVideo(this.#video));
  }
}
