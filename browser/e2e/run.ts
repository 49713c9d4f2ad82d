/** Goes through scenarios, one after the other in one browser each, and prints one line of JSON for each; it ends in time. */

import { type Scenario, attempt } from "./scenario.js";
import type { Browser, BrowserName } from "./support/browsers.js";
import type { World } from "./world.js";

/** What is run, and with what. */
export interface Run {
  readonly scenarios: readonly Scenario[];
  readonly browsers: readonly BrowserName[];
  readonly world: World;
  /** Longest duration of all together (ms). */
  readonly deadline: number;
  readonly launch: (name: BrowserName, words?: readonly string[]) => Promise<Browser>;
  readonly print: (line: string) => void;
}

/** Whether there were scenarios, and all of them passed in time. What a run that is late has open is its caller's. */
export async function run(plan: Run): Promise<boolean> {
  const progress = { failed: 0, passed: 0, now: "" };
  let late: NodeJS.Timeout | undefined;
  const limit = new Promise<"late">((resolve) => {
    late = setTimeout(resolve, plan.deadline, "late");
  });
  try {
    const ended = await Promise.race([goThroughAll(plan, progress), limit]);
    if (ended === "late") {
      const { now, passed, failed } = progress;
      const error = `the run was not over within ${plan.deadline} ms: ${passed} passed, ${failed} failed, and now it was at ${now}`;
      plan.print(JSON.stringify({ ok: false, error }));
      return false;
    }
  } catch (error) {
    plan.print(`${progress.now}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return false;
  } finally {
    clearTimeout(late);
  }
  if (progress.passed + progress.failed === 0) {
    plan.print(JSON.stringify({ ok: false, error: "there is no such scenario" }));
  }
  return progress.failed === 0 && progress.passed > 0;
}

interface Progress {
  failed: number;
  passed: number;
  /** What goes on, for people. */
  now: string;
}

async function goThroughAll(plan: Run, progress: Progress): Promise<void> {
  for (const browser of plan.browsers) {
    const scenarios = plan.scenarios.filter(({ browsers }) => browsers?.includes(browser) ?? true);
    await goThrough(plan, browser, scenarios, progress);
  }
}

async function goThrough(plan: Run, name: BrowserName, scenarios: readonly Scenario[], progress: Progress): Promise<void> {
  let shared: Browser | null = null;
  try {
    for (const scenario of scenarios) {
      progress.now = `'${scenario.name}' in ${name}`;
      const own = scenario.words === undefined ? null : await plan.launch(name, scenario.words);
      try {
        const browser = own ?? (shared ??= await plan.launch(name));
        const { error, ...line } = await attempt(scenario, browser, plan.world);
        plan.print(JSON.stringify(line));
        if (error === undefined) {
          progress.passed += 1;
        } else {
          progress.failed += 1;
          // As lines, which people can read.
          plan.print(`${scenario.name}: ${error}\n`);
        }
      } finally {
        await own?.close();
      }
    }
    progress.now = `the end of ${name}`;
  } finally {
    await shared?.close();
  }
}
