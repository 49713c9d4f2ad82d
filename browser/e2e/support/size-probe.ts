/**
 * What the tests ask a page about the sizes of the stream that it plays. Runs inside the page: it is sent there as text,
 * so that the function uses nothing from outside of itself.
 */

/** One reading of a stream whose pictures change their size. */
export interface Sized {
  readonly width: number;
  readonly framesDecoded: number;
  /** What is counted against the stream. */
  readonly freezeCount: number;
  readonly framesDropped: number;
  readonly packetsLost: number;
  readonly pliCount: number;
}

/** Reads the statistics of the first stream on the page. */
export async function readSize(): Promise<Sized> {
  const report = await window.gstWebRTCSessions[0]?.session.rtcPeerConnection?.getStats();
  const stats = [...(report?.values() ?? [])] as Record<string, unknown>[];
  const video = stats.find((s) => s["type"] === "inbound-rtp" && s["kind"] === "video") ?? {};
  const count = (name: string) => Number(video[name] ?? 0);
  return {
    width: count("frameWidth"),
    framesDecoded: count("framesDecoded"),
    freezeCount: count("freezeCount"),
    framesDropped: count("framesDropped"),
    packetsLost: count("packetsLost"),
    pliCount: count("pliCount"),
  };
}
