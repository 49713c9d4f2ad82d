import "./support/globals.js";
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "vitest";
import { type ConsumerSession, type NavigationEvent, RemoteController } from "../src/index.js";

const golden = new URL("../../crates/protocol/tests/golden/", import.meta.url);

function read(folder: string): { name: string; value: Record<string, unknown> }[] {
  const url = new URL(`${folder}/`, golden);
  return readdirSync(url).map((name) => ({
    name,
    value: JSON.parse(readFileSync(new URL(name, url), "utf8")) as Record<string, unknown>,
  }));
}

class FakeChannel extends EventTarget {
  readonly sent: unknown[] = [];
  readonly label: string;
  readonly readyState = "open";

  constructor(label: string) {
    super();
    this.label = label;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {}
}

function controller(label: string): { channel: FakeChannel; remote: RemoteController } {
  const channel = new FakeChannel(label);
  const session = { rtcPeerConnection: null } as unknown as ConsumerSession;
  return { channel, remote: new RemoteController(channel as unknown as RTCDataChannel, session) };
}

/** An example of every event that this client can send; the compiler misses none. */
const EVENTS: { readonly [Name in NavigationEvent["event"]]: NavigationEvent & { event: Name } } = {
  KeyPress: { event: "KeyPress", key: "Shift_L", modifier_state: "shift-mask" },
  KeyRelease: { event: "KeyRelease", key: "a", modifier_state: "" },
  MouseMove: { event: "MouseMove", x: 1.5, y: 2.5, modifier_state: "" },
  MouseButtonPress: { event: "MouseButtonPress", button: 1, x: 1.5, y: 2.5, modifier_state: "shift-mask+button1-mask" },
  MouseButtonRelease: { event: "MouseButtonRelease", button: 3, x: 1.5, y: 2.5, modifier_state: "" },
  MouseScroll: { event: "MouseScroll", x: 1.5, y: 2.5, delta_x: 0.5, delta_y: -120.5, modifier_state: "control-mask" },
  TouchDown: { event: "TouchDown", identifier: 7, x: 1.5, y: 2.5, pressure: 0.5, modifier_state: "" },
  TouchMotion: { event: "TouchMotion", identifier: 7, x: 3.5, y: 4.5, pressure: 0.75, modifier_state: "" },
  TouchUp: { event: "TouchUp", identifier: 7, x: 3.5, y: 4.5, modifier_state: "" },
  TouchFrame: { event: "TouchFrame", modifier_state: "" },
  TouchCancel: { event: "TouchCancel", modifier_state: "" },
  Command: { event: "Command", command: "Menu1", modifier_state: "" },
};

test("every event is written as in its golden file", () => {
  const files = read("navigation").filter(({ value }) => !("mid" in value || "videoSize" in value));
  assert.deepEqual(files.map(({ value }) => value["event"]).sort(), Object.keys(EVENTS).sort());
  for (const { name, value } of files) {
    const { channel, remote } = controller("input");
    remote.sendNavigationEvent(EVENTS[value["event"] as NavigationEvent["event"]]);
    assert.deepEqual(channel.sent, [value], name);
  }
});

/** As much of a video element, and of the page around it, as a controller asks for before somebody touches it. */
function videoOf(videoWidth: number, videoHeight: number): HTMLVideoElement {
  Object.assign(globalThis, { window: globalThis, document: new EventTarget() });
  const face = { videoWidth, videoHeight, style: {}, hasAttribute: () => true };
  return Object.assign(new EventTarget(), face) as unknown as HTMLVideoElement;
}

test("positions come with the size of the picture that they are in, as in the golden files", () => {
  for (const [label, folder] of [["input", "navigation"], ["control", "control-request"]] as const) {
    const { channel, remote } = controller(label);
    remote.attachVideoElement(videoOf(640, 360));
    const golden = read(folder).find(({ value }) => "videoSize" in value)?.value;
    remote.sendNavigationEvent(EVENTS.KeyRelease);
    remote.sendNavigationEvent(EVENTS.Command);
    remote.sendNavigationEvent(EVENTS.MouseMove);
    assert.deepEqual(channel.sent.at(-1), golden);
    assert.ok(channel.sent.slice(0, -1).every((message) => !("videoSize" in (message as object))));
  }
});

test("requests are written as in their golden files", () => {
  for (const { name, value } of read("control-request").filter(({ value }) => !("videoSize" in value))) {
    const { channel, remote } = controller("control");
    for (let id = 0; id <= Number(value["id"]); id += 1) {
      remote.sendControlRequest(value["request"] as object, value["mid"] as string | undefined);
    }
    assert.deepEqual(channel.sent.at(-1), value, name);
  }
});

test("every golden message of producers is heard", () => {
  for (const { name, value } of read("control-message")) {
    const { channel, remote } = controller("control");
    const heard: unknown[] = [];
    remote.addEventListener("controlResponse", ({ detail }) => heard.push(detail));
    remote.addEventListener("info", ({ detail }) => heard.push(detail));
    channel.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(value) }));
    assert.deepEqual(heard, [value], name);
  }
});
