/** What is wrong with the signalling server, in words for a person who only wants to watch: the cause and the cure. */

import type { Admission } from "../src/admission.js";
import { oneLine } from "./names.js";

/** What is known when the signalling server is not to be had. */
export interface Trouble {
  /** Its address. */
  readonly server: string;
  /** Whether there was a connection before. */
  readonly before: boolean;
  /** Whether a token was shown. */
  readonly token: boolean;
  /** What the server says when it is asked over HTTP. */
  readonly admission: Admission;
  /** How many times in a row it said so. */
  readonly times: number;
  /** How it ended the last connection, or refused something; null where it said nothing. */
  readonly said: string | null;
}

/** A problem in words, and whether a token may solve it. */
export interface Advice {
  readonly text: string;
  readonly asksForToken: boolean;
}

const LONGEST = 300;
const LOST = "The connection to the signalling server is lost. What plays goes on; the page tries to come back.";
/** A server that comes back answers a moment before the page tries it again, which takes up to ten seconds. */
const SURELY = 5;
/** Reasons of the server that another token may change. */
const OF_TOKENS = ["token-missing", "token", "rights"];

/** What to say while there is no connection to the signalling server. */
export function troubleWords({ server, before, token, admission, times, said }: Trouble): Advice {
  if (said !== null && /token/i.test(said)) {
    return { text: `The token does not serve any more: ${oneLine(said, LONGEST)}. Type another one.`, asksForToken: true };
  }
  switch (admission.kind) {
    case "refuses":
      if (admission.reason === "not-a-websocket" && (before || times < SURELY)) {
        return { text: before ? LOST : "The signalling server is there. The page tries to connect to it.", asksForToken: false };
      }
      return refusalWords(admission.reason, admission.text);
    case "answers":
      return {
        text: token
          ? "The signalling server does not accept this token: it is wrong, has expired, or is for something else. Type another one."
          : "The signalling server does not let this page in. It probably wants a token: type the one that you were given.",
        asksForToken: true,
      };
    case "silent":
    case "unknown":
      break;
  }
  if (before) {
    return { text: LOST, asksForToken: false };
  }
  if (admission.kind === "silent") {
    return { text: "The server does not answer. The page goes on trying.", asksForToken: false };
  }
  const text = token
    ? `The signalling server ${server} does not answer, or does not accept this token. The page goes on trying; you can type another token.`
    : `The signalling server ${server} does not answer, or wants a token. Is it running, and is this its address? The page goes on trying.`;
  return { text, asksForToken: true };
}

function refusalWords(reason: string, text: string): Advice {
  if (reason === "token-missing") {
    return { text: "Nobody is let in here without a token. Type the one that you were given.", asksForToken: true };
  }
  if (reason === "not-a-websocket") {
    const proxy = "The signalling server answers, but no websocket comes about. Something between may not pass websockets, such as a proxy.";
    return { text: proxy, asksForToken: false };
  }
  const asksForToken = OF_TOKENS.includes(reason);
  const cure = asksForToken ? "Type another one." : "The page goes on trying.";
  return { text: `${sentence(oneLine(text, LONGEST))} ${cure}`, asksForToken };
}

/** Why a page may not even try this server, since it came over https; null: it may. */
export function mixedWords(server: string, page: string): string | null {
  const local = /^ws:\/\/(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/.test(server);
  return page.startsWith("https:") && server.startsWith("ws:") && !local
    ? `A page that came over https may use a signalling server over wss only, and ${server} is none.`
    : null;
}

/** `words` with a capital letter and a full stop. */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/[\s.]+$/, "")}.`;
}
