/** A data channel that nobody is at the other end of. */
export class FakeDataChannel extends EventTarget {
  readonly label: string;
  readyState = "connecting";

  constructor(label: string) {
    super();
    this.label = label;
  }

  close(): void {
    this.readyState = "closed";
    this.dispatchEvent(new Event("close"));
  }
}

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
  signalingState: RTCSignalingState = "stable";
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  currentLocalDescription: RTCSessionDescriptionInit | null = null;
  currentRemoteDescription: RTCSessionDescriptionInit | null = null;
  /** Set to null where the other side has no place for data channels. */
  sctp: object | null = {};
  /** Channels that were opened here. */
  readonly channels: FakeDataChannel[] = [];
  readonly receivers: object[] = [];
  readonly transceivers: object[] = [];
  /** What `getStats` gives. */
  stats: readonly object[] = [];

  constructor(configuration: RTCConfiguration) {
    super();
    this.configuration = configuration;
    FakePeerConnection.made.push(this);
  }

  createOffer(options?: RTCOfferOptions): Promise<RTCSessionDescriptionInit> {
    return Promise.resolve({ type: "offer", sdp: options?.iceRestart === true ? "own restarting offer" : "own offer" });
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

  createDataChannel(label: string): FakeDataChannel {
    const channel = new FakeDataChannel(label);
    this.channels.push(channel);
    return channel;
  }

  getReceivers(): readonly object[] {
    return this.receivers;
  }

  getTransceivers(): readonly object[] {
    return this.transceivers;
  }

  getStats(): Promise<readonly object[]> {
    return Promise.resolve(this.stats);
  }

  async setLocalDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.calls.push(`local ${description.type}`);
    if (description.type === "rollback") {
      this.signalingState = "stable";
      return;
    }
    this.localDescription = description;
    this.#find(`candidate:${description.type}:1`);
    await new Promise(setImmediate);
    this.#find(`candidate:${description.type}:2`);
    this.#move("local", description);
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    await new Promise(setImmediate);
    if (description.sdp === "nonsense") {
      throw new Error("no media in common");
    }
    this.remoteDescription = description;
    this.calls.push(`remote ${description.type}`);
    this.#move("remote", description);
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

  #move(side: "local" | "remote", { type }: RTCSessionDescriptionInit): void {
    const answersWhom = side === "local" ? "have-remote-offer" : "have-local-offer";
    const expected = type === "answer" ? answersWhom : "stable";
    if (this.signalingState !== expected) {
      throw new Error(`a ${side} ${type} does not fit the state ${this.signalingState}`);
    }
    this.signalingState = type === "answer" ? "stable" : `have-${side}-offer`;
    if (type === "answer") {
      this.currentLocalDescription = this.localDescription;
      this.currentRemoteDescription = this.remoteDescription;
    }
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
