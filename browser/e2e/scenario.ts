/** What a scenario is, and how one is run: in a world of its own, with pages of its own, within a deadline. */

import type { Browser, BrowserName, Page } from "./support/browsers.js";
import { World } from "./world.js";

/** One thing that browsers do with the real element and the real server. */
export interface Scenario {
  /** A sentence that is true when it passes. */
  readonly name: string;
  /** The browsers that it is for; both where it is absent. */
  readonly browsers?: readonly BrowserName[];
  /** Words for the command line of a browser of its own; without them it has a page of the browser that all share. */
  readonly words?: readonly string[];
  /** Longest duration (ms). */
  readonly deadline?: number;
  /** Fails by an error. What it returns is printed beside its name. */
  run(browser: Browser, world: World): Promise<unknown>;
}

/** What became of a scenario, as it is printed. */
export interface Outcome {
  readonly ok: boolean;
  readonly browser: BrowserName;
  readonly scenario: string;
  /** Its duration (s). */
  readonly took: number;
  readonly seen?: unknown;
  readonly error?: string;
}

const DEADLINE = 40_000;

/** Runs a scenario in `browser`; pages and programs that it opened end with it. */
export async function attempt(scenario: Scenario, browser: Browser, whole: World): Promise<Outcome> {
  const { name, deadline = DEADLINE } = scenario;
  const world = new World(whole);
  const pages: Page[] = [];
  let over = false;
  const noting: Browser = {
    ...browser,
    open: async (url, options) => {
      const page = await browser.open(url, options);
      pages.push(page);
      if (over) {
        // It was asked for before, and came after the others were closed.
        await page.close();
        throw new Error("the scenario is over");
      }
      return page;
    },
  };
  const began = performance.now();
  let late: NodeJS.Timeout | undefined;
  const outcome = { browser: browser.name, scenario: name };
  const took = (): number => Math.round((performance.now() - began) / 10) / 100;
  try {
    const limit = new Promise<never>((_, reject) => {
      late = setTimeout(() => {
        reject(new Error(`it was not over within ${deadline} ms`));
      }, deadline);
    });
    const seen = await Promise.race([scenario.run(noting, world), limit]);
    return { ok: true, ...outcome, took: took(), ...(seen === undefined ? {} : { seen }) };
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const heard = pages.map(({ said }, at) => `page ${at + 1}:\n${said.slice(-20).join("\n")}`);
    const words = [text, ...heard, world.said, whole.said].filter((part) => part !== "");
    return { ok: false, ...outcome, took: took(), error: words.join("\n") };
  } finally {
    clearTimeout(late);
    over = true;
    await Promise.allSettled([...pages.map((page) => page.close()), world.end()]);
  }
}
