/** What the endpoint `data.json` says: its types, and reading it without believing it. Unknown values are null. */

/** Values that belong to instants, one for each of `at` (ms since 1970). */
export type Samples<Metric extends string> = { readonly at: number[] } & Readonly<Record<Metric, (number | null)[]>>;

/** What is measured of a viewer. */
export const VIEWER_METRICS = [
  "target",
  "sent",
  "estimate",
  "loss",
  "roundTrip",
  "frameRate",
  "queueDelay",
  "rung",
] as const;
/** One of {@link VIEWER_METRICS}. */
export type ViewerMetric = (typeof VIEWER_METRICS)[number];

/** What is measured of an encoder. */
export const RUNG_METRICS = ["target", "sent", "frameRate", "encodeTime", "keyUnits", "queueDelay"] as const;
/** One of {@link RUNG_METRICS}. */
export type RungMetric = (typeof RUNG_METRICS)[number];

/** The phases of a session, in their order. */
export const PHASES = ["requested", "offered", "answered", "iceConnected", "dtlsConnected", "firstFrame", "ended"] as const;
/** When each phase was reached (ms since 1970). */
export type Phases = Readonly<Record<(typeof PHASES)[number], number | null>>;

/** How a session ended. */
export interface End {
  readonly reason: string;
  readonly text: string;
  readonly isError: boolean;
}

/** The session of one viewer. */
export interface Session {
  readonly id: string;
  readonly peerId: string;
  readonly transport: string;
  readonly state: "connecting" | "streaming" | "ended";
  readonly phases: Phases;
  readonly end: End | null;
  readonly codecs: readonly string[];
  readonly samples: Samples<ViewerMetric>;
}

/** One size that one encoder makes. */
export interface Rung {
  readonly id: string;
  readonly pad: string;
  readonly codec: string;
  readonly encoder: string;
  readonly rung: number;
  readonly width: number | null;
  readonly height: number | null;
  readonly viewers: number | null;
  readonly samples: Samples<RungMetric>;
}

/** One answer of the endpoint. */
export interface Answer {
  readonly version: number;
  /** The element's clock (ms since 1970). */
  readonly now: number;
  readonly startedAt: number;
  readonly element: string;
  /** Between two samples (ms). */
  readonly interval: number;
  readonly sessions: readonly Session[];
  readonly rungs: readonly Rung[];
}

/** The samples of a rung of which there are none. */
export const NO_RUNG_SAMPLES: Samples<RungMetric> = readSamples(null, RUNG_METRICS);

type Fields = Readonly<Record<string, unknown>>;

/** Reads an answer; null where it is none of a version that this page knows. */
export function readAnswer(value: unknown): Answer | null {
  const from = fields(value);
  const [now, startedAt] = [number(from["now"]), number(from["startedAt"])];
  if (from["version"] !== 1 || now === null || startedAt === null) {
    return null;
  }
  return {
    version: 1,
    now,
    startedAt,
    element: text(from["element"]),
    interval: number(from["interval"]) ?? 1000,
    sessions: list(from["sessions"]).map(readSession),
    rungs: list(from["rungs"]).map(readRung),
  };
}

function readSession(from: Fields): Session {
  const phases = fields(from["phases"]);
  const end = from["end"] === null || from["end"] === undefined ? null : fields(from["end"]);
  const state = from["state"];
  return {
    id: text(from["id"]),
    peerId: text(from["peerId"]),
    transport: text(from["transport"]),
    state: state === "streaming" || state === "ended" ? state : "connecting",
    phases: Object.fromEntries(PHASES.map((name) => [name, number(phases[name])])) as Phases,
    end: end && { reason: text(end["reason"]), text: text(end["text"]), isError: end["isError"] === true },
    codecs: Array.isArray(from["codecs"]) ? from["codecs"].map(text) : [],
    samples: readSamples(from["samples"], VIEWER_METRICS),
  };
}

function readRung(from: Fields): Rung {
  return {
    id: text(from["id"]),
    pad: text(from["pad"]),
    codec: text(from["codec"]),
    encoder: text(from["encoder"]),
    rung: number(from["rung"]) ?? 0,
    width: number(from["width"]),
    height: number(from["height"]),
    viewers: number(from["viewers"]),
    samples: readSamples(from["samples"], RUNG_METRICS),
  };
}

function readSamples<Metric extends string>(value: unknown, metrics: readonly Metric[]): Samples<Metric> {
  const from = fields(value);
  const at = (Array.isArray(from["at"]) ? from["at"] : []).map(number).filter((instant) => instant !== null);
  const columns = metrics.map((metric) => {
    const column: readonly unknown[] = Array.isArray(from[metric]) ? from[metric] : [];
    return [metric, at.map((_, index) => number(column[index]))] as const;
  });
  return { at, ...Object.fromEntries(columns) } as Samples<Metric>;
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
