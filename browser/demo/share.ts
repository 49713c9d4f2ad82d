/** The buttons and the panel with which a person shares a camera or a screen. */

import type { GstWebRTCConfig, Peer } from "../src/index.js";
import { byId, setChoices } from "./elements.js";
import { nameOf, oneLine } from "./names.js";
import { Sharing, type SharingState } from "./sharing.js";

const NO_SOUND = "none";
const LABELS: Readonly<Record<SharingState, string>> = {
  idle: "Share this camera",
  asking: "Asking…",
  connecting: "Stop sharing",
  sharing: "Stop sharing",
};

/** The part of the page that produces. */
export class SharePanel {
  readonly #sharing: Sharing;
  readonly #toggle = byId("capture", HTMLButtonElement);
  readonly #open = byId("share-open", HTMLButtonElement);
  readonly #panel = byId("share");
  readonly #source = byId("share-source", HTMLSelectElement);
  readonly #camera = byId("share-camera", HTMLSelectElement);
  readonly #microphone = byId("share-microphone", HTMLSelectElement);
  readonly #consumer = byId("share-consumer", HTMLSelectElement);
  readonly #name = byId("share-name", HTMLInputElement);
  readonly #status = byId("share-status");
  readonly #preview = byId("share-preview", HTMLVideoElement);
  readonly #onChange: () => void;

  /** `config` says how to connect; `report` is told what goes wrong, `onChange` when what is shared changes. */
  constructor(config: GstWebRTCConfig, report: (text: string) => void, onChange: () => void) {
    this.#onChange = onChange;
    this.#sharing = new Sharing(config, {
      changed: () => {
        this.#show();
      },
      problem: report,
    });
    // Phones cannot share their screen.
    if (!("mediaDevices" in navigator && "getDisplayMedia" in navigator.mediaDevices)) {
      this.#source.querySelector("option[value=screen]")?.remove();
    }
    this.#wire(report);
    this.showConsumers([]);
    this.#showDevices([]);
    this.#show();
  }

  /** What this page is called where it is a producer; null: it is none. */
  get clientId(): string | null {
    return this.#sharing.clientId;
  }

  /** Who can be shared with alone. */
  showConsumers(consumers: readonly Peer[]): void {
    const named = consumers.map((peer) => ({ value: peer.id, text: nameOf(peer) }));
    setChoices(this.#consumer, [{ value: "", text: "Everybody" }, ...named]);
  }

  #wire(report: (text: string) => void): void {
    this.#toggle.addEventListener("click", () => {
      if (this.#sharing.state === "idle") {
        report("");
        void this.#start();
      } else {
        this.#sharing.stop();
      }
    });
    this.#open.addEventListener("click", () => {
      this.#setOpen(this.#panel.hidden !== false);
      void this.#findDevices();
    });
    this.#source.addEventListener("change", () => {
      this.#show();
    });
  }

  async #start(): Promise<void> {
    const microphone = this.#microphone.value;
    await this.#sharing.start({
      source: this.#source.value === "screen" ? "screen" : "camera",
      camera: this.#camera.value,
      microphone: microphone === NO_SOUND ? null : microphone,
      name: oneLine(this.#name.value) || "Web page",
      consumer: this.#consumer.value,
    });
    if (this.#sharing.stream !== null) {
      this.#setOpen(true);
      // Devices have names as soon as one may be used.
      await this.#findDevices();
    }
  }

  #setOpen(open: boolean): void {
    this.#panel.hidden = !open;
    this.#open.setAttribute("aria-expanded", String(open));
  }

  async #findDevices(): Promise<void> {
    try {
      this.#showDevices("mediaDevices" in navigator ? await navigator.mediaDevices.enumerateDevices() : []);
    } catch {
      // The usual ones can be had nevertheless.
    }
  }

  #showDevices(devices: readonly MediaDeviceInfo[]): void {
    const known = (kind: MediaDeviceKind): { value: string; text: string }[] =>
      devices
        .filter((device) => device.kind === kind && device.deviceId !== "" && device.label !== "")
        .map(({ deviceId, label }) => ({ value: deviceId, text: oneLine(label) }));
    setChoices(this.#camera, [{ value: "", text: "The usual camera" }, ...known("videoinput")]);
    setChoices(this.#microphone, [
      { value: "", text: "The usual microphone" },
      ...known("audioinput"),
      { value: NO_SOUND, text: "No sound" },
    ]);
  }

  #show(): void {
    const { state, stream, viewers, connected } = this.#sharing;
    const screen = this.#source.value === "screen";
    this.#toggle.textContent = state === "idle" && screen ? "Share this screen" : LABELS[state];
    this.#toggle.setAttribute("aria-pressed", String(stream !== null));
    this.#toggle.disabled = state === "asking";
    for (const field of [this.#source, this.#camera, this.#microphone, this.#consumer, this.#name]) {
      field.disabled = state !== "idle";
    }
    for (const field of [this.#camera, this.#microphone]) {
      field.closest("label")?.toggleAttribute("hidden", screen);
    }
    this.#status.textContent = statusWords(state, viewers, connected);
    this.#preview.hidden = stream === null;
    if (this.#preview.srcObject !== stream) {
      this.#preview.srcObject = stream;
    }
    this.#onChange();
  }
}

/** What is said of sharing. */
export function statusWords(state: SharingState, viewers: number, connected: boolean): string {
  switch (state) {
    case "idle":
      return "Nothing leaves this device until you share it.";
    case "asking":
      return "The browser asks whether this page may…";
    case "connecting":
      return "Connecting…";
    case "sharing":
      if (!connected) {
        return "The connection to the signalling server is lost, so that nobody can come. Who watches goes on watching; this page tries again.";
      }
      return viewers === 0 ? "Live. Nobody watches yet." : `Live. ${viewers} ${viewers === 1 ? "viewer" : "viewers"}.`;
  }
}
