/** Nothing that a producer says about itself is HTML, and a script that got into the page would not run. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import { studio } from "../studio.js";
import { until } from "../support/until.js";
import { moves, play, player } from "../support/viewing.js";

const ATTACKS = [
  `<img src=x onerror="window.injected=1;alert(1)"><script>alert(2)</script>\u{202E}gpj.\u{2067}${"long".repeat(200)}`,
  "<script>window.injected=1</script>",
  `"'><svg onload=window.injected=1 onpointerenter=window.injected=1>`,
  "javascript:alert(1)//<iframe src=javascript:alert(1)>",
];
/** As much of a name as the page shows at least. */
const SHOWN = 30;

/** Notes what the browser says that it kept out. */
function noteViolations(): void {
  const violations: string[] = [];
  Object.assign(window, { violations });
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    violations.push(`${violatedDirective} ${blockedURI}`);
  });
}

/** Does what a page that took names for HTML would do. */
async function beCareless(): Promise<void> {
  const attempts = [
    () => {
      document.body.insertAdjacentHTML("beforeend", '<img src="x" onerror="window.injected = 1">');
    },
    () => {
      const script = document.createElement("script");
      script.textContent = "window.injected = 1";
      document.body.append(script);
    },
    () => {
      const link = document.createElement("a");
      link.href = "javascript:window.injected = 1";
      document.body.append(link);
      link.click();
    },
  ];
  for (const attempt of attempts) {
    try {
      attempt();
    } catch {
      // Trusted Types refuse earlier than the rest of the policy.
    }
  }
  const pictures = [...document.querySelectorAll<HTMLImageElement>('img[src="x"]')];
  await Promise.all(pictures.map((picture) => picture.decode().catch(() => undefined)));
  await new Promise((done) => setTimeout(done));
}

/** Listed, hovered and played: names are text, whatever they say, on the page that the element serves. */
export const STANDS_HOSTILITY: Scenario = {
  name: "the content security policy holds against hostile producer names, which stay text",
  run: async (browser, world) => {
    const { page: url, signalling } = await studio(world);
    await world.cameras(signalling, ...ATTACKS.map((name) => ({ name, sound: "", sink: "video-caps=video/x-vp8" })));
    const page = await browser.open(url);
    await page.call(noteViolations);
    const names = '[...document.querySelectorAll("[data-testid=producer-name]")].map(({ textContent }) => textContent)';
    const shown = (await until("list of all", () => page.ask(names), isComplete)) as readonly string[];
    const [first = ""] = ATTACKS.map((attack) => shown.find((name) => name.startsWith(attack.slice(0, SHOWN))));
    const id = await play(page, first);
    await moves(page, id);
    assert.equal(await page.ask(`${player(id, "player-name")}.textContent`), first);
    assert.ok(first.length <= 80, first);
    assert.equal(await page.ask('document.querySelectorAll("main :is(img, script, iframe)").length'), 0);
    assert.equal(await page.ask("document.title"), "Live streams");
    assert.equal(await page.ask("document.documentElement.scrollWidth <= innerWidth"), true, "the name breaks the layout");
    assert.deepEqual(await page.ask("window.violations"), [], "the page itself keeps to the policy");
    // What would have come of it if the page had been careless.
    await page.call(beCareless);
    assert.ok(Number(await page.ask("window.violations.length")) > 0, "the policy keeps nothing out");
    assert.equal(await page.ask("window.injected ?? null"), null, "the policy lets words run");
    assert.deepEqual(page.dialogs, []);
    return page.ask("window.violations");
  },
};

/** Whether the list has all of them, each beginning as it was given. */
function isComplete(shown: unknown): boolean {
  const names = shown as readonly string[];
  return ATTACKS.every((attack) => names.some((name) => name.startsWith(attack.slice(0, SHOWN))));
}
