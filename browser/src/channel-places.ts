/** Sees to it that data channels which the application opened have a place in what was agreed on (RFC 8841). */

/** What {@link ChannelPlaces} calls. */
export interface ChannelPlacesCalls {
  /** Makes another offer; false where this side may not. */
  offer(): boolean;
  /** The other side has no place; the channels were closed. */
  refused(): void;
}

/** The channels of one session that wait for their place. */
export class ChannelPlaces {
  readonly #calls: ChannelPlacesCalls;
  #waiting: RTCDataChannel[] = [];
  /** Whether another offer was made for them. */
  #asked = false;

  constructor(calls: ChannelPlacesCalls) {
    this.#calls = calls;
  }

  /** Takes a channel that was opened. */
  add(channel: RTCDataChannel): void {
    this.#waiting.push(channel);
  }

  /** Both sides have described what they want; `found` says whether there is a place for channels. */
  settled(found: boolean): void {
    if (found || this.#waiting.length === 0) {
      this.#waiting = [];
    } else if (!this.#asked && this.#calls.offer()) {
      this.#asked = true;
    } else {
      for (const channel of this.#waiting.splice(0)) {
        channel.close();
      }
      this.#calls.refused();
    }
  }
}
