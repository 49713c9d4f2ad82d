/** Nothing that a producer says about itself is HTML, and a script that got into the page would not run. */

import assert from "node:assert/strict";
import type { Scenario } from "../scenario.js";
import { studio } from "../studio.js";
import { listed, moves, play } from "../support/viewing.js";
import type { World } from "../world.js";

const ATTACKS = [
  '<img src=x onerror="window.attacked=1">',
  "<script>window.attacked=1</script>",
  `"'><svg onload=window.attacked=1 onpointerenter=window.attacked=1>`,
  "javascript:alert(1)//<iframe src=javascript:alert(1)>",
];

/** Everything of the page that says what it is called, in and under elements of its own. */
function namedLike(text: string): number {
  const found = (root: ParentNode): number =>
    [...root.querySelectorAll("*")].reduce((sum, element) => {
      const own = [...element.childNodes].some((node) => node instanceof Text && node.data.includes(text));
      return sum + (own ? 1 : 0) + (element.shadowRoot === null ? 0 : found(element.shadowRoot));
    }, 0);
  return found(document);
}

/** What got through, and what the browser says that it kept out. */
function noteViolations(): void {
  Object.assign(window, { violations: [] });
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    (window as unknown as { violations: string[] }).violations.push(`${violatedDirective} ${blockedURI}`);
  });
}

/** What a careless page would do with a name. */
function beCareless(name: string): void {
  try {
    document.body.insertAdjacentHTML("beforeend", name);
  } catch {
    // Refused, which is told as a violation.
  }
}

async function cameras(world: World): Promise<string> {
  const { page, signalling } = await studio(world);
  await world.cameras(signalling, ...ATTACKS.map((name) => ({ name, sink: "video-caps=video/x-vp8" })));
  return page;
}

/** Listed, played, hovered; nothing of the names became anything but text. */
export const KEEPS_NAMES_HARMLESS: Scenario = {
  name: "names of producers are text whatever they say",
  run: async (browser, world) => {
    const page = await browser.open(await cameras(world));
    await page.call(noteViolations);
    for (const name of ATTACKS) {
      await listed(page, name);
    }
    const [first = ""] = ATTACKS;
    const id = await play(page, first);
    await moves(page, id);
    for (const name of ATTACKS) {
      assert.ok((await page.call(namedLike, name)) > 0, name);
    }
    assert.equal(await page.ask("document.querySelector('main img, main script, main iframe')"), null);
    assert.equal(await page.ask("window.attacked ?? null"), null);
    assert.deepEqual(page.dialogs, []);
    assert.deepEqual(await page.ask("window.violations"), [], "the page itself keeps to the policy");
    // What would have come of it if the page had been careless.
    await page.call(beCareless, first);
    assert.ok(Number(await page.ask("window.violations.length")) > 0, "the policy keeps scripts out");
    assert.equal(await page.ask("window.attacked ?? null"), null);
    return page.ask("window.violations");
  },
};
