import assert from "node:assert/strict";
import { test } from "vitest";
import { type Frame, IDENTITY, type Linear, displaced, linearOf, locate, multiply, toVideoPoint } from "../src/video-geometry.js";

const video = { width: 1280, height: 720 };
const square = { width: 640, height: 640 };

for (const [position, top] of [
  ["50% 50%", 140],
  ["0% 0%", 0],
  ["50% 100%", 280],
  ["50% 20px", 20],
  ["50% calc(100% - 30px)", 250],
  ["calc(50% + 1px) calc(50% + -10px)", 130],
] as const) {
  test(`a picture at ${position} begins ${top} pixels from the top`, () => {
    const point = toVideoPoint({ x: 320, y: top + 90 }, square, video, "contain", position);
    assert.equal(point?.y, 180);
    assert.equal(toVideoPoint({ x: 320, y: top - 1 }, square, video, "contain", position)?.inside, false);
  });
}

test("what covers its element is cut where the position says", () => {
  const point = { x: 0, y: 0 };
  assert.equal(toVideoPoint(point, square, video, "cover", "0% 50%")?.x, 0);
  assert.equal(Math.round(toVideoPoint(point, square, video, "cover", "100% 50%")?.x ?? 0), 560);
});

test("a small picture is not made larger where its size is kept or only scaled down", () => {
  const small = { width: 320, height: 320 };
  for (const fit of ["none", "scale-down"] as const) {
    assert.deepEqual(toVideoPoint({ x: 160, y: 160 }, square, small, fit), { x: 0, y: 0, inside: true });
  }
});

/** A 400 x 300 element with a border of 10 around a 1280 x 720 video that fills it, in the middle of (500, 500). */
function shown(transform: Linear) {
  const frame: Frame = {
    centre: { x: 500, y: 500 },
    transform,
    outer: { width: 420, height: 320 },
    content: { x: 10, y: 10, width: 400, height: 300 },
  };
  return { frame, video, fit: "fill", position: "50% 50%" } as const;
}

const quarter = linearOf("none", "90deg");

for (const [what, transform, pointer, expected] of [
  ["as it is", IDENTITY, { x: 300, y: 350 }, { x: 0, y: 0 }],
  ["as it is, at its end", IDENTITY, { x: 700, y: 650 }, { x: 1280, y: 720 }],
  ["at half its size", linearOf("none", "none", "0.5"), { x: 400, y: 425 }, { x: 0, y: 0 }],
  ["mirrored", linearOf("matrix(-1, 0, 0, 1, 0, 0)"), { x: 700, y: 350 }, { x: 0, y: 0 }],
  ["turned by a quarter", quarter, { x: 650, y: 300 }, { x: 0, y: 0 }],
  ["turned by a quarter, at its end", quarter, { x: 350, y: 700 }, { x: 1280, y: 720 }],
  ["turned in space around the axis of sight", linearOf("matrix3d(0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)"),
    { x: 650, y: 300 }, { x: 0, y: 0 }],
  ["turned in a box at half its size", multiply(linearOf("none", "none", "0.5 0.5"), quarter), { x: 575, y: 400 }, { x: 0, y: 0 }],
] as const) {
  test(`a point of a video ${what} is found`, () => {
    const point = locate(pointer, shown(transform));
    assert.ok(point !== null);
    assert.ok(Math.abs(point.x - expected.x) < 1e-6 && Math.abs(point.y - expected.y) < 1e-6, JSON.stringify(point));
  });
}

test("borders are not the picture", () => {
  assert.equal(locate({ x: 295, y: 500 }, shown(IDENTITY))?.inside, false);
});

test("a video that is pressed flat has no points", () => {
  assert.equal(locate({ x: 500, y: 500 }, shown(linearOf("none", "none", "0 1"))), null);
});

test("movement without a place becomes places of the video, and ends at its edges", () => {
  const at = { x: 640, y: 360 };
  assert.deepEqual(displaced(at, { x: 10, y: 5 }, shown(IDENTITY)), { x: 672, y: 372, inside: true });
  assert.deepEqual(displaced(at, { x: -900, y: 900 }, shown(IDENTITY)), { x: 0, y: 720, inside: true });
  assert.equal(displaced(at, { x: 1, y: 1 }, { ...shown(IDENTITY), video: { width: 0, height: 0 } }), null);
});

test("movement is turned with the video", () => {
  const moved = displaced({ x: 640, y: 360 }, { x: 0, y: 10 }, shown(quarter));
  assert.ok(moved !== null && Math.abs(moved.x - 672) < 1e-6 && Math.abs(moved.y - 360) < 1e-6, JSON.stringify(moved));
});
