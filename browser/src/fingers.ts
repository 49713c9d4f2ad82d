/** Which fingers (and pens) are on the picture. Pure: touches in, navigation events out. */

import { type At, type NavigationEvent, touchPressure } from "./navigation.js";
import type { VideoPoint } from "./video-geometry.js";

/** A finger, as the page knows it. */
export interface Finger {
  /** Its number; browsers count these as they like, and some of them with a sign. */
  readonly id: number | string;
  /** Where it is; null where the video has no size. */
  readonly point: VideoPoint | null;
  /** From 0 to 1; 0 or nothing where the screen measures none. */
  readonly force?: number | undefined;
}

/** The fingers of one viewer. Their numbers for the producer are the lowest that are free. */
export class Fingers {
  readonly #slots = new Map<number | string, { readonly identifier: number; at: At }>();

  /** Fingers go down; those beside the picture are not the producer's, until they are lifted. */
  down(fingers: readonly Finger[], modifier_state: string): NavigationEvent[] {
    return frame(modifier_state, fingers, ({ id, point, force }) => {
      if (point?.inside !== true) {
        return null;
      }
      const identifier = this.#slots.get(id)?.identifier ?? this.#free();
      const at = { x: point.x, y: point.y };
      this.#slots.set(id, { identifier, at });
      return { event: "TouchDown", identifier, ...at, pressure: touchPressure(force), modifier_state };
    });
  }

  /** Fingers move. */
  move(fingers: readonly Finger[], modifier_state: string): NavigationEvent[] {
    return frame(modifier_state, fingers, ({ id, point, force }) => {
      const slot = this.#slots.get(id);
      if (slot === undefined || point === null) {
        return null;
      }
      slot.at = { x: point.x, y: point.y };
      return { event: "TouchMotion", identifier: slot.identifier, ...slot.at, pressure: touchPressure(force), modifier_state };
    });
  }

  /** Fingers are lifted. */
  up(fingers: readonly Finger[], modifier_state: string): NavigationEvent[] {
    return frame(modifier_state, fingers, ({ id, point }) => {
      const slot = this.#slots.get(id);
      this.#slots.delete(id);
      if (slot === undefined) {
        return null;
      }
      const { x, y } = point ?? slot.at;
      return { event: "TouchUp", identifier: slot.identifier, x, y, modifier_state };
    });
  }

  /** All of them count as never having touched: lifting them now would press what is under them. */
  cancel(modifier_state: string): NavigationEvent[] {
    const were = this.#slots.size > 0;
    this.#slots.clear();
    return were ? [{ event: "TouchCancel", modifier_state }] : [];
  }

  #free(): number {
    const taken = new Set([...this.#slots.values()].map(({ identifier }) => identifier));
    let slot = 0;
    while (taken.has(slot)) {
      slot += 1;
    }
    return slot;
  }
}

/** One event for each finger that is meant, and what says that these belong together. */
function frame(
  modifier_state: string,
  fingers: readonly Finger[],
  event: (finger: Finger) => NavigationEvent | null,
): NavigationEvent[] {
  const events = fingers.map(event).filter((one) => one !== null);
  return events.length === 0 ? [] : [...events, { event: "TouchFrame", modifier_state }];
}
