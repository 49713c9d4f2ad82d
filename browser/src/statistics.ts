/**
 * Reads what a browser says about a connection (`RTCStatsReport`). Browsers differ in what they report: what one of
 * them does not know is left out. Pure: reports in, numbers out.
 */

import { canonicalCodec } from "./codec-preferences.js";

/** Which of several resolutions of a stream this viewer is sent. */
export interface Rung {
  /** 0 is the best one. */
  readonly index: number;
  readonly count: number;
  readonly width: number;
  readonly height: number;
}

/** The rung that a producer tells of in what it says about its media; null where it tells of none. */
export function rungIn(info: unknown): Rung | null {
  const told = typeof info === "object" && info !== null && "rung" in info ? info.rung : null;
  if (typeof told !== "object" || told === null) {
    return null;
  }
  const { index, count, width, height } = told as Partial<Record<keyof Rung, unknown>>;
  const numbers = [index, count, width, height].every((value) => typeof value === "number");
  return numbers ? ({ index, count, width, height } as Rung) : null;
}

/** What a session is like now. What is not known is absent. */
export interface SessionStatistics {
  /** When it was like this, on the clock of `performance.now()`. */
  readonly at: number;
  /** Video, in bit/s since the last statistics. */
  readonly bitrate?: number;
  /** Frames that were decoded or, of a stream that is produced here, encoded. */
  readonly framesPerSecond?: number;
  /** To the other side and back, in seconds. */
  readonly roundTripTime?: number;
  /** The share of the packets of the video that got lost since the last statistics, 0 to 1. */
  readonly packetLoss?: number;
  /** How long the frames since the last statistics were held back in the mean, in seconds. */
  readonly jitterBufferDelay?: number;
  /** How often the picture stood still since the session began. */
  readonly freezeCount?: number;
  /** For how long in all, in seconds. */
  readonly totalFreezesDuration?: number;
  /** Such as `video/VP8`. */
  readonly codec?: string;
  readonly frameWidth?: number;
  readonly frameHeight?: number;
  /** Told by producers with several resolutions, over the channel `control`. */
  readonly rung?: Rung;
  /** What decodes the video, in the browser's words. */
  readonly decoder?: string;
  /** What encodes the video of a stream that is produced here, in the browser's words. */
  readonly encoder?: string;
  /** Such as `audio/opus`. */
  readonly audioCodec?: string;
  /** In bit/s since the last statistics. */
  readonly audioBitrate?: number;
  /** How media travels from here to the other side, or to the relay. */
  readonly protocol?: "udp" | "tcp";
  /** Whether it goes through a TURN server, of this side or of the other. */
  readonly relayed?: boolean;
}

/** A dictionary of a report, unchecked: browsers differ. */
export type StatsEntry = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

/** What is remembered of a stream to say what has happened since. */
interface Counters {
  readonly timestamp: number;
  readonly bytes: number | undefined;
  readonly frames: number | undefined;
  readonly received: number | undefined;
  readonly lost: number | undefined;
  readonly bufferDelay: number | undefined;
  readonly emitted: number | undefined;
}

/** Turns the reports of one connection, in order, into statistics. */
export class StatisticsReader {
  readonly #mid: string | null;
  #last: ReadonlyMap<string, Counters> = new Map();

  /** Of several video sections the one called `mid` is read; null: the one with most data. */
  constructor(mid: string | null = null) {
    this.#mid = mid;
  }

