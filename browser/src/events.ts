/** An `EventTarget` whose events have names and types. Depends on nothing else. */

/** Maps the name of an event to the class of the event object. */
export type EventMap = Record<string, Event>;

type Listener<E extends Event> = ((event: E) => void) | { handleEvent(event: E): void };

/**
 * An `EventTarget` that knows its own events.
 *
 * @typeParam Events - the names of the events and what listeners are given.
 */
export class TypedEventTarget<Events extends object> extends EventTarget {
  /** Calls `listener` for every event called `type`. */
  override addEventListener<K extends keyof Events & string>(
    type: K,
    listener: Listener<Events[K] & Event> | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
  }

  /** Takes back what `addEventListener` was given. */
  override removeEventListener<K extends keyof Events & string>(
    type: K,
    listener: Listener<Events[K] & Event> | null,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, listener, options);
  }

  /** Tells listeners that something went wrong. */
  protected dispatchError(message: string, cause?: unknown): void {
    this.dispatchEvent(new ErrorEvent("error", { message, error: cause ?? new Error(message) }));
  }
}

/** The message of an error, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
