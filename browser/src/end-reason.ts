/** Why a session ended, for programs and for people. */

import type { PathHint } from "./paths.js";
import type { EndCode } from "./protocol.js";

/** What a session waited for when its time ran out. */
export type SessionPhase = "session" | "description" | "transport";

/** Why a session ended. */
export type EndReason =
  /** `close()` was called on this side. */
  | { readonly kind: "closed" }
  /** What was produced ended: the person stopped sharing, or the device is gone. */
  | { readonly kind: "mediaEnded" }
  /**
   * The other side ended it, or the server because that side is gone; `error` says what went wrong there, where
   * something did, and `reason` says the same to programs; null where the server is older than that.
   */
  | { readonly kind: "endedByPeer"; readonly error: string | null; readonly reason: EndCode | null }
  /**
   * The signalling server refused to start it; `code` says the same to programs, such as `forbidden`, `unknownPeer` or
   * `tooManySessions`. Servers before 1.2 have words only.
   */
  | { readonly kind: "refused"; readonly error: string; readonly code?: string }
  /** It did not reach the state of streaming in time; `hint` as below. */
  | { readonly kind: "timeout"; readonly waitingFor: SessionPhase; readonly hint?: PathHint }
  /** The two sides found no way to each other through the network, or lost it; `hint` says what was not tried. */
  | { readonly kind: "transportFailed"; readonly hint?: PathHint }
  /** The two sides know no codec in common; `offered` are those of the side that made the offer, as `video/H265`. */
  | { readonly kind: "noCommonCodec"; readonly offered: readonly string[] }
  /** A description could not be made or applied. */
  | { readonly kind: "negotiationFailed"; readonly error: string }
  /** The connection to the signalling server broke before the media ran. */
  | { readonly kind: "signallingLost" };

const TRY_TURN = "A TURN server helps where that is so.";

const HINTED: Readonly<Record<PathHint, string>> = {
  onlyUdp: `. Only direct UDP was tried, which some networks block. ${TRY_TURN}`,
  onlyDirect: `. Only direct paths were tried, which some networks block. ${TRY_TURN}`,
};

const WAITED_FOR: Readonly<Record<SessionPhase, string>> = {
  session: "the signalling server did not start the session",
  description: "the other side did not describe its media",
  transport: "no network path was found",
};

const ENDED_FOR: Readonly<Record<EndCode, string | null>> = {
  ended: null,
  stopping: "it is stopping",
  peerGone: "it is gone",
  roleDropped: "it does something else now",
  refused: "it takes no further session",
  transportFailed: "the network path failed",
  timedOut: "something did not come in time",
  description: "no agreement about the media",
  pipeline: "its media processing failed",
  unexpected: "a message came out of turn",
  stalled: "no media was taken for too long",
  vanished: "this side was not heard any more",
  unknown: null,
};

const ORDINARY: readonly (EndCode | null)[] = [null, "ended", "stopping", "peerGone", "roleDropped"];

/** The reason in words. May hold text of the other side: show it as text, never as HTML. */
export function describeEnd(reason: EndReason): string {
  switch (reason.kind) {
    case "closed":
      return "closed here";
    case "mediaEnded":
      return "what was shared has ended";
    case "endedByPeer": {
      const why = reason.error ?? (reason.reason === null ? null : ENDED_FOR[reason.reason]);
      return why === null ? "ended by the other side" : `ended by the other side: ${why}`;
    }
    case "refused":
      return `refused by the signalling server: ${reason.error}`;
    case "timeout":
      return `timed out: ${WAITED_FOR[reason.waitingFor]}${hinted(reason.hint)}`;
    case "transportFailed":
      return `the network path to the other side failed${hinted(reason.hint)}`;
    case "noCommonCodec":
      return `the two sides know no codec in common; offered: ${reason.offered.join(", ") || "none"}`;
    case "negotiationFailed":
      return `no agreement about the media: ${reason.error}`;
    case "signallingLost":
      return "the connection to the signalling server was lost";
  }
}

function hinted(hint: PathHint | undefined): string {
  return hint === undefined ? "" : HINTED[hint];
}

/** Whether the reason is an ordinary end rather than a failure. */
export function isOrdinaryEnd(reason: EndReason): boolean {
  return (
    reason.kind === "closed" ||
    reason.kind === "mediaEnded" ||
    (reason.kind === "endedByPeer" && reason.error === null && ORDINARY.includes(reason.reason))
  );
}

/** The reason as the other member is told; null where it is not told. */
export function endCodeOf(reason: EndReason): EndCode | null {
  switch (reason.kind) {
    case "closed":
    case "mediaEnded":
      return "ended";
    case "refused":
      return "refused";
    case "timeout":
      return "timedOut";
    case "transportFailed":
      return "transportFailed";
    case "negotiationFailed":
    case "noCommonCodec":
      return "description";
    case "endedByPeer":
    case "signallingLost":
      // The one knows, and a server that lost the session cannot pass anything on.
      return null;
  }
}