  /** Reads a report that was made at `at`. */
  read(report: Iterable<StatsEntry>, at: number): SessionStatistics {
    const entries = new Map([...report].map((entry) => [entry.id, entry]));
    const streams = [...entries.values()].filter(({ type }) => type === "inbound-rtp" || type === "outbound-rtp");
    const last = this.#last;
    this.#last = new Map(streams.map((stream) => [stream.id, countersOf(stream)]));
    const video = mostOf(streams.filter((stream) => kindOf(stream) === "video" && this.#isMeant(stream)));
    const audio = mostOf(streams.filter((stream) => kindOf(stream) === "audio"));
    return defined<SessionStatistics>({
      at,
      ...(video === undefined ? {} : readVideo(video, entries, last.get(video.id))),
      ...(audio === undefined ? {} : readAudio(audio, entries, last.get(audio.id))),
      ...readPath(entries, video ?? audio),
    });
  }

  #isMeant(stream: StatsEntry): boolean {
    return this.#mid === null || stream["mid"] === undefined || stream["mid"] === this.#mid;
  }
}

type Loose<T> = { [K in keyof T]?: T[K] | undefined };
type Entries = ReadonlyMap<string, StatsEntry>;

function readVideo(stream: StatsEntry, entries: Entries, last: Counters | undefined): Loose<SessionStatistics> {
  const now = countersOf(stream);
  const seconds = last === undefined ? undefined : (now.timestamp - last.timestamp) / 1000;
  return {
    bitrate: rate(now.bytes, last?.bytes, seconds, 8),
    framesPerSecond: number(stream, "framesPerSecond") ?? rate(now.frames, last?.frames, seconds, 1),
    packetLoss: stream.type === "outbound-rtp" ? share(about(stream, entries), "fractionLost") : lossOf(now, last),
    jitterBufferDelay: meanDelay(now, last),
    freezeCount: number(stream, "freezeCount"),
    totalFreezesDuration: number(stream, "totalFreezesDuration"),
    codec: codecOf(stream, entries),
    frameWidth: positive(stream, "frameWidth"),
    frameHeight: positive(stream, "frameHeight"),
    decoder: text(stream, "decoderImplementation"),
    encoder: text(stream, "encoderImplementation"),
  };
}

function readAudio(stream: StatsEntry, entries: Entries, last: Counters | undefined): Loose<SessionStatistics> {
  const now = countersOf(stream);
  const seconds = last === undefined ? undefined : (now.timestamp - last.timestamp) / 1000;
  return { audioCodec: codecOf(stream, entries), audioBitrate: rate(now.bytes, last?.bytes, seconds, 8) };
}

function readPath(entries: Entries, stream: StatsEntry | undefined): Loose<SessionStatistics> {
  const pair = selectedPair(entries);
  const local = entries.get(text(pair, "localCandidateId") ?? "");
  const remote = entries.get(text(pair, "remoteCandidateId") ?? "");
  // The leg that this side speaks over: to its relay, where it has one.
  const protocol = text(local, "relayProtocol") ?? text(local, "protocol");
  const kinds = [text(local, "candidateType"), text(remote, "candidateType")];
  return {
    roundTripTime:
      number(pair, "currentRoundTripTime") ?? number(stream && about(stream, entries), "roundTripTime"),
    protocol: protocol === undefined ? undefined : protocol === "udp" ? "udp" : "tcp",
    relayed: kinds[0] === undefined ? undefined : kinds.includes("relay"),
  };
}

function selectedPair(entries: Entries): StatsEntry | undefined {
  const all = [...entries.values()];
  const named = all.flatMap((entry) => (entry.type === "transport" ? (text(entry, "selectedCandidatePairId") ?? []) : []));
  const pairs = all.filter(({ type }) => type === "candidate-pair");
  return (
    pairs.find(({ id }) => named.includes(id)) ??
    // Firefox marks the pair itself.
    pairs.find((pair) => pair["selected"] === true) ??
    pairs.find((pair) => pair["nominated"] === true && pair["state"] === "succeeded")
  );
}

/** What the other side says about a stream. */
function about(stream: StatsEntry, entries: Entries): StatsEntry | undefined {
  const id = text(stream, "remoteId");
  return (
    entries.get(id ?? "") ?? [...entries.values()].find(({ type, localId }) => type.startsWith("remote-") && localId === stream.id)
  );
}

function countersOf(stream: StatsEntry): Counters {
  const sent = stream.type === "outbound-rtp";
  return {
    timestamp: number(stream, "timestamp") ?? 0,
    bytes: number(stream, sent ? "bytesSent" : "bytesReceived"),
    frames: number(stream, sent ? "framesEncoded" : "framesDecoded"),
    received: number(stream, "packetsReceived"),
    lost: number(stream, "packetsLost"),
    bufferDelay: number(stream, "jitterBufferDelay"),
    emitted: number(stream, "jitterBufferEmittedCount"),
  };
}

function lossOf(now: Counters, last: Counters | undefined): number | undefined {
  const [lost, received] = [since(now.lost, last?.lost), since(now.received, last?.received)];
  if (lost === undefined || received === undefined) {
    return undefined;
  }
  // Packets that come late after all are taken off those that were lost.
  const missing = Math.max(0, lost);
  return missing + received > 0 ? missing / (missing + received) : undefined;
}

function meanDelay(now: Counters, last: Counters | undefined): number | undefined {
  const [delay, emitted] = [since(now.bufferDelay, last?.bufferDelay), since(now.emitted, last?.emitted)];
  return delay === undefined || emitted === undefined || emitted <= 0 ? undefined : Math.max(0, delay / emitted);
}

function rate(now: number | undefined, last: number | undefined, seconds: number | undefined, unit: number): number | undefined {
  const more = since(now, last);
  return more === undefined || seconds === undefined || seconds <= 0 ? undefined : (Math.max(0, more) * unit) / seconds;
}

function since(now: number | undefined, last: number | undefined): number | undefined {
  return now === undefined || last === undefined ? undefined : now - last;
}

function mostOf(streams: readonly StatsEntry[]): StatsEntry | undefined {
  const bytes = (stream: StatsEntry): number => countersOf(stream).bytes ?? 0;
  return streams.reduce<StatsEntry | undefined>(
    (most, stream) => (most === undefined || bytes(stream) > bytes(most) ? stream : most),
    undefined,
  );
}

function kindOf(stream: StatsEntry): unknown {
  return stream["kind"] ?? stream["mediaType"];
}

function codecOf(stream: StatsEntry, entries: Entries): string | undefined {
  const name = text(entries.get(text(stream, "codecId") ?? ""), "mimeType");
  // As the description names it, which may be in any case.
  return name === undefined ? undefined : canonicalCodec(name);
}

function share(entry: StatsEntry | undefined, key: string): number | undefined {
  const value = number(entry, key);
  return value === undefined ? undefined : Math.min(1, Math.max(0, value));
}

function positive(entry: StatsEntry, key: string): number | undefined {
  const value = number(entry, key);
  return value !== undefined && value > 0 ? value : undefined;
}

function number(entry: StatsEntry | undefined, key: string): number | undefined {
  const value = entry?.[key];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function text(entry: StatsEntry | undefined, key: string): string | undefined {
  const value = entry?.[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Without the keys whose value is unknown. */
function defined<T extends object>(values: Loose<T>): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
