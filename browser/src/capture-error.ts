/** Why a device cannot be captured, for programs and for people. Decides from what the browser threw; asks for nothing. */

/** Why something cannot be captured. */
export type CaptureProblem =
  /** The person, the page's rules or the system do not allow it; of a screen also: nothing was chosen. */
  | "denied"
  /** There is no such device. */
  | "notFound"
  /** The device is there but gives nothing, mostly since another program has it. */
  | "inUse"
  /** Browsers hand devices to pages of https:// and of this machine only. */
  | "insecure"
  /** This browser cannot. */
  | "unsupported"
  /** No device can do what was asked for. */
  | "unsatisfiable"
  /** Anything else; the browser's words are in the message. */
  | "unknown";

/** What is captured. */
export type CaptureSource = "camera" | "microphone" | "screen" | "canvas";

/** Something cannot be captured. The message names cause and cure, for people. */
export class CaptureError extends Error {
  /** The cause for programs. */
  readonly reason: CaptureProblem;
  /** What was to be captured. */
  readonly source: CaptureSource;

  constructor(reason: CaptureProblem, source: CaptureSource, cause?: unknown) {
    super(describeCapture(reason, source, cause), { cause });
    this.name = "CaptureError";
    this.reason = reason;
    this.source = source;
  }
}

/** Names of exceptions as Media Capture and Streams gives them, and two that browsers throw beside it. */
const REASONS: Readonly<Record<string, CaptureProblem>> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  PermissionDeniedError: "denied",
  NotFoundError: "notFound",
  DevicesNotFoundError: "notFound",
  NotReadableError: "inUse",
  AbortError: "inUse",
  OverconstrainedError: "unsatisfiable",
  NotSupportedError: "unsupported",
};

/** The typed error for what a browser threw. */
export function captureErrorOf(thrown: unknown, source: CaptureSource): CaptureError {
  if (thrown instanceof CaptureError) {
    return thrown;
  }
  const name = typeof thrown === "object" && thrown !== null && "name" in thrown ? String(thrown.name) : "";
  return new CaptureError(Object.hasOwn(REASONS, name) ? (REASONS[name] ?? "unknown") : "unknown", source, thrown);
}

const ALLOW =
  "Allow it in the browser's settings of this page (beside its address) and in those of the system, then try again.";

const DENIED: Readonly<Partial<Record<CaptureSource, string>>> = {
  screen: "Nothing is shared: no screen was chosen, or the browser may not capture it. Try again and choose one.",
  canvas: "The canvas holds pictures of other sites, which a page may not pass on. Draw pictures of this site only.",
};

function describeCapture(reason: CaptureProblem, source: CaptureSource, cause: unknown): string {
  switch (reason) {
    case "denied":
      return DENIED[source] ?? `This page may not use the ${source}. ${ALLOW}`;
    case "notFound":
      return source === "screen"
        ? "There is no screen to share."
        : `No ${source} was found. Connect one and try again.`;
    case "inUse":
      return `The ${source} gives nothing, perhaps because another program uses it. Close that program and try again.`;
    case "insecure":
      return `Browsers hand the ${source} to secure pages only. Open this page with https://, or on the machine itself as localhost.`;
    case "unsupported":
      return `This browser cannot capture the ${source}. Try another one${source === "screen" ? ", on a computer" : ""}.`;
    case "unsatisfiable":
      return `No ${source} can do what was asked for${constraintOf(cause)}. Ask for less.`;
    case "unknown":
      return `The ${source} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}

/** The wish that no device meets, where the browser names it. */
function constraintOf(cause: unknown): string {
  const named = typeof cause === "object" && cause !== null && "constraint" in cause ? cause.constraint : "";
  return typeof named === "string" && named !== "" ? ` (${named})` : "";
}
