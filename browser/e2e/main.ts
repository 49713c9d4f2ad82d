/**
 * Runs the scenarios in each of `BROWSERS`. Words on the command line choose those that have all of them in their names.
 */

import { run } from "./run.js";
import { SCENARIOS } from "./scenarios/index.js";
import { LAUNCHERS, wantedBrowsers } from "./support/browsers.js";
import { World } from "./world.js";

/** Longest duration in each browser (ms): the test that waits for it is killed without a word after 240 s. */
const DEADLINE = 200_000;
/** After which what does not end goes with this process, as do its programs. */
const ENDS = 10_000;

const world = new World();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    void end(1);
  });
}

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const browsers = wantedBrowsers();
const passed = await run({
  scenarios: SCENARIOS.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word))),
  browsers,
  world,
  deadline: DEADLINE * browsers.length,
  launch: (name, options) => LAUNCHERS[name](options),
  print: (line) => {
    console.log(line);
  },
});
await end(passed ? 0 : 1);

/** Whatever a scenario left open would keep this process. */
async function end(code: number): Promise<never> {
  setTimeout(() => process.exit(code), ENDS);
  await world.end();
  process.exit(code);
}
