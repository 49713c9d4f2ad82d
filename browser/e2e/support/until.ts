/** Waiting for what happens, with a deadline. */

import { setTimeout as pause } from "node:timers/promises";

const POLL = 40;

/** Asks until the answer `is` what is waited for, and returns it; what was seen last is in the error. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  is: (answer: T) => boolean = (answer) => answer === true,
  deadline = 15_000,
): Promise<T> {
  const end = performance.now() + deadline;
  for (;;) {
    const answer = await ask();
    if (is(answer)) {
      return answer;
    }
    if (performance.now() >= end) {
      throw new Error(`no ${what} within ${deadline} ms, but ${JSON.stringify(answer)}`);
    }
    await pause(POLL);
  }
}
