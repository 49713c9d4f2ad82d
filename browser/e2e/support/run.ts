/** Runs the test in every browser that was asked for, one after the other, and prints one line of JSON for each. */

import { watch } from "./watch.js";

/** The browsers named in `BROWSERS`, both where it is not set. */
export function wantedBrowsers(): string[] {
  return (process.env["BROWSERS"] ?? "chromium,firefox").split(",").filter((name) => name !== "");
}

/** Plays the page at `url` in every wanted browser; the exit status says whether all of them did. */
export async function watchEverywhere(url: string): Promise<void> {
  for (const browser of wantedBrowsers()) {
    try {
      console.log(JSON.stringify({ ok: true, ...(await watch(browser, url)) }));
    } catch (error) {
      process.exitCode = 1;
      console.log(JSON.stringify({ ok: false, browser, error: error instanceof Error ? error.message : String(error) }));
    }
  }
}
