/** Why a session ended, for programs and for people. */

/** What a session waited for when its time ran out. */
export type SessionPhase = "session" | "description" | "transport";

/** Why a session ended. */
export type EndReason =
  /** `close()` was called on this side. */
  | { readonly kind: "closed" }
  /** The other side ended it; `error` says what went wrong there, where something did. */
  | { readonly kind: "endedByPeer"; readonly error: string | null }
  /** The signalling server refused to start it. */
  | { readonly kind: "refused"; readonly error: string }
  /** It did not reach the state of streaming in time. */
  | { readonly kind: "timeout"; readonly waitingFor: SessionPhase }
  /** The two sides found no way to each other through the network, or lost it. */
  | { readonly kind: "transportFailed" }
  /** A description could not be made or applied. */
  | { readonly kind: "negotiationFailed"; readonly error: string }
  /** The connection to the signalling server broke. */
  | { readonly kind: "signallingLost" };

const WAITED_FOR: Readonly<Record<SessionPhase, string>> = {
  session: "the signalling server did not start the session",
  description: "the other side did not describe its media",
  transport: "no network path was found",
};

/** The reason in words. May hold text of the other side: show it as text, never as HTML. */
export function describeEnd(reason: EndReason): string {
  switch (reason.kind) {
    case "closed":
      return "closed here";
    case "endedByPeer":
      return reason.error === null ? "ended by the other side" : `ended by the other side: ${reason.error}`;
    case "refused":
      return `refused by the signalling server: ${reason.error}`;
    case "timeout":
      return `timed out: ${WAITED_FOR[reason.waitingFor]}`;
    case "transportFailed":
      return "the network path to the other side failed";
    case "negotiationFailed":
      return `no agreement about the media: ${reason.error}`;
    case "signallingLost":
      return "the connection to the signalling server was lost";
  }
}

/** Whether the reason is an ordinary end rather than a failure. */
export function isOrdinaryEnd(reason: EndReason): boolean {
  return reason.kind === "closed" || (reason.kind === "endedByPeer" && reason.error === null);
}
