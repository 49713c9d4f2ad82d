/** Devices, tracks and streams without a browser. Takes the place of the browser's devices. */

/** A track. */
export class FakeTrack extends EventTarget {
  readonly kind: string;
  readyState: "live" | "ended" = "live";
  contentHint = "";

  constructor(kind: string) {
    super();
    this.kind = kind;
  }

  stop(): void {
    this.readyState = "ended";
  }

  /** Ends as a device does that is unplugged. */
  vanish(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }
}

/** A stream of tracks. */
export class FakeStream extends EventTarget {
  #tracks: readonly FakeTrack[];

  constructor(...kinds: readonly string[]) {
    super();
    this.#tracks = kinds.map((kind) => new FakeTrack(kind));
  }

  /** As the library takes it. */
  get asStream(): MediaStream {
    return this as unknown as MediaStream;
  }

  getTracks(): readonly FakeTrack[] {
    return this.#tracks;
  }

  getAudioTracks(): readonly FakeTrack[] {
    return this.#tracks.filter(({ kind }) => kind === "audio");
  }

  getVideoTracks(): readonly FakeTrack[] {
    return this.#tracks.filter(({ kind }) => kind === "video");
  }

  addTrack(track: FakeTrack): void {
    this.#tracks = [...this.#tracks, track];
  }

  removeTrack(track: FakeTrack): void {
    this.#tracks = this.#tracks.filter((other) => other !== track);
  }
}

/** The devices of a machine. */
export class FakeDevices {
  /** What is there. */
  kinds: readonly string[] = ["videoinput", "audioinput"];
  /** Thrown instead of handing out a stream. */
  fault: unknown = null;
  /** What was asked for, in order. */
  readonly asked: MediaStreamConstraints[] = [];
  /** What was handed out, in order. */
  readonly given: FakeStream[] = [];
  /** Set to keep those who ask waiting until it is settled. */
  hold: Promise<void> | null = null;

  /** Puts them into the place of the browser's. */
  static install(): FakeDevices {
    const mediaDevices = new FakeDevices();
    Object.defineProperty(globalThis, "navigator", { value: { mediaDevices }, configurable: true });
    return mediaDevices;
  }

  /** As in a page that is not secure. */
  static remove(isSecureContext: boolean): void {
    Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
    Object.assign(globalThis, { isSecureContext });
  }

  async getUserMedia(constraints: MediaStreamConstraints): Promise<FakeStream> {
    this.asked.push(constraints);
    await this.hold;
    const wanted = (["video", "audio"] as const).filter((kind) => constraints[kind] !== undefined);
    if (this.fault !== null) {
      throw this.fault as Error;
    }
    if (!wanted.every((kind) => this.kinds.includes(`${kind}input`))) {
      throw named("NotFoundError");
    }
    const stream = new FakeStream(...wanted);
    this.given.push(stream);
    return stream;
  }

  enumerateDevices(): Promise<{ kind: string }[]> {
    return Promise.resolve(this.kinds.map((kind) => ({ kind })));
  }
}

/** What browsers throw. */
export function named(name: string, more: object = {}): Error {
  return Object.assign(new Error(`words of the browser about ${name}`), { name }, more);
}
