/**
 * A peer connection without a network that behaves as badly as the standard allows: it finds candidates before
 * `setLocalDescription` is done and refuses candidates that come before their description.
 */
export class FakePeerConnection extends EventTarget {
  /** All that were made, in order. */
  static readonly made: FakePeerConnection[] = [];
  /** What was done to it, in order. */
  readonly calls: string[] = [];
  readonly configuration: RTCConfiguration;
  connectionState = "new";
  remoteDescription: RTCSessionDescriptionInit | null = null;

  constructor(configuration: RTCConfiguration) {
    super();
    this.configuration = configuration;
    FakePeerConnection.made.push(this);
  }

  createOffer(): Promise<RTCSessionDescriptionInit> {
    return Promise.resolve({ type: "offer", sdp: "own offer" });
  }

  createAnswer(): Promise<RTCSessionDescriptionInit> {
    return Promise.resolve({ type: "answer", sdp: "own answer" });
  }

  readonly #senders: FakeSender[] = [];

  addTrack(track: MediaStreamTrack): FakeSender {
    const sender = new FakeSender(track);
    this.#senders.push(sender);
    return sender;
  }

  getSenders(): readonly FakeSender[] {
    return this.#senders;
  }

  addTransceiver(): void {
    this.calls.push("transceiver");
  }

  createDataChannel(): EventTarget {
    return new EventTarget();
  }

  async setLocalDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.calls.push(`local ${description.type}`);
    this.#find(`candidate:${description.type}:1`);
    await new Promise(setImmediate);
    this.#find(`candidate:${description.type}:2`);
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    await new Promise(setImmediate);
    if (description.sdp === "nonsense") {
      throw new Error("no media in common");
    }
    this.remoteDescription = description;
    this.calls.push(`remote ${description.type}`);
  }

  addIceCandidate({ candidate }: RTCIceCandidateInit): Promise<void> {
    if (this.remoteDescription === null) {
      return Promise.reject(new Error("there is no remote description"));
    }
    this.calls.push(String(candidate));
    return Promise.resolve();
  }

  /** Changes the state of the connection. */
  become(state: string): void {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }

  close(): void {
    this.connectionState = "closed";
  }

  #find(candidate: string): void {
    const found = { candidate, sdpMLineIndex: 0, sdpMid: "0" };
    this.dispatchEvent(Object.assign(new Event("icecandidate"), { candidate: found }));
  }
}

/** Sends a track. */
export class FakeSender {
  track: MediaStreamTrack | null;

  constructor(track: MediaStreamTrack) {
    this.track = track;
  }

  replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    this.track = track;
    return Promise.resolve();
  }
}
