/** One button for two habits: held down, it talks until it is let go; pressed shortly, until it is pressed again. Pure. */

/** What a button was told, and when. */
export interface Press {
  /** Whether it stays on without being held. */
  readonly latched: boolean;
  /** When it was pressed (ms); null: it is not down, or what becomes of this press is settled. */
  readonly since: number | null;
}

/** What happens to the button. `lost` is everything that makes its release uncertain. */
export type Finger = "down" | "up" | "lost" | "click";

/** A press that is shorter than this latches (ms). */
export const SHORT = 400;

/** Nothing is pressed. */
export const AT_REST: Press = { latched: false, since: null };

/** What comes of it at `now` (ms), and whether to talk; `click` is one that neither finger nor key made. */
export function press(before: Press, finger: Finger, now: number): { readonly after: Press; readonly talk: boolean } {
  switch (finger) {
    case "down":
      // The release of a press that ends it is of no importance.
      return before.latched ? { after: AT_REST, talk: false } : { after: { latched: false, since: now }, talk: true };
    case "up": {
      const latched = before.latched || (before.since !== null && now - before.since < SHORT);
      return { after: { latched, since: null }, talk: latched };
    }
    case "lost":
      return { after: { latched: before.latched, since: null }, talk: before.latched };
    case "click":
      return { after: { latched: !before.latched, since: null }, talk: !before.latched };
  }
}
