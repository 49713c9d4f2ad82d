/** How runs of scenarios go on and end when scenarios fail or hang. */

import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type Run, run } from "../e2e/run.js";
import { type Scenario, attempt } from "../e2e/scenario.js";
import type { Browser, Page } from "../e2e/support/browsers.js";
import { World } from "../e2e/world.js";

const BROWSER: Browser = {
  name: "chromium",
  open: () => Promise.reject(new Error("this browser has no pages")),
  close: () => Promise.resolve(),
};

let whole = new World();
afterEach(async () => {
  await whole.end();
  whole = new World();
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}

async function printed(scenarios: readonly Scenario[], deadline = 5000, further: Partial<Run> = {}): Promise<[boolean, string[]]> {
  const lines: string[] = [];
  const passed = await run({
    scenarios,
    browsers: ["chromium"],
    world: whole,
    deadline,
    launch: () => Promise.resolve(BROWSER),
    print: (line) => lines.push(line),
    ...further,
  });
  return [passed, lines];
}

const passes: Scenario = { name: "it passes", run: () => Promise.resolve() };
const hangs: Scenario = { name: "it hangs", run: () => new Promise(() => undefined) };
const fails: Scenario = { name: "it fails", run: () => Promise.reject(new Error("for a reason")) };

test("a relay of a scenario that fails listens no longer", async () => {
  let port = 0;
  const scenario: Scenario = {
    name: "it fails with a relay",
    run: async (_, world) => {
      ({ port } = await world.relay(1));
      expect(await accepts(port)).toBe(true);
      throw new Error("for a reason");
    },
  };
  expect((await attempt(scenario, BROWSER, whole)).ok).toBe(false);
  expect(await accepts(port)).toBe(false);
});

test("a run goes on after a scenario that fails, and says which one it was", async () => {
  const [passed, lines] = await printed([fails, passes]);
  expect(passed).toBe(false);
  expect(lines.filter((line) => line.startsWith("it fails: Error: for a reason"))).toHaveLength(1);
  expect(lines.at(-1)).toMatch(/"ok":true.*it passes/);
});

test("a run that is late ends and says where it was", async () => {
  const [passed, lines] = await printed([passes, hangs, passes], 50);
  expect(passed).toBe(false);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/not over within 50 ms: 1 passed, 0 failed.*'it hangs' in chromium/);
});

test("a browser that does not start is said with the scenario that wanted it", async () => {
  const launch = (): Promise<Browser> => Promise.reject(new Error("no such program"));
  expect(await printed([passes], 5000, { launch })).toEqual([false, [expect.stringMatching(/^'it passes' in chromium: Error: no such program/)]]);
});

test("a run without scenarios does not pass", async () => {
  expect((await printed([]))[0]).toBe(false);
  expect((await printed([passes]))[0]).toBe(true);
});

test("what is shared and does not start is tried again by the next scenario, and nothing of the first try is left", async () => {
  let tries = 0;
  const ports: number[] = [];
  const uses: Scenario = {
    name: "it uses what is shared",
    run: (_, world) =>
      world.shared("the studio", async (lasting) => {
        tries += 1;
        ports.push((await lasting.relay(1)).port);
        if (tries === 1) {
          throw new Error("too slow");
        }
      }),
  };
  const [, lines] = await printed([uses, uses, uses]);
  expect(lines.map((line) => line.startsWith('{"ok":true'))).toEqual([false, false, true, true]);
  expect(lines[1]).toMatch(/the studio did not start: Error: too slow/);
  expect(tries).toBe(2);
  expect(await Promise.all(ports.map(accepts))).toEqual([false, true]);
  await whole.end();
  expect(await Promise.all(ports.map(accepts))).toEqual([false, false]);
});

test("what a scenario starts after its deadline is refused, and what had begun is ended", async () => {
  let [port, closed] = [0, 0];
  const page = { said: [], close: () => Promise.resolve(void (closed += 1)) } as unknown as Page;
  let [opens, goesOn]: [(page: Page) => void, () => void] = [() => undefined, () => undefined];
  const browser: Browser = { ...BROWSER, open: () => new Promise((resolve) => void (opens = resolve)) };
  const late: Promise<PromiseSettledResult<unknown>[]>[] = [];
  const scenario: Scenario = {
    ...hangs,
    deadline: 20,
    run: async (noting, world) => {
      ({ port } = await world.relay(1));
      const wait = new Promise<void>((resolve) => void (goesOn = resolve));
      const tries = [
        noting.open("about:blank"),
        wait.then(() => world.relay(1)),
        wait.then(() => world.start("too late", ["true"])),
      ];
      late.push(Promise.allSettled(tries));
      await Promise.all(late);
    },
  };
  expect((await attempt(scenario, browser, whole)).error).toMatch(/not over within 20 ms/);
  opens(page);
  goesOn();
  const outcomes = (await Promise.all(late)).flat();
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect([closed, await accepts(port)]).toEqual([1, false]);
});
