/** When the web page shows a preview of a producer. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Preview } from "../demo/preview.js";

const [door, yard] = [
  { id: "door", meta: null },
  { id: "yard", meta: null },
];
let events: string[] = [];
let preview: Preview;

beforeEach(() => {
  vi.useFakeTimers();
  events = [];
  preview = new Preview({
    delay: 100,
    longest: 1000,
    open: ({ id }) => {
      events.push(`open ${id}`);
      return { close: () => events.push(`close ${id}`) };
    },
  });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a preview begins when somebody has looked for a moment, and ends when they look away", () => {
  preview.look(door);
  vi.advanceTimersByTime(99);
  expect(events).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(events).toEqual(["open door"]);
  preview.lookAway("door");
  expect(events).toEqual(["open door", "close door"]);
});

test("passing by costs the producer nothing", () => {
  preview.look(door);
  vi.advanceTimersByTime(50);
  preview.lookAway("door");
  vi.advanceTimersByTime(5000);
  expect(events).toEqual([]);
});

test("there is never more than one preview", () => {
  preview.look(door);
  vi.advanceTimersByTime(100);
  preview.look(yard);
  expect(events).toEqual(["open door", "close door"]);
  // The pointer leaves the one after it has come to the other.
  preview.lookAway("door");
  vi.advanceTimersByTime(100);
  expect(events).toEqual(["open door", "close door", "open yard"]);
});

test("a preview that nobody leaves ends by itself, and stays so until somebody looks anew", () => {
  preview.look(door);
  vi.advanceTimersByTime(1100);
  expect(events).toEqual(["open door", "close door"]);
  preview.look(door);
  vi.advanceTimersByTime(5000);
  expect(events).toHaveLength(2);
  preview.lookAway("door");
  preview.look(door);
  vi.advanceTimersByTime(100);
  expect(events).toHaveLength(3);
});

test("looking on does not start it again", () => {
  preview.look(door);
  vi.advanceTimersByTime(60);
  preview.look(door);
  vi.advanceTimersByTime(40);
  expect(events).toEqual(["open door"]);
});

test("playing the producer ends its preview, and it does not begin afterwards", () => {
  preview.look(door);
  vi.advanceTimersByTime(100);
  preview.stop();
  preview.lookAway("door");
  vi.advanceTimersByTime(5000);
  expect(events).toEqual(["open door", "close door"]);
});
