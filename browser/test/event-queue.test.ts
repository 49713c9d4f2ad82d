import assert from "node:assert/strict";
import { test } from "vitest";
import { EventQueue } from "../src/event-queue.js";
import type { NavigationEvent } from "../src/navigation.js";

function queue() {
  const sent: NavigationEvent[] = [];
  const waiting: (() => void)[] = [];
  const state = { busy: false };
  return {
    sent,
    state,
    waiting,
    nextFrame: () => {
      for (const run of waiting.splice(0)) {
        run();
      }
    },
    queue: new EventQueue({
      emit: (event) => sent.push(event),
      isBusy: () => state.busy,
      nextFrame: (run) => waiting.push(run),
    }),
  };
}

const move = (x: number): NavigationEvent => ({ event: "MouseMove", x, y: 0, modifier_state: "" });
const click: NavigationEvent = { event: "MouseButtonPress", button: 1, x: 2, y: 0, modifier_state: "" };

test("of the moves before a frame the last is sent", () => {
  const { queue: events, sent, nextFrame, waiting } = queue();
  events.sendMove(move(1));
  events.sendMove(move(2));
  assert.deepEqual([sent.length, waiting.length], [0, 1]);
  nextFrame();
  assert.deepEqual(sent, [move(2)]);
  nextFrame();
  assert.deepEqual(sent.length, 1);
});

test("a click comes after the move before it, and the move not again", () => {
  const { queue: events, sent, nextFrame } = queue();
  events.sendMove(move(1));
  events.send([click]);
  nextFrame();
  assert.deepEqual(sent, [move(1), click]);
});

test("moves wait while events pile up, clicks do not", () => {
  const { queue: events, sent, state, nextFrame } = queue();
  state.busy = true;
  events.sendMove(move(1));
  nextFrame();
  events.sendMove(move(2));
  nextFrame();
  assert.deepEqual(sent, []);
  state.busy = false;
  nextFrame();
  assert.deepEqual(sent, [move(2)]);
});
