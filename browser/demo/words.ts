/** What goes wrong, in words for a person who only wants to watch: the cause, and what can be done about it. */

import { type EndReason, describeEnd, isOrdinaryEnd } from "../src/index.js";

const NO_PATH =
  "No way through the network was found. A firewall may block UDP: try another network, or ask who runs the server for a TURN server.";
const NO_CODEC =
  "This browser and the producer know no codec in common. Try another browser, or let the producer offer VP8 or H.264.";

/** Why a stream ended, as a sentence or two. */
export function endWords(reason: EndReason | null): string {
  if (reason === null) {
    return "Ended.";
  }
  const own = adviceOf(reason);
  const told = sentence(describeEnd(reason));
  return own === null ? told : `${own} (${told.replace(/\.$/, "")})`;
}

/** What a viewer can do where a stream ended for `reason`; null where the reason says it all. */
export function adviceOf(reason: EndReason): string | null {
  if (isOrdinaryEnd(reason)) {
    return null;
  }
  switch (reason.kind) {
    case "transportFailed":
      return NO_PATH;
    case "timeout":
      switch (reason.waitingFor) {
        case "transport":
          return NO_PATH;
        case "description":
          return "The producer does not answer. It may still be starting, or have too much to do: try again in a moment.";
        case "session":
          return "The signalling server does not answer. Try again in a moment.";
      }
      break;
    case "negotiationFailed":
    case "noCommonCodec":
      return NO_CODEC;
    case "refused":
      return /token|forbidden|right/i.test(reason.error) ? "This token gives no right to watch. Try another one." : null;
    case "endedByPeer":
      if (reason.reason === "description" || /codec/i.test(reason.error ?? "")) {
        return NO_CODEC;
      }
      return reason.reason === "transportFailed" ? NO_PATH : null;
    case "signallingLost":
      return "The connection to the signalling server was lost before the stream ran. Try again.";
    case "closed":
    case "mediaEnded":
      return null;
  }
}

/** What is known when the signalling server is not to be had. */
export interface Trouble {
  /** Its address. */
  readonly server: string;
  /** The page's own address. */
  readonly page: string;
  /** Whether a token was shown. */
  readonly token: boolean;
  /** Whether what serves the page answers; null where the signalling server is elsewhere, so that it says nothing. */
  readonly answers: boolean | null;
  /** How the server said no; null where it said nothing. */
  readonly said: string | null;
}

/** A problem in words, and whether a token may solve it. */
export interface Advice {
  readonly text: string;
  readonly asksForToken: boolean;
}

/** What to say while there is no connection to the signalling server. */
export function troubleWords({ server, page, token, answers, said }: Trouble): Advice {
  if (said !== null && /token/i.test(said)) {
    return { text: `The token does not serve any more: ${said}. Type another one.`, asksForToken: true };
  }
  if (page.startsWith("https:") && server.startsWith("ws:") && !/^ws:\/\/(localhost|127\.|\[::1\])/.test(server)) {
    const text = `A page that came over https may use a signalling server over wss only, and ${server} is none.`;
    return { text, asksForToken: false };
  }
  if (answers === true) {
    const text = token
      ? "The signalling server does not accept this token: it is wrong, has expired, or is for something else. Type another one."
      : "The signalling server does not let this page in. It probably wants a token: type the one that you were given.";
    return { text, asksForToken: true };
  }
  if (answers === false) {
    return { text: "The server does not answer. The page goes on trying.", asksForToken: false };
  }
  const text = token
    ? `The signalling server ${server} does not answer, or does not accept this token. The page goes on trying; you can type another token.`
    : `The signalling server ${server} does not answer, or wants a token. Is it running, and is this its address? The page goes on trying.`;
  return { text, asksForToken: true };
}

/** `words` with a capital letter and a full stop. */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/[\s.]+$/, "")}.`;
}
