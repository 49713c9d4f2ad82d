import "./support/globals.js";
import assert from "node:assert/strict";
import { test } from "vitest";
import { CaptureError, type CaptureProblem, captureCamera, captureCanvas, captureMicrophone, captureScreen, stopCapture } from "../src/index.js";
import { FakeDevices, FakeStream, named } from "./support/fake-media.js";

async function problem(asking: Promise<unknown>): Promise<CaptureError> {
  try {
    await asking;
  } catch (error) {
    assert.ok(error instanceof CaptureError);
    return error;
  }
  throw new Error("something was captured");
}

test.for<[string, CaptureProblem, RegExp]>([
  ["NotAllowedError", "denied", /may not use the camera.*Allow it/],
  ["NotReadableError", "inUse", /another program/],
  ["OverconstrainedError", "unsatisfiable", /No camera can do what was asked for \(width\)/],
  ["toString", "unknown", /words of the browser/],
  ["SomethingNew", "unknown", /words of the browser about SomethingNew/],
])("%s of a camera is %s, in words that name the cure", async ([name, reason, words]) => {
  const devices = FakeDevices.install();
  devices.fault = named(name, { constraint: "width" });
  const error = await problem(captureCamera());
  assert.equal(error.reason, reason);
  assert.equal(error.source, "camera");
  assert.equal(error.cause, devices.fault);
  assert.match(error.message, words);
});

test("a page that is not secure is told to use https", async () => {
  FakeDevices.remove(false);
  for (const error of [await problem(captureCamera()), await problem(captureMicrophone()), await problem(captureScreen())]) {
    assert.equal(error.reason, "insecure");
    assert.match(error.message, /https:\/\//);
  }
});

test("a browser without devices is said to be unable", async () => {
  FakeDevices.remove(true);
  assert.equal((await problem(captureCamera())).reason, "unsupported");
});

test("a phone that cannot share its screen says so", async () => {
  FakeDevices.install();
  const error = await problem(captureScreen());
  assert.deepEqual([error.reason, error.source], ["unsupported", "screen"]);
});

test("a camera without a microphone is captured without sound", async () => {
  const devices = FakeDevices.install();
  devices.kinds = ["videoinput"];
  const stream = await captureCamera();
  assert.deepEqual(stream.getTracks().map(({ kind }) => kind), ["video"]);
});

test("a microphone that is wanted and missing is named", async () => {
  const devices = FakeDevices.install();
  devices.kinds = ["videoinput"];
  const error = await problem(captureCamera({ audio: true }));
  assert.deepEqual([error.reason, error.source], ["notFound", "microphone"]);
});

test("a machine without a camera says that there is none", async () => {
  const devices = FakeDevices.install();
  devices.kinds = ["audioinput"];
  const error = await problem(captureCamera());
  assert.deepEqual([error.reason, error.source], ["notFound", "camera"]);
  assert.equal(devices.asked.length, 1);
});

test("wishes become constraints that devices come near to, and a named device is that one", async () => {
  const devices = FakeDevices.install();
  await captureCamera({ width: 640, height: 360, facing: "environment", audio: false });
  await captureCamera({ deviceId: "second", audio: { speech: false } });
  assert.deepEqual(devices.asked[0], {
    video: {
      width: { ideal: 640 },
      height: { ideal: 360 },
      frameRate: { ideal: 30 },
      facingMode: { ideal: "environment" },
    },
  });
  const [, second] = devices.asked;
  assert.deepEqual((second?.video as MediaTrackConstraints).deviceId, { exact: "second" });
  assert.deepEqual(second?.audio, {
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
    channelCount: { ideal: 2 },
  });
});

test("a screen is captured with letters that stay sharp, and none that is chosen is no fault of the page", async () => {
  const devices = FakeDevices.install();
  const asked: unknown[] = [];
  const given = new FakeStream("video");
  Object.assign(devices, {
    getDisplayMedia: (options: unknown) => {
      asked.push(options);
      return asked.length === 1 ? Promise.resolve(given) : Promise.reject(named("NotAllowedError"));
    },
  });
  await captureScreen({ frameRate: 15 });
  assert.deepEqual(asked, [{ video: { frameRate: { max: 15 } }, audio: false }]);
  assert.equal(given.getVideoTracks()[0]?.contentHint, "detail");
  assert.match((await problem(captureScreen())).message, /no screen was chosen/);
});

test("a canvas with pictures of other sites is a typed error", () => {
  const canvas = {
    captureStream: () => {
      throw named("SecurityError");
    },
  } as unknown as HTMLCanvasElement;
  assert.throws(() => captureCanvas(canvas), { name: "CaptureError", reason: "denied", source: "canvas" });
  assert.throws(() => captureCanvas({} as HTMLCanvasElement), { name: "CaptureError", reason: "unsupported" });
});

test("what was captured can be released", () => {
  const stream = new FakeStream("audio", "video");
  stopCapture(stream.asStream);
  assert.deepEqual(stream.getTracks().map(({ readyState }) => readyState), ["ended", "ended"]);
});
