import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PHASES, readAnswer, RUNG_METRICS, VIEWER_METRICS } from "../dashboard/data.js";

/** What an element said, to which the element's own tests hold it. */
const golden: unknown = JSON.parse(readFileSync(new URL("golden/dashboard.json", import.meta.url), "utf8"));

describe("what an element says", () => {
  const answer = readAnswer(golden);
  if (answer === null) {
    throw new Error("it is not read");
  }

  it("is read with every number of viewers and of rungs", () => {
    for (const metric of VIEWER_METRICS) {
      const known = answer.sessions.flatMap((session) => session.samples[metric]).filter((value) => value !== null);
      expect(known.length, metric).toBeGreaterThan(10);
    }
    for (const metric of RUNG_METRICS) {
      const known = answer.rungs.flatMap((rung) => rung.samples[metric]).filter((value) => value !== null);
      expect(known.length, metric).toBeGreaterThan(10);
    }
  });

  it("is read with phases in order and with ends", () => {
    for (const { phases } of answer.sessions) {
      const reached = PHASES.map((phase) => phases[phase]).filter((at) => at !== null);
      expect(reached).toEqual([...reached].sort((one, other) => one - other));
      expect(phases.requested).not.toBeNull();
    }
    expect(answer.sessions.map(({ state }) => state)).toEqual(["streaming", "ended", "ended", "streaming"]);
    expect(answer.sessions.map(({ end }) => end?.isError)).toEqual([undefined, false, true, undefined]);
    expect(answer.rungs.map(({ rung, width }) => [rung, width])).toContainEqual([2, 320]);
  });
});
