/** What this page produces: one stream at a time, on a connection of its own so that it can have a name of its own. */

import {
  type CameraWishes,
  GstWebRTCAPI,
  type GstWebRTCConfig,
  type ProducerSession,
  SessionState,
  captureCamera,
  captureScreen,
  describeEnd,
  isOrdinaryEnd,
  stopCapture,
} from "../src/index.js";
import { sentence } from "./words.js";

/** What to share, and with whom. */
export interface SharingWishes {
  readonly source: "camera" | "screen";
  /** Empty: the system's choice. */
  readonly camera: string;
  /** Empty: the system's choice; null: no sound. */
  readonly microphone: string | null;
  /** What others see. */
  readonly name: string;
  /** The passive consumer that it is for; empty: everybody. */
  readonly consumer: string;
}

/** What is going on. */
export type SharingState = "idle" | "asking" | "connecting" | "sharing";

/** Who is told about it. */
export interface SharingObserver {
  /** The state, the stream or the number of viewers changed. */
  changed(): void;
  /** Something is wrong, in words. */
  problem(text: string): void;
}

/** Shares a camera or a screen of this device. */
export class Sharing {
  readonly #config: GstWebRTCConfig;
  readonly #observer: SharingObserver;
  #state: SharingState = "idle";
  #stream: MediaStream | null = null;
  #api: GstWebRTCAPI | null = null;
  #session: ProducerSession | null = null;
  #clientId: string | null = null;
  #viewers = 0;
  #connected = false;

  /** `config` says how to connect. */
  constructor(config: GstWebRTCConfig, observer: SharingObserver) {
    this.#config = config;
    this.#observer = observer;
  }

  get state(): SharingState {
    return this.#state;
  }

  /** What is shared; null: nothing. */
  get stream(): MediaStream | null {
    return this.#stream;
  }

  /** How many watch it. */
  get viewers(): number {
    return this.#viewers;
  }

  /** Whether somebody may come: the connection to the signalling server works. */
  get connected(): boolean {
    return this.#connected;
  }

  /** What this page is called where it is a producer; null: it is none. */
  get clientId(): string | null {
    return this.#clientId;
  }

  /** Asks for the device, and shares it. Call it from a click. */
  async start(wishes: SharingWishes): Promise<void> {
    if (this.#state !== "idle") {
      return;
    }
    this.#become("asking");
    try {
      this.#stream = await capture(wishes);
    } catch (error) {
      this.#observer.problem(error instanceof Error ? error.message : String(error));
      this.#become("idle");
      return;
    }
    for (const track of this.#stream.getTracks()) {
      // The browser has a button of its own for this.
      track.addEventListener("ended", () => {
        this.stop();
      });
    }
    this.#become("connecting");
    this.#connect(this.#stream, wishes);
  }

  /** Ends it, and gives the device back. */
  stop(): void {
    if (this.#stream !== null) {
      stopCapture(this.#stream);
    }
    const api = this.#api;
    [this.#stream, this.#api, this.#session, this.#clientId, this.#viewers] = [null, null, null, null, 0];
    this.#connected = false;
    api?.close();
    if (this.#state !== "asking") {
      this.#become("idle");
    }
  }

  #connect(stream: MediaStream, { name, consumer }: SharingWishes): void {
    const api = new GstWebRTCAPI({ ...this.#config, meta: { name } });
    this.#api = api;
    api.registerConnectionListener({
      connected: (clientId) => {
        this.#clientId = clientId;
        this.#connected = true;
        // After a lost connection the stream is still offered.
        if (this.#session === null) {
          this.#produce(api, stream, consumer);
        }
        this.#observer.changed();
      },
      disconnected: () => {
        this.#connected = false;
        this.#observer.changed();
      },
      problem: (text, reason) => {
        // Who shares need not know who else is there.
        if (reason !== "mayNotList") {
          this.#observer.problem(sentence(text));
        }
      },
    });
  }

  #produce(api: GstWebRTCAPI, stream: MediaStream, consumer: string): void {
    const session = consumer === "" ? api.createProducerSession(stream) : api.createProducerSessionForConsumer(stream, consumer);
    this.#session = session;
    if (session === null) {
      this.#observer.problem("There is no signalling server to share through.");
      this.stop();
      return;
    }
    session.addEventListener("stateChanged", () => {
      if (session === this.#session && session.state === SessionState.streaming) {
        this.#become("sharing");
      }
    });
    for (const [type, more] of [["clientConsumerAdded", 1], ["clientConsumerRemoved", -1]] as const) {
      session.addEventListener(type, () => {
        this.#viewers += more;
        this.#observer.changed();
      });
    }
    session.addEventListener("closed", ({ detail }) => {
      if (session !== this.#session) {
        return;
      }
      if (!isOrdinaryEnd(detail)) {
        this.#observer.problem(`Sharing ended. ${sentence(describeEnd(detail))}`);
      }
      this.stop();
    });
    session.start();
  }

  #become(state: SharingState): void {
    this.#state = state;
    this.#observer.changed();
  }
}

function capture({ source, camera, microphone }: SharingWishes): Promise<MediaStream> {
  if (source === "screen") {
    return captureScreen();
  }
  const wishes: CameraWishes = {
    ...(camera === "" ? {} : { deviceId: camera }),
    ...(microphone === null ? { audio: false } : microphone === "" ? {} : { audio: { deviceId: microphone } }),
  };
  return captureCamera(wishes);
}
