/** What a viewer does with mouse, keys and fingers, in the words of GstNavigation. Pure: no listeners, no sending. */

/** Modifier keys and mouse buttons that are held: names of `GstNavigationModifierType`, joined by `+`. */
interface Modified {
  modifier_state: string;
}

/** A point. */
export interface At {
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
    | { event: "Command"; command: NavigationCommand }
  );

/** What {@link RemoteController.sendCommand} can say: the names of `GstNavigationCommand`. */
export type NavigationCommand =
  | `Menu${1 | 2 | 3 | 4 | 5 | 6 | 7}`
  | "Left"
  | "Right"
  | "Up"
  | "Down"
  | "Activate"
  | "PrevAngle"
  | "NextAngle";

/** The modifiers of a DOM event; touch events have no `buttons` and tell of no locks. */
export interface ModifierKeys {
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly buttons?: number;
  getModifierState?(name: string): boolean;
}

/** The mask of each bit of `MouseEvent.buttons`: the DOM counts right before middle, X11 middle before right. */
const BUTTON_MASKS = ["button1-mask", "button3-mask", "button2-mask", "button4-mask", "button5-mask"] as const;

/** The modifiers of a DOM event as names of `GstNavigationModifierType`; the numbered ones as X11 uses them. */
export function modifierState(keys: ModifierKeys): string {
  const buttons = keys.buttons ?? 0;
  const on = (name: string): boolean => keys.getModifierState?.(name) ?? false;
  // AltGr is Control and Alt at once for Windows: nobody holds these two then.
  const [control, alt] = on("AltGraph") && keys.ctrlKey && keys.altKey ? [false, false] : [keys.ctrlKey, keys.altKey];
  return [
    ...(keys.shiftKey ? ["shift-mask"] : []),
    ...(on("CapsLock") ? ["lock-mask"] : []),
    ...(control ? ["control-mask"] : []),
    ...(alt ? ["mod1-mask"] : []),
    ...(on("NumLock") ? ["mod2-mask"] : []),
    ...(on("AltGraph") ? ["mod5-mask"] : []),
    ...(on("Super") ? ["super-mask"] : []),
    ...(on("Hyper") ? ["hyper-mask"] : []),
    ...(keys.metaKey ? ["meta-mask"] : []),
    ...BUTTON_MASKS.filter((_, bit) => (buttons & (1 << bit)) !== 0),
  ].join("+");
}

/** The buttons (`MouseEvent.button`) of `held` that `buttons` (`MouseEvent.buttons`) says are up again. */
export function liftedButtons(held: Iterable<number>, buttons: number): number[] {
  const bits = [1, 4, 2, 8, 16];
  return [...held].filter((button) => (buttons & (bits[button] ?? 0)) === 0);
}

/**
 * The pressure of a touch from 0 to 1. Screens that measure none report 0 or nothing; a finger that touches then
 * counts as half, as in Pointer Events.
 */
export function touchPressure(force: number | undefined): number {
  return force !== undefined && force > 0 ? Math.min(force, 1) : 0.5;
}
