/** A session that plays what another peer produces. */

import { setPlayoutDelay, setVideoPlayoutDelay } from "./playout.js";
import { type InfoMessage, RemoteController } from "./remote-control.js";
import { type SessionEvents, type SessionHost, SessionState, WebRTCSession } from "./session.js";
import { withStereoOpus } from "./sdp.js";
import { type Rung, rungIn } from "./statistics.js";

/** The events of a {@link ConsumerSession}. */
export interface ConsumerSessionEvents extends SessionEvents {
  /** `streams` changed. */
  streamsChanged: Event;
  /** `remoteController` changed. */
  remoteControllerChanged: Event;
}

/** What a consumer session needs beside what every session needs. */
export interface ConsumerHost extends SessionHost {
  /** Asks the server for the session; false where there is no working connection. */
  requestSession(session: ConsumerSession, offer: string | undefined): boolean;
}

/** The offer's wishes, as in `RTCPeerConnection.createOffer`. */
export type OfferOptions = RTCOfferOptions;

/** A session that plays what another peer produces. Made by `GstWebRTCAPI.createConsumerSession`. */
export class ConsumerSession extends WebRTCSession<ConsumerSessionEvents> {
  readonly #host: ConsumerHost;
  readonly #offerOptions: OfferOptions | null;
  #streams: readonly MediaStream[] = [];
  #controller: RemoteController | null = null;
  #stereo = false;
  /** Undefined until somebody wishes for something. */
  #playoutDelay: number | null | undefined;
  /** By section; what names none is for all. */
  readonly #rungs = new Map<string | null, Rung>();

  /** @internal */
  constructor(peerId: string, host: ConsumerHost, offerOptions: OfferOptions | null) {
    // The producer decides what there is: where two offers cross, this side takes its own back.
    super(peerId, host, true);
    this.#host = host;
    this.#offerOptions = offerOptions;
  }

  /** What the producer sends, once there is something. */
  get streams(): readonly MediaStream[] {
    return this.#streams;
  }

  /** For sending input and requests to the producer; null unless it takes them. */
  get remoteController(): RemoteController | null {
    return this.#controller;
  }

  /** Whether to ask for stereo Opus in answers, for producers that do not. Set it before `connect`. */
  set mungeStereoHack(enabled: boolean) {
    this.#stereo = enabled;
  }

  /**
   * Asks the producer for its media.
   *
   * @returns whether the session is under way; false where it is over or there is no signalling server.
   */
  connect(): boolean {
    if (this.state !== SessionState.idle) {
      return this.state !== SessionState.closed;
    }
    this.beginConnecting();
    if (this.#offerOptions === null) {
      this.#request(undefined);
    } else {
      this.exchange.offer({
        send: (offer) => {
          this.#request(offer);
        },
      });
    }
    return !this.#isOver();
  }

  /**
   * Asks the browser to hold back video about as long as `milliseconds`, also video that comes later; null: as it
   * thinks best, which is the default. Audio is left alone. Nothing happens in browsers that cannot be asked.
   */
  setPlayoutDelay(milliseconds: number | null): void {
    this.#playoutDelay = milliseconds;
    if (this.rtcPeerConnection !== null) {
      setVideoPlayoutDelay(this.rtcPeerConnection, milliseconds);
    }
  }

  protected override prepare(connection: RTCPeerConnection): void {
    connection.addEventListener("track", (event) => {
      if (this.#playoutDelay !== undefined) {
        setPlayoutDelay(event.receiver, this.#playoutDelay);
      }
      this.#addStreams(event.streams.length > 0 ? event.streams : [new MediaStream([event.track])]);
    });
    if (this.#offerOptions !== null) {
      for (const kind of wantedKinds(this.#offerOptions)) {
        connection.addTransceiver(kind, { direction: "recvonly" });
      }
      // Without a channel the offer would have no place for those of the producer (RFC 8841).
      const own = connection.createDataChannel("control");
      own.addEventListener("open", () => {
        this.#offerController(own);
      });
    }
  }

  protected override munge(sdp: string): string {
    return this.#stereo ? withStereoOpus(sdp) : sdp;
  }

  protected override takeChannel(channel: RTCDataChannel): void {
    if (channel.label === "control" || channel.label === "input") {
      this.#offerController(channel);
    } else {
      super.takeChannel(channel);
    }
  }

  protected override rungOf(mid: string | null): Rung | undefined {
    return this.#rungs.get(mid) ?? this.#rungs.get(null) ?? (mid === null ? [...this.#rungs.values()][0] : undefined);
  }

  protected override release(): void {
    const [streams, controller] = [this.#streams, this.#controller];
    this.#streams = [];
    this.#controller = null;
    if (controller !== null) {
      controller.close();
      this.dispatchEvent(new Event("remoteControllerChanged"));
    }
    if (streams.length > 0) {
      this.dispatchEvent(new Event("streamsChanged"));
    }
  }

  #request(offer: string | undefined): void {
    if (!this.#host.requestSession(this, offer)) {
      this.end({ kind: "signallingLost" });
    }
  }

  #isOver(): boolean {
    return this.state === SessionState.closed;
  }

  #addStreams(streams: readonly MediaStream[]): void {
    const added = streams.filter((stream) => !this.#streams.includes(stream));
    if (added.length > 0 && !this.#isOver()) {
      this.#streams = [...this.#streams, ...added];
      this.dispatchEvent(new Event("streamsChanged"));
    }
  }

  #noteRung({ mid, info }: InfoMessage): void {
    const rung = rungIn(info);
    if (rung !== null) {
      this.#rungs.set(mid ?? null, rung);
    }
  }

  #offerController(channel: RTCDataChannel): void {
    const current = this.#controller?.rtcDataChannel.label;
    // `control` can do everything that `input` can, and answers.
    const wanted = channel.label === "control" || (channel.label === "input" && current !== "control");
    if (!wanted || this.#isOver()) {
      return;
    }
    const previous = this.#controller;
    const controller = new RemoteController(channel, this);
    controller.addEventListener("closed", () => {
      if (this.#controller === controller) {
        this.#controller = null;
        this.dispatchEvent(new Event("remoteControllerChanged"));
      }
    });
    controller.addEventListener("info", ({ detail }) => {
      this.#noteRung(detail);
    });
    this.#controller = controller;
    previous?.close();
    this.dispatchEvent(new Event("remoteControllerChanged"));
  }
}

function wantedKinds(options: OfferOptions): readonly ("audio" | "video")[] {
  return [
    ...(options.offerToReceiveAudio ? (["audio"] as const) : []),
    ...(options.offerToReceiveVideo ? (["video"] as const) : []),
  ];
}
