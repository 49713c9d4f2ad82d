/** What tests do with a browser, whichever it is: open a page, click, move the pointer, ask. */

import { startChromium } from "./chromium.js";
import { startFirefox } from "./firefox.js";

/** The browsers that tests know. */
export type BrowserName = "chromium" | "firefox";

/** How a page is opened. */
export interface PageOptions {
  /** Runs before the page's own scripts, in Chromium only. */
  readonly before?: string;
  /** Whether the screen takes fingers, in Chromium only. */
  readonly touch?: boolean;
  /** Whether it is the page of a phone of 390 by 844 CSS pixels, in Chromium only. */
  readonly phone?: boolean;
}

/** The pointer of a page, in CSS pixels of its window. */
export interface Pointer {
  move(x: number, y: number): Promise<void>;
  down(button?: "left" | "middle" | "right"): Promise<void>;
  up(button?: "left" | "middle" | "right"): Promise<void>;
  wheel(deltaX: number, deltaY: number): Promise<void>;
  tap(x: number, y: number): Promise<void>;
}

/** A page in some browser. */
export interface Page {
  readonly pointer: Pointer;
  /** What the page wrote to its console, and errors that nobody caught. */
  readonly said: readonly string[];
  /** The texts of dialogs that the page opened; they are dismissed. */
  readonly dialogs: readonly string[];
  /** Waits until an element that matches `selector` is seen. */
  waitFor(selector: string, deadline: number): Promise<void>;
  /** Clicks like a person: the browser takes it for a gesture. */
  click(selector: string): Promise<void>;
  /** Moves the pointer over an element. */
  hover(selector: string): Promise<void>;
  /** Types into what has the focus. */
  type(text: string): Promise<void>;
  /** Presses a key, named as in `KeyboardEvent.key`, until {@link keyUp}. */
  keyDown(key: string): Promise<void>;
  keyUp(key: string): Promise<void>;
  /** Runs `script`, the text of an expression, in the page; a promise is awaited. */
  ask(script: string): Promise<unknown>;
  /** Runs `work`, which uses nothing from outside of itself, in the page. */
  call<A extends readonly unknown[], R>(work: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  /** A picture of the page, as PNG. */
  screenshot(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A running browser. */
export interface Browser {
  readonly name: BrowserName;
  /** Opens a page that shares nothing with the others. */
  open(url: string, options?: PageOptions): Promise<Page>;
  close(): Promise<void>;
}

/** Starts a browser with further words on its command line. */
export const LAUNCHERS: Readonly<Record<BrowserName, (words?: readonly string[]) => Promise<Browser>>> = {
  chromium: startChromium,
  firefox: startFirefox,
};

/** The browsers named in `BROWSERS`, both where it is not set. */
export function wantedBrowsers(): BrowserName[] {
  return (process.env["BROWSERS"] ?? "chromium,firefox").split(",").map((name) => {
    if (name !== "chromium" && name !== "firefox") {
      throw new Error(`no such browser: ${name}`);
    }
    return name;
  });
}
