/** Firefox at `FIREFOX`, driven by puppeteer through WebDriver BiDi. */

import { type KeyInput, type Page as FirefoxPage, launch } from "puppeteer-core";
import type { Browser, Page } from "./browsers.js";
import { calling } from "./in-page.js";

const PREFERENCES: Readonly<Record<string, boolean | number | string>> = {
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "media.peerconnection.ice.loopback": true,
  "media.autoplay.default": 0,
  // A camera and a microphone that need neither a device nor a person who allows them.
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  // After some lost connections Firefox makes websockets wait, up to a minute.
  "network.websocket.delay-failed-reconnects": false,
  // The rest keeps the browser from calling home.
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.safebrowsing.downloads.remote.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "captivedetect.canonicalURL": "",
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.getAddons.cache.enabled": false,
  "extensions.update.enabled": false,
  "media.gmp-manager.updateEnabled": false,
  "media.gmp-manager.url": "",
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
  "toolkit.telemetry.enabled": false,
};


/** Starts it with `words` on its command line. */
export async function startFirefox(words: readonly string[] = []): Promise<Browser> {
  const browser = await launch({
    browser: "firefox",
    executablePath: process.env["FIREFOX"] ?? "/usr/bin/firefox-esr",
    headless: true,
    // As large as that of the other browser.
    defaultViewport: { width: 1280, height: 720 },
    args: [...words],
    extraPrefsFirefox: PREFERENCES,
  });
  return {
    name: "firefox",
    close: () => browser.close(),
    open: async (url) => {
      const page = await browser.newPage();
      const face = withFace(page);
      await page.goto(url);
      return face;
    },
  };
}

/** Waits until an element stays where it is: the click goes to a place. */
async function standsStill(selector: string): Promise<void> {
  for (let last = ""; ; ) {
    const now = JSON.stringify(document.querySelector(selector)?.getBoundingClientRect() ?? null);
    if (now === last) {
      return;
    }
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

function withFace(page: FirefoxPage): Page {
  const [said, dialogs]: [string[], string[]] = [[], []];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`error: ${error instanceof Error ? error.message : String(error)}`));
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
      await page.waitForSelector(selector, { visible: true, timeout });
    },
    click: async (selector) => {
      await ask(calling(standsStill, [selector]));
      await page.click(selector);
    },
    hover: (selector) => page.hover(selector),
    type: (text) => page.keyboard.type(text),
    keyDown: (key) => page.keyboard.down(key as KeyInput),
    keyUp: (key) => page.keyboard.up(key as KeyInput),
    pointer: {
      move: (x, y) => page.mouse.move(x, y),
      down: (button = "left") => page.mouse.down({ button }),
      up: (button = "left") => page.mouse.up({ button }),
      wheel: (deltaX, deltaY) => page.mouse.wheel({ deltaX, deltaY }),
      tap: (x, y) => page.touchscreen.tap(x, y),
    },
    screenshot: () => page.screenshot(),
    close: () => page.close(),
  };
}
