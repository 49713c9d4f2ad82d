/** Why talk-back does not work, for programs and for people. */

import { type CaptureError, type CaptureProblem } from "./capture-error.js";
import { type EndReason, describeEnd } from "./end-reason.js";

/** Why talk-back does not work: the microphone's reasons, and those of the way to who listens. */
export type TalkBackProblem =
  | CaptureProblem
  /** There is no connection to the signalling server, or it was lost. */
  | "notConnected"
  /** Nobody is there who takes talk-back. */
  | "nobodyListens"
  /** Somebody else is talking, or this page is already. */
  | "busy"
  /** The signalling server does not let this page talk. */
  | "refused"
  /** The other side did not answer in time. */
  | "timeout"
  /** There is no way through the network. */
  | "network"
  /** The other side ended it while this page talked. */
  | "cutOff"
  /** The other side failed, or takes no sound that browsers make. */
  | "failed";

/** Talk-back does not work. The message names cause and cure, for people. */
export class TalkBackError extends Error {
  /** The cause for programs. */
  readonly reason: TalkBackProblem;

  /** @internal */
  constructor(reason: TalkBackProblem, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "TalkBackError";
    this.reason = reason;
  }
}

/** Nobody is there to hear it. @internal */
export function nobodyListens(): TalkBackError {
  return new TalkBackError("nobodyListens", "Nobody is there who listens. Try again when the other side is on.");
}

/** Without a session to talk in. @internal */
export function notConnected(): TalkBackError {
  return new TalkBackError(
    "notConnected",
    "There is no connection to the signalling server. Try again when it is back.",
  );
}

/** This page talks to the same listener already. @internal */
export function talksAlready(): TalkBackError {
  return new TalkBackError("busy", "This page talks there already.");
}

/** The microphone cannot be had. @internal */
export function withoutMicrophone(error: CaptureError): TalkBackError {
  return new TalkBackError(error.reason, error.message, error);
}

/** A session of talk-back ended although the person wanted to talk. @internal */
export function talkEnded(end: EndReason): TalkBackError {
  const [reason, message] = explain(end);
  return new TalkBackError(reason, message, end);
}

function explain(end: EndReason): [TalkBackProblem, string] {
  const words = describeEnd(end);
  switch (end.kind) {
    case "signallingLost":
      return ["notConnected", notConnected().message];
    case "refused":
      return ["refused", `The signalling server does not let this page talk: ${end.error}`];
    case "timeout":
      return ["timeout", "The other side does not answer. Try again in a while."];
    case "transportFailed":
      return ["network", "There is no way through the network to the other side. A TURN server may be needed."];
    case "endedByPeer":
      if (end.reason === "refused") {
        return ["busy", "Somebody else is talking. Try again when they have finished."];
      }
      return end.error === null ? ["cutOff", `The talk was ended: ${words}.`] : ["failed", `The talk failed: ${words}.`];
    case "closed":
    case "mediaEnded":
    case "negotiationFailed":
    case "noCommonCodec":
      return ["failed", `The talk failed: ${words}.`];
  }
}
