/** Chromium at `CHROMIUM`, driven by playwright. */

import { type Page as ChromiumPage, chromium } from "playwright-core";
import type { Browser, Page, PageOptions } from "./browsers.js";
import { calling } from "./in-page.js";

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=user-gesture-required",
  // A camera and a microphone that need neither a device nor a person who allows them.
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  // Candidates that are names need a multicast DNS that test machines do not have.
  "--disable-features=WebRtcHideLocalIpsWithMdns",
];
const PHONE = { viewport: { width: 390, height: 844 }, screen: { width: 390, height: 844 }, isMobile: true };
/** Until what is to be clicked is there. */
const THERE = 15_000;

/** Starts it with `words`, and what `CHROMIUM_ARGS` has, on its command line. */
export async function startChromium(words: readonly string[] = []): Promise<Browser> {
  const further = (process.env["CHROMIUM_ARGS"] ?? "").split(" ").filter((word) => word !== "");
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [...ARGUMENTS, ...words, ...further],
    ignoreDefaultArgs: ["--mute-audio"],
  });
  return {
    name: "chromium",
    close: () => browser.close(),
    open: async (url, { before, touch = false, phone = false }: PageOptions = {}) => {
      const page = await browser.newPage({ hasTouch: touch || phone, ...(phone ? PHONE : {}) });
      if (before !== undefined) {
        await page.addInitScript(before);
      }
      const face = withFace(page);
      await page.goto(url);
      return face;
    },
  };
}

function withFace(page: ChromiumPage): Page {
  const [said, dialogs]: [string[], string[]] = [[], []];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const ask = (script: string): Promise<unknown> => page.evaluate(script);
  return {
    said,
    dialogs,
    ask,
    call: (work, ...args) => ask(calling(work, args)) as ReturnType<typeof work> as Promise<Awaited<ReturnType<typeof work>>>,
    waitFor: async (selector, timeout) => {
      await page.waitForSelector(selector, { timeout });
    },
    click: (selector) => page.click(selector, { timeout: THERE }),
    hover: (selector) => page.hover(selector, { timeout: THERE }),
    type: (text) => page.keyboard.type(text),
    keyDown: (key) => page.keyboard.down(key),
    keyUp: (key) => page.keyboard.up(key),
    pointer: {
      move: (x, y) => page.mouse.move(x, y),
      down: (button = "left") => page.mouse.down({ button }),
      up: (button = "left") => page.mouse.up({ button }),
      wheel: (deltaX, deltaY) => page.mouse.wheel(deltaX, deltaY),
      tap: (x, y) => page.touchscreen.tap(x, y),
    },
    screenshot: () => page.screenshot(),
    close: () => page.close(),
  };
}
