/**
 * Runs scenarios one after the other in one browser each of `BROWSERS`, and prints one line of JSON for each. Words on
 * the command line choose the scenarios that have all of them in their names.
 */

import { type Scenario, attempt } from "./scenario.js";
import { SCENARIOS } from "./scenarios/index.js";
import { type Browser, type BrowserName, LAUNCHERS, wantedBrowsers } from "./support/browsers.js";
import { World } from "./world.js";

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const world = new World();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    void world.end().finally(() => process.exit(1));
  });
}

let passed = 0;
try {
  for (const browser of wantedBrowsers()) {
    passed += await goThrough(browser, SCENARIOS.filter((scenario) => isWanted(scenario, browser)));
  }
} finally {
  await world.end();
}
if (passed === 0) {
  console.log(JSON.stringify({ ok: false, error: "there is no such scenario" }));
  process.exitCode = 1;
}

function isWanted({ name, browsers }: Scenario, browser: BrowserName): boolean {
  return (browsers?.includes(browser) ?? true) && words.every((word) => name.toLowerCase().includes(word));
}

/** How many of them there were; a failure is in the exit code. */
async function goThrough(name: BrowserName, scenarios: readonly Scenario[]): Promise<number> {
  let shared: Browser | null = null;
  try {
    for (const scenario of scenarios) {
      const own = scenario.words === undefined ? null : await LAUNCHERS[name](scenario.words);
      try {
        const browser = own ?? (shared ??= await LAUNCHERS[name]());
        const outcome = await attempt(scenario, browser, world);
        const { error, ...line } = outcome;
        console.log(JSON.stringify(line));
        if (error !== undefined) {
          // As lines, which people can read.
          console.log(`${scenario.name}: ${error}\n`);
          process.exitCode = 1;
        }
      } finally {
        await own?.close();
      }
    }
  } finally {
    await shared?.close();
  }
  return scenarios.length;
}
