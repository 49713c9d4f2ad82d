/** Why a player does not show a picture, and whether it is worth another try. Pure: knows sessions' ends, no elements. */

import type { EndReason } from "../end-reason.js";
import type { EndCode } from "../protocol.js";

/** Why a player does not play, for programs. */
export type PlayerReason =
  /** The page or the application ended the session. */
  | "closed"
  /** The browser plays nothing before somebody presses a button. */
  | "autoplayBlocked"
  /** What the page asks for cannot be had: an address that is none, a codec that does not exist. */
  | "misconfigured"
  /** The producer is gone, or stops. */
  | "producerLeft"
  /** The producer ended this session and is still there. */
  | "endedByProducer"
  /** The producer takes no further viewer. */
  | "full"
  /** The producer has trouble of its own. */
  | "producerFailed"
  /** The producer does not answer. */
  | "producerSilent"
  /** The signalling server does not answer, or not any more. */
  | "serverLost"
  /** The signalling server does not let this viewer in. */
  | "forbidden"
  /** The signalling server refused the session for another reason. */
  | "refused"
  /** Only direct ways through the network were tried, and none was found. */
  | "networkBlocked"
  /** No way through the network was found. */
  | "noPath"
  /** The way through the network broke. */
  | "networkLost"
  /** Browser and producer do not understand each other's descriptions. */
  | "noAgreement"
  /** Browser and producer have no format in common. */
  | "noCommonCodec"
  /** Something went wrong that may be gone the next time. */
  | "interrupted";

/** What a player does after a session ended. */
export type Sequel =
  /** It ends, until the viewer asks for another try or another producer comes. */
  | "end"
  /** It tries again after a while. */
  | "again"
  /** It waits for the producer to be gone and to come back, and ends if it stays. */
  | "producerDecides";

/** The end of a session as a player takes it. */
export interface Outcome {
  readonly reason: PlayerReason;
  readonly sequel: Sequel;
}

const again = (reason: PlayerReason): Outcome => ({ reason, sequel: "again" });
const end = (reason: PlayerReason): Outcome => ({ reason, sequel: "end" });
const INTERRUPTED = again("interrupted");
const ENDED: Outcome = { reason: "endedByProducer", sequel: "producerDecides" };

const SAID_BY_PEER: Readonly<Record<EndCode, Outcome | "network">> = {
  ended: ENDED,
  stopping: again("producerLeft"),
  peerGone: again("producerLeft"),
  roleDropped: again("producerLeft"),
  refused: again("full"),
  transportFailed: "network",
  timedOut: "network",
  description: end("noCommonCodec"),
  pipeline: again("producerFailed"),
  unexpected: INTERRUPTED,
  stalled: INTERRUPTED,
  vanished: INTERRUPTED,
  unknown: INTERRUPTED,
};

/** What a session that ended for `reason` means to the viewer; `streamed` says whether its transport had been up. */
export function outcomeOf(reason: EndReason, streamed: boolean): Outcome {
  // Without a hint a relay was tried as well, or nothing is known.
  const hinted = "hint" in reason;
  const network = again(streamed ? "networkLost" : hinted || reason.kind === "endedByPeer" ? "networkBlocked" : "noPath");
  switch (reason.kind) {
    case "closed":
      return end("closed");
    case "endedByPeer": {
      if (reason.reason === null) {
        return reason.error === null ? ENDED : again("producerFailed");
      }
      const said = SAID_BY_PEER[reason.reason];
      return said === "network" ? network : said;
    }
    case "refused":
      return refusal(reason);
    case "timeout":
      return { session: again("serverLost"), description: again("producerSilent"), transport: network }[reason.waitingFor];
    case "transportFailed":
      return network;
    case "negotiationFailed":
      return end("noAgreement");
    case "noCommonCodec":
      return end("noCommonCodec");
    case "mediaEnded":
      return ENDED;
    case "signallingLost":
      return again("serverLost");
    default:
      // Ends of what is produced are none of a viewer's.
      return INTERRUPTED;
  }
}

function refusal(reason: Extract<EndReason, { kind: "refused" }>): Outcome {
  const { code } = reason;
  if (code === "forbidden") {
    return end("forbidden");
  }
  // Servers before 1.2 have words only.
  return code === "unknownPeer" || / not found$/.test(reason.error) ? again("producerLeft") : again("refused");
}
