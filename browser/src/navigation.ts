/** What a viewer does with mouse, keys and fingers, in the words of GstNavigation. Pure: no listeners, no sending. */

/** Modifier keys and mouse buttons that are held: names of `GstNavigationModifierType`, joined by `+`. */
interface Modified {
  modifier_state: string;
}

interface At {
  /** In pixels of the video, from its left. */
  x: number;
  /** In pixels of the video, from its top. */
  y: number;
}

/** A navigation event as it goes over the wire. */
export type NavigationEvent = Modified &
  (
    | { event: "KeyPress" | "KeyRelease"; key: string }
    | ({ event: "MouseMove" } & At)
    | ({ event: "MouseButtonPress" | "MouseButtonRelease"; button: number } & At)
    | ({ event: "MouseScroll"; delta_x: number; delta_y: number } & At)
    | ({ event: "TouchDown" | "TouchMotion"; identifier: number; pressure: number } & At)
    | ({ event: "TouchUp"; identifier: number } & At)
    | { event: "TouchFrame" | "TouchCancel" }
    | { event: "Command"; command: string }
  );

/** The modifiers of a DOM event; touch events have no `buttons`. */
export interface ModifierKeys {
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly buttons?: number;
}

/** The mask of each bit of `MouseEvent.buttons`: the DOM counts right before middle, X11 middle before right. */
const BUTTON_MASKS = ["button1-mask", "button3-mask", "button2-mask", "button4-mask", "button5-mask"] as const;

/** The modifiers of a DOM event as names of `GstNavigationModifierType`. */
export function modifierState(keys: ModifierKeys): string {
  const buttons = keys.buttons ?? 0;
  return [
    ...(keys.shiftKey ? ["shift-mask"] : []),
    ...(keys.ctrlKey ? ["control-mask"] : []),
    ...(keys.altKey ? ["mod1-mask"] : []),
    ...(keys.metaKey ? ["meta-mask"] : []),
    ...BUTTON_MASKS.filter((_, bit) => (buttons & (1 << bit)) !== 0),
  ].join("+");
}

/**
 * The pressure of a touch from 0 to 1. Screens that measure none report 0 or nothing; a finger that touches then
 * counts as half, as in Pointer Events.
 */
export function touchPressure(force: number | undefined): number {
  return force !== undefined && force > 0 ? Math.min(force, 1) : 0.5;
}

/** A length and a height. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How a video fills its element, as in the CSS property `object-fit`. */
export type ObjectFit = "contain" | "cover" | "fill" | "none" | "scale-down";

/** A point of the video, and whether the pointer was on the picture rather than on the bars beside it. */
export interface VideoPoint extends At {
  readonly inside: boolean;
}

/**
 * The point of the video under a point of its element, for a video in the element's middle. A point on the bars
 * becomes the nearest one of the picture.
 *
 * @param point - in CSS pixels from the element's top left corner.
 * @returns null while the video or the element has no size.
 */
export function toVideoPoint(point: At, element: Size, video: Size, fit: ObjectFit): VideoPoint | null {
  if (element.width <= 0 || element.height <= 0 || video.width <= 0 || video.height <= 0) {
    return null;
  }
  const [scaleX, scaleY] = scales(element, video, fit);
  const x = (point.x - (element.width - video.width * scaleX) / 2) / scaleX;
  const y = (point.y - (element.height - video.height * scaleY) / 2) / scaleY;
  return {
    x: Math.min(Math.max(x, 0), video.width),
    y: Math.min(Math.max(y, 0), video.height),
    inside: x >= 0 && x <= video.width && y >= 0 && y <= video.height,
  };
}

function scales(element: Size, video: Size, fit: ObjectFit): [number, number] {
  const x = element.width / video.width;
  const y = element.height / video.height;
  const uniform = { contain: Math.min(x, y), cover: Math.max(x, y), none: 1, "scale-down": Math.min(x, y, 1) };
  return fit === "fill" ? [x, y] : [uniform[fit], uniform[fit]];
}
