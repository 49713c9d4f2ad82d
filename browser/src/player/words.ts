/** What a player says to its viewer. Pure; names are strangers' words and come out as text. */

import type { PlayerReason } from "./causes.js";
import { type Situation, isLate, stateOf } from "./situation.js";

/** What a situation is about, as far as it is known. */
export interface Names {
  /** What the producer is called; null: whichever comes first. */
  readonly producer: string | null;
  /** The address of the signalling server; null: not known. */
  readonly server: string | null;
  /** What ended the last session, in the words of the other side; null: it said nothing. */
  readonly detail: string | null;
  /** The last that the server said of its connection; null: nothing. */
  readonly serverSays: string | null;
  /** Why the server lets this page not in, in its words; null: it does, or said nothing. */
  readonly barred: string | null;
  /** Whether a token is shown to the server. */
  readonly token: boolean;
}

const TRYING = "Trying again…";
const NO_PICTURE = "Connected, but no picture comes. Perhaps the camera sends nothing at the moment, or this browser cannot show what it sends.";
const TURN = "A TURN server would help; whoever runs the camera can set one up.";

/** The situation in words for people. */
export function wordsFor(s: Situation, names: Names): string {
  const who = names.producer === null ? "the stream" : `“${names.producer}”`;
  switch (stateOf(s)) {
    case "idle":
      return "";
    case "connecting":
      return connecting(s, names, who);
    case "waiting":
      return waiting(s, names, who);
    case "playing":
      return s.server === "up" ? "Playing" : "Playing. The signalling server is away; the picture goes on without it.";
    case "paused":
      return s.reason === "autoplayBlocked" ? "Press play to start: this browser starts nothing by itself." : "Paused";
    case "reconnecting":
      return reconnecting(s, names, who);
    case "ended":
      return ended(s.reason, names, who);
  }
}

function connecting(s: Situation, names: Names, who: string): string {
  if (s.server !== "up") {
    return s.serverLate ? unreachable(names) : "Connecting…";
  }
  if (isLate(s)) {
    return NO_PICTURE;
  }
  return s.session === "connected" ? "Connected. Waiting for the first picture…" : `Connecting to ${who}…`;
}

function unreachable({ server, token, serverSays }: Names): string {
  const cure = token
    ? "Is it running, is the address right, and is the token still good?"
    : "Is it running, is the address right, and does it ask for a token?";
  const last = serverSays === null ? "" : ` The last that was heard: ${serverSays}.`;
  const at = server === null ? "" : ` at ${server}`;
  return `The signalling server${at} cannot be reached.${last} ${cure} ${TRYING}`;
}

function waiting(s: Situation, names: Names, who: string): string {
  if (s.reason === "producerLeft" || s.reason === "endedByProducer") {
    return `${capital(who)} has ended. Waiting for it to come back…`;
  }
  return names.producer === null ? "No stream yet. Waiting for one to start…" : `${capital(who)} is not there yet. Waiting for it to start…`;
}

function reconnecting(s: Situation, names: Names, who: string): string {
  if (s.disturbed) {
    return "Nothing comes from the camera at the moment. Waiting for it…";
  }
  if (s.server !== "up") {
    return s.serverLate ? unreachable(names) : `The signalling server was lost. ${TRYING}`;
  }
  if (isLate(s)) {
    return NO_PICTURE;
  }
  return s.reason === null ? `Connecting to ${who} again…` : `${WHY[s.reason](who, names)} ${TRYING}`;
}

function ended(reason: PlayerReason | null, names: Names, who: string): string {
  return reason === null ? "Ended" : WHY[reason](who, names);
}

const said = ({ detail }: Names): string => (detail === null ? "" : ` (${detail})`);

const WHY: Readonly<Record<PlayerReason, (who: string, names: Names) => string>> = {
  closed: () => "This page ended the stream.",
  autoplayBlocked: () => "Press play to start.",
  misconfigured: () => "This page asks for something that there is not.",
  producerLeft: (who) => `${capital(who)} has ended.`,
  endedByProducer: (who) => `${capital(who)} was ended for this viewer.`,
  full: (who) => `${capital(who)} takes no further viewer at the moment.`,
  producerFailed: (who, names) => `${capital(who)} has a problem${said(names)}.`,
  producerSilent: (who) => `${capital(who)} does not answer.`,
  serverLost: () => "The signalling server does not answer.",
  forbidden: (_, { token, barred }) =>
    barred !== null
      ? `The signalling server does not let this page in. It says: ${sentence(barred)} Ask whoever runs the camera.`
      : token
      ? "The token does not allow to watch this. Ask for another one."
      : "This may not be watched without a token. Ask for one.",
  refused: (_, names) => `The signalling server refused${said(names)}.`,
  networkBlocked: () => `UDP seems blocked between here and the camera. ${TURN}`,
  noPath: () => "No way through the network to the camera was found.",
  networkLost: () => "The connection to the camera broke.",
  noAgreement: (_, names) => `Browser and camera did not agree about the media${said(names)}.`,
  noCommonCodec: (who, names) =>
    `This browser cannot play the format of ${who}${said(names)}. Another browser may, or the camera can send VP8 or H.264.`,
  interrupted: () => "The stream was interrupted.",
};

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What was written as a fragment, as a sentence of its own. */
export function sentence(words: string): string {
  return capital(words) + (/[.!?…]$/.test(words) ? "" : ".");
}
