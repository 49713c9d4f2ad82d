/** Asks the endpoint once a second, also after it did not answer, and says how that goes. */

import { type Answer, readAnswer } from "./data.js";

/** How the element answers. */
export type Link =
  | { readonly kind: "asking" }
  | { readonly kind: "answers" }
  | { readonly kind: "refuses" }
  | { readonly kind: "silent"; readonly since: number; readonly why: string };

/** What a poller is made of. */
export interface PollerParts {
  readonly address: URL;
  /** Asks from this instant on (ms since 1970); 0: for everything. */
  readonly since: () => number;
  readonly token: () => string;
  readonly onAnswer: (answer: Answer) => void;
  readonly onLink: (link: Link) => void;
  readonly fetch: (address: URL, init: RequestInit) => Promise<Response>;
  /** Calls back after a time (ms). */
  readonly later: (run: () => void, after: number) => unknown;
  readonly now: () => number;
}

const PERIOD = 1000;
/**
 * An answer of which nothing comes for so long (ms) is none. One that goes on coming is waited for: the first has up to an
 * hour of every viewer, which is megabytes.
 */
const PATIENCE = 5000;

/** What other answers than the data mean. */
const REASONS: Readonly<Record<number, string>> = {
  403: "the element shows this on its own machine only; give it a token (web-server-token) to see it from elsewhere",
  404: "the dashboard is off; set web-server-dashboard before the element starts",
};

/** Asks again and again. */
export class Poller {
  readonly #parts: PollerParts;
  #silentSince: number | null = null;
  #turn = 0;

  constructor(parts: PollerParts) {
    this.#parts = parts;
  }

  /** Asks now, and from then on; also to ask again at once with another token. */
  start(): void {
    this.#turn += 1;
    void this.#go(this.#turn);
  }

  async #go(turn: number): Promise<void> {
    const began = this.#parts.now();
    const link = await this.#ask();
    if (turn !== this.#turn) {
      return;
    }
    this.#silentSince = link.kind === "silent" ? link.since : null;
    this.#parts.onLink(link);
    this.#parts.later(
      () => {
        if (turn === this.#turn) {
          void this.#go(turn);
        }
      },
      Math.max(PERIOD / 4, PERIOD - (this.#parts.now() - began)),
    );
  }

  async #ask(): Promise<Link> {
    const { address, token, since, now } = this.#parts;
    const question = new URL(address);
    question.searchParams.set("since", String(since()));
    const silent = (why: string): Link => ({ kind: "silent", since: this.#silentSince ?? now(), why });
    const headers = headersOf(token());
    if (headers === null) {
      return { kind: "refuses" };
    }
    const patience = new Patience();
    try {
      const response = await this.#parts.fetch(question, {
        cache: "no-store",
        headers,
        signal: patience.signal,
      });
      if (response.status === 401) {
        return { kind: "refuses" };
      }
      if (!response.ok) {
        return silent(REASONS[response.status] ?? `the element answers ${response.status}`);
      }
      const answer = readAnswer(JSON.parse(await textOf(response, patience)));
      if (answer === null) {
        return silent("the element tells of this in a form that this page does not know; load the page again");
      }
      this.#parts.onAnswer(answer);
      return { kind: "answers" };
    } catch {
      return silent("the element does not answer: it may have stopped, or the network is gone");
    } finally {
      patience.end();
    }
  }
}

/** Null: no header can hold this token, so that it is none of the element's. */
function headersOf(token: string): Headers | null {
  try {
    return new Headers(token === "" ? {} : { authorization: `Bearer ${token}` });
  } catch {
    return null;
  }
}

/** Gives a question up when nothing was heard for a while. */
class Patience {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.renew();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something was heard. */
  renew(): void {
    this.end();
    this.#timer = setTimeout(() => {
      this.#controller.abort();
    }, PATIENCE);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

async function textOf(response: Response, patience: Patience): Promise<string> {
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  let text = "";
  for (;;) {
    patience.renew();
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) {
      return text + decoder.decode();
    }
    text += decoder.decode(value, { stream: true });
  }
}
