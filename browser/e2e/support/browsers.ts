/** Starts real browsers and gives them one small face: open a page, click, ask. */

import { type Browser as ChromiumBrowser, chromium } from "playwright-core";
import { type Browser as FirefoxBrowser, launch } from "puppeteer-core";

/** A page in some browser. */
export interface Page {
  /** Waits until an element that matches `selector` is seen. */
  waitFor(selector: string, deadline: number): Promise<void>;
  /** Clicks like a person: the browser takes it for a gesture. */
  click(selector: string): Promise<void>;
  /** Runs `script`, the text of an expression, in the page; a promise is awaited. */
  ask(script: string): Promise<unknown>;
}

/** A running browser. */
export interface Browser {
  open(url: string): Promise<Page>;
  close(): Promise<void>;
}

/** The browsers that tests know. */
export const LAUNCHERS: Readonly<Record<string, () => Promise<Browser>>> = {
  chromium: startChromium,
  firefox: startFirefox,
};

const CHROMIUM_ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=user-gesture-required",
  // Candidates that are names need a multicast DNS that test machines do not have.
  "--disable-features=WebRtcHideLocalIpsWithMdns",
];

/** Chromium at `CHROMIUM`, with what `CHROMIUM_ARGS` adds to its command line. */
async function startChromium(): Promise<Browser> {
  const browser: ChromiumBrowser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [...CHROMIUM_ARGS, ...(process.env["CHROMIUM_ARGS"] ?? "").split(" ").filter((word) => word !== "")],
    ignoreDefaultArgs: ["--mute-audio"],
  });
  return {
    close: () => browser.close(),
    open: async (url) => {
      const page = await browser.newPage();
      await page.goto(url);
      return {
        waitFor: async (selector, timeout) => {
          await page.waitForSelector(selector, { timeout });
        },
        click: (selector) => page.click(selector, { timeout: 5000 }),
        ask: (script) => page.evaluate(script),
      };
    },
  };
}

const FIREFOX_PREFS: Readonly<Record<string, boolean | number | string>> = {
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "media.peerconnection.ice.loopback": true,
  "media.autoplay.default": 0,
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

/** Firefox at `FIREFOX`, driven through WebDriver BiDi. */
async function startFirefox(): Promise<Browser> {
  const browser: FirefoxBrowser = await launch({
    browser: "firefox",
    executablePath: process.env["FIREFOX"] ?? "/usr/bin/firefox-esr",
    headless: true,
    extraPrefsFirefox: FIREFOX_PREFS,
  });
  return {
    close: () => browser.close(),
    open: async (url) => {
      const page = await browser.newPage();
      await page.goto(url);
      return {
        waitFor: async (selector, timeout) => {
          await page.waitForSelector(selector, { visible: true, timeout });
        },
        click: (selector) => page.click(selector),
        ask: (script) => page.evaluate(script),
      };
    },
  };
}
