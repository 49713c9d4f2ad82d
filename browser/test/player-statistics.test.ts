// @vitest-environment happy-dom
import assert from "node:assert/strict";
import { test } from "vitest";
import type { ConsumerSession, SessionStatistics } from "../src/index.js";
import { StatisticsPanel } from "../src/player/statistics-panel.js";

test("figures that are turned off and on again are read once", async () => {
  let [begun, over] = [0, 0];
  const asking: (() => void)[] = [];
  async function* statistics(): AsyncGenerator<SessionStatistics> {
    begun += 1;
    try {
      for (;;) {
        await new Promise<void>((resolve) => {
          asking.push(resolve);
        });
        yield { at: 0, codec: "video/VP8" };
      }
    } finally {
      over += 1;
    }
  }
  const session = { statistics } as unknown as ConsumerSession;
  const panel = new StatisticsPanel();
  for (const follows of [session, null, session, null, session]) {
    panel.follow(follows);
  }
  for (const tell of asking.splice(0)) {
    tell();
  }
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual([begun, over], [3, 2]);
  assert.equal(panel.element.hidden, false);
});
