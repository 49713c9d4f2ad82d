/** Where a point of the page lies in the video that is shown there. Pure: styles and boxes in, positions out. */

import type { At } from "./navigation.js";

/** A length and a height. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How a video fills its element, as in the CSS property `object-fit`. */
export type ObjectFit = "contain" | "cover" | "fill" | "none" | "scale-down";

/** A point of the video, and whether the pointer was on the picture rather than on the bars beside it. */
export interface VideoPoint extends At {
  readonly inside: boolean;
}

/** How the picture lies in a box: `object-fit` and the computed value of `object-position`. */
export interface Placement {
  readonly fit: ObjectFit;
  readonly position: string;
}

/** The linear part of a transform, as in CSS: x' = a x + c y, y' = b x + d y. */
export interface Linear {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** What a transform that does nothing is. */
export const IDENTITY: Linear = { a: 1, b: 0, c: 0, d: 1 };

/** Where an element is, and how it is turned. */
export interface Frame {
  /** The middle of the element, in the coordinates of the pointer: the middle of its bounding box. */
  readonly centre: At;
  /** What the element and all around it are transformed by. */
  readonly transform: Linear;
  /** The element's size before that, with borders. */
  readonly outer: Size;
  /** Where in it the picture may be: without borders and padding. */
  readonly content: At & Size;
}

/** The video in a frame. */
export interface Shown extends Placement {
  readonly frame: Frame;
  readonly video: Size;
}

/** The point of the video under a point of the page; null while there is no size. */
export function locate(pointer: At, shown: Shown): VideoPoint | null {
  const { frame } = shown;
  const turned = invert(frame.transform, { x: pointer.x - frame.centre.x, y: pointer.y - frame.centre.y });
  if (turned === null) {
    return null;
  }
  const { outer, content } = frame;
  const point = { x: turned.x + outer.width / 2 - content.x, y: turned.y + outer.height / 2 - content.y };
  return toVideoPoint(point, content, shown.video, shown.fit, shown.position);
}

/** A point of the video after the pointer went this far on the page; it stays in the video. */
export function displaced(from: At, movement: At, shown: Shown): VideoPoint | null {
  const { frame, video } = shown;
  const turned = invert(frame.transform, movement);
  if (turned === null || isEmpty(frame.content) || isEmpty(video)) {
    return null;
  }
  const [scaleX, scaleY] = scales(frame.content, video, shown.fit);
  return {
    x: clamp(from.x + turned.x / scaleX, video.width),
    y: clamp(from.y + turned.y / scaleY, video.height),
    inside: true,
  };
}

/**
 * The point of the video under a point of its element. A point on the bars becomes the nearest one of the picture.
 *
 * @param point - in CSS pixels from the top left corner of the element's content.
 * @param position - the computed `object-position`; the middle where it is left out.
 * @returns null while the video or the element has no size.
 */
export function toVideoPoint(
  point: At,
  element: Size,
  video: Size,
  fit: ObjectFit,
  position = "50% 50%",
): VideoPoint | null {
  if (isEmpty(element) || isEmpty(video)) {
    return null;
  }
  const [scaleX, scaleY] = scales(element, video, fit);
  const [fromLeft, fromTop] = parsePosition(position);
  const x = (point.x - fromLeft(element.width - video.width * scaleX)) / scaleX;
  const y = (point.y - fromTop(element.height - video.height * scaleY)) / scaleY;
  return {
    x: clamp(x, video.width),
    y: clamp(y, video.height),
    inside: x >= 0 && x <= video.width && y >= 0 && y <= video.height,
  };
}

/** The linear part of the computed values of `transform`, `rotate` and `scale` of one element. */
export function linearOf(transform: string, rotate = "none", scale = "none"): Linear {
  // In this order, whatever the order in the style sheet (CSS Transforms 2).
  return multiply(multiply(rotation(rotate), scaling(scale)), matrix(transform));
}

/** What `inner` and then `outer` around it do. */
export function multiply(outer: Linear, inner: Linear): Linear {
  return {
    a: outer.a * inner.a + outer.c * inner.b,
    b: outer.b * inner.a + outer.d * inner.b,
    c: outer.a * inner.c + outer.c * inner.d,
    d: outer.b * inner.c + outer.d * inner.d,
  };
}

function matrix(text: string): Linear {
  const [kind, inside] = text.split("(");
  const values = (inside ?? "").split(",").map((value) => Number.parseFloat(value));
  const [a, b, c, d] = kind === "matrix3d" ? [values[0], values[1], values[4], values[5]] : values;
  return a === undefined || b === undefined || c === undefined || d === undefined ? IDENTITY : { a, b, c, d };
}

function rotation(text: string): Linear {
  const angle = /^(?:z )?(-?[\d.]+(?:e[-+]?\d+)?)deg$/.exec(text)?.[1];
  if (angle === undefined) {
    return IDENTITY;
  }
  const radians = (Number(angle) * Math.PI) / 180;
  const [sin, cos] = [Math.sin(radians), Math.cos(radians)];
  return { a: cos, b: sin, c: -sin, d: cos };
}

function scaling(text: string): Linear {
  const [x, y] = text.split(" ").map(Number);
  return x === undefined || Number.isNaN(x) ? IDENTITY : { a: x, b: 0, c: 0, d: y ?? x };
}

function invert({ a, b, c, d }: Linear, { x, y }: At): At | null {
  const determinant = a * d - b * c;
  return determinant === 0 ? null : { x: (d * x - c * y) / determinant, y: (a * y - b * x) / determinant };
}

/** For each axis, how far the picture is from the edge where this much of the element is left free. */
function parsePosition(text: string): [(free: number) => number, (free: number) => number] {
  const [x, y] = text.match(/calc\([^)]*\)|\S+/g) ?? [];
  return [offset(x ?? "50%"), offset(y ?? "50%")];
}

/** A length, a percentage, or a sum of them: computed values are nothing else. */
function offset(text: string): (free: number) => number {
  const terms = [...text.matchAll(/([-+]?)\s*(\d*\.?\d+)(%|px)/g)].map(([, sign, digits, unit]) => ({
    amount: Number(digits) * (sign === "-" ? -1 : 1),
    relative: unit === "%",
  }));
  return (free) => terms.reduce((sum, { amount, relative }) => sum + (relative ? (amount / 100) * free : amount), 0);
}

function scales(element: Size, video: Size, fit: ObjectFit): [number, number] {
  const x = element.width / video.width;
  const y = element.height / video.height;
  const uniform = { contain: Math.min(x, y), cover: Math.max(x, y), none: 1, "scale-down": Math.min(x, y, 1) };
  return fit === "fill" ? [x, y] : [uniform[fit], uniform[fit]];
}

function isEmpty({ width, height }: Size): boolean {
  return !(width > 0 && height > 0);
}

function clamp(value: number, length: number): number {
  return Math.min(Math.max(value, 0), length);
}
