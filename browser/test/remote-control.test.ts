import "./support/globals.js";
import assert from "node:assert/strict";
import { test } from "vitest";
import { type ConsumerSession, RemoteController } from "../src/index.js";

class FakeChannel extends EventTarget {
  readonly sent: unknown[] = [];
  readyState = "open";

  readonly label: string;

  constructor(label: string) {
    super();
    this.label = label;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = "closed";
  }

  receive(data: string): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
}

function controller(label: string): { channel: FakeChannel; controller: RemoteController } {
  const channel = new FakeChannel(label);
  const session = { rtcPeerConnection: null } as unknown as ConsumerSession;
  return { channel, controller: new RemoteController(channel as unknown as RTCDataChannel, session) };
}

const move = { event: "MouseMove", x: 1, y: 2, modifier_state: "" } as const;

test("requests are numbered and sent as they are", () => {
  const { channel, controller: remote } = controller("control");
  const request = { type: "customUpstreamEvent", structureName: "zoom", structure: { by: 2 } };
  assert.equal(remote.sendControlRequest(request), 0);
  assert.equal(remote.sendControlRequest(JSON.stringify(request), "video0"), 1);
  assert.deepEqual(channel.sent, [
    { id: 0, request },
    { id: 1, mid: "video0", request: JSON.stringify(request) },
  ]);
});

test("input is a request on the control channel and bare on the input channel", () => {
  const [control, input] = [controller("control"), controller("input")];
  assert.ok(control.controller.sendNavigationEvent(move));
  assert.ok(input.controller.sendNavigationEvent(move));
  assert.deepEqual(control.channel.sent, [{ id: 0, request: { type: "navigationEvent", event: move } }]);
  assert.deepEqual(input.channel.sent, [move]);
});

test("the input channel takes no requests", () => {
  const { channel, controller: remote } = controller("input");
  assert.equal(remote.sendControlRequest({ type: "customUpstreamEvent" }), -1);
  assert.deepEqual(channel.sent, []);
});

test("nothing is sent after the end", () => {
  const { controller: remote } = controller("control");
  let closed = 0;
  const errors: string[] = [];
  remote.addEventListener("closed", () => (closed += 1));
  remote.addEventListener("error", ({ message }) => errors.push(message));
  remote.close();
  remote.close();
  assert.equal(closed, 1);
  assert.equal(remote.sendNavigationEvent(move), false);
  assert.deepEqual(errors, []);
  assert.equal(remote.sendControlRequest({}), -1);
  assert.deepEqual(errors, ["the channel is not open, no request can be sent"]);
});

test("answers and news are told apart, and everything else is passed over", () => {
  const { channel, controller: remote } = controller("control");
  const told: unknown[] = [];
  remote.addEventListener("controlResponse", ({ detail }) => told.push(["answer", detail.id, detail.error]));
  remote.addEventListener("info", ({ detail }) => told.push(["news", detail.mid, detail.info]));
  channel.receive('{"type":"ControlResponseMessage","id":3,"error":null}');
  channel.receive('{"type":"InfoMessage","mid":"video0","info":{"meta":{}}}');
  channel.receive('{"type":"ControlResponseMessage","id":"3"}');
  channel.receive('{"type":"LaterMessage"}');
  channel.receive("nonsense");
  assert.deepEqual(told, [
    ["answer", 3, null],
    ["news", "video0", { meta: {} }],
  ]);
});

test("commands and texts are navigation events", () => {
  const { channel, controller: remote } = controller("input");
  assert.ok(remote.sendCommand("Menu1"));
  assert.ok(remote.sendText("é"));
  assert.deepEqual(channel.sent, [
    { event: "Command", command: "Menu1", modifier_state: "" },
    { event: "KeyPress", key: "eacute", modifier_state: "" },
    { event: "KeyRelease", key: "eacute", modifier_state: "" },
  ]);
  remote.close();
  assert.equal(remote.sendText("a"), false);
});

test("there is no pointer to lock without an element", async () => {
  const { controller: remote } = controller("control");
  assert.equal(await remote.lockPointer(), false);
  assert.equal(remote.pointerLocked, false);
});
