/**
 * Pairs what a producer says about frames with the frames that were shown, by RTP timestamp. Decides only: knows no
 * video element and no channel.
 */

/** RTP timestamps have 32 bits and wrap (RFC 3550 section 5.1). */
const HALF = 0x8000_0000;

/** Whether `a` is before `b`, the shorter way round. */
export function isBefore(a: number, b: number): boolean {
  const distance = (b - a) >>> 0;
  return distance !== 0 && distance < HALF;
}

/** A frame and something that was said about it. */
export interface Pair<Frame, Info> {
  readonly frame: Frame;
  readonly info: Info;
}

/** Holds no more than `capacity` of either kind, the newest. */
export class FramePairing<Frame, Info> {
  readonly #capacity: number;
  /** What was said of frames that are not shown yet, by timestamp, in the order in which it came. */
  readonly #infos = new Map<number, Info[]>();
  /** Frames that were shown, of which something may still be said. */
  readonly #frames = new Map<number, Frame>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** A frame is shown. */
  shown(timestamp: number, frame: Frame): Pair<Frame, Info>[] {
    const infos = this.#infos.get(timestamp) ?? [];
    // Frames are shown in their order: what was said of earlier ones is about frames that were left out.
    forget(this.#infos, (other) => other === timestamp || isBefore(other, timestamp));
    keep(this.#frames, timestamp, frame, this.#capacity);
    return infos.map((info) => ({ frame, info }));
  }

  /** Something is said about a frame. */
  said(timestamp: number, info: Info): Pair<Frame, Info>[] {
    const frame = this.#frames.get(timestamp);
    // Frames are spoken of in their order: nothing will be said of earlier ones.
    forget(this.#frames, (other) => isBefore(other, timestamp));
    if (frame !== undefined) {
      return [{ frame, info }];
    }
    keep(this.#infos, timestamp, [...(this.#infos.get(timestamp) ?? []).slice(1 - this.#capacity), info], this.#capacity);
    return [];
  }

  /** Forgets everything, since the frames to come are of another stream. */
  clear(): void {
    this.#infos.clear();
    this.#frames.clear();
  }

  /** How many timestamps are remembered. */
  get size(): number {
    return this.#infos.size + this.#frames.size;
  }
}

function forget<T>(map: Map<number, T>, isOver: (timestamp: number) => boolean): void {
  for (const timestamp of map.keys()) {
    if (isOver(timestamp)) {
      map.delete(timestamp);
    }
  }
}

function keep<T>(map: Map<number, T>, timestamp: number, value: T, capacity: number): void {
  map.set(timestamp, value);
  for (const oldest of map.keys()) {
    if (map.size <= capacity) {
      return;
    }
    map.delete(oldest);
  }
}
