/**
 * What the tests ask a page about the streams that it plays. Runs inside the page: it is sent there as text, so that
 * the functions use nothing from outside of themselves.
 */

/** One reading of a stream that plays. */
export interface Reading {
  readonly framesDecoded: number;
  readonly frameWidth: number;
  readonly frameHeight: number;
  readonly codec: string;
  /** What the packets come over: `udp` or `tcp`; empty where the browser does not say. */
  readonly protocol: string;
  /** Null where the browser does not count it. */
  readonly audioEnergy: number | null;
  /** Whether the viewer would hear it. */
  readonly audible: boolean;
  /** Mean brightness of the picture, 0 to 255. */
  readonly luma: number;
  /** Variance of the brightness: 0 for a picture of one colour. */
  readonly variance: number;
  readonly clickToFirstFrame: number | null;
  /** Whether the session is over. */
  readonly ended: boolean;
}

/** Reads the statistics and the picture of a producer's stream; null where the page does not play it. */
export async function readStream(producerId: string): Promise<Reading | null> {
  const played = window.gstWebRTCSessions.find((entry) => entry.producerId === producerId);
  if (played === undefined) {
    return null;
  }
  const report = await played.session.rtcPeerConnection?.getStats();
  const stats = [...(report?.values() ?? [])] as Record<string, unknown>[];
  const inbound = (kind: string) => stats.find((s) => s["type"] === "inbound-rtp" && s["kind"] === kind) ?? {};
  const video = inbound("video");
  const codec = stats.find((s) => s["type"] === "codec" && s["id"] === video["codecId"])?.["mimeType"];
  const selected = stats.find((s) => s["type"] === "transport")?.["selectedCandidatePairId"];
  const pair = stats.find((s) => s["type"] === "candidate-pair" && s["id"] === selected) ?? {};
  const protocol = stats.find((s) => s["id"] === pair["localCandidateId"])?.["protocol"];
  const energy = inbound("audio")["totalAudioEnergy"];
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [64, 36];
  const context = canvas.getContext("2d");
  context?.drawImage(played.video, 0, 0, 64, 36);
  const pixels = context?.getImageData(0, 0, 64, 36).data ?? new Uint8ClampedArray();
  const lumas: number[] = [];
  for (let at = 0; at + 2 < pixels.length; at += 4) {
    lumas.push(0.299 * (pixels[at] ?? 0) + 0.587 * (pixels[at + 1] ?? 0) + 0.114 * (pixels[at + 2] ?? 0));
  }
  const luma = lumas.reduce((sum, value) => sum + value, 0) / lumas.length;
  return {
    framesDecoded: Number(video["framesDecoded"] ?? 0),
    frameWidth: Number(video["frameWidth"] ?? 0),
    frameHeight: Number(video["frameHeight"] ?? 0),
    codec: typeof codec === "string" ? codec : "",
    protocol: typeof protocol === "string" ? protocol : "",
    audioEnergy: typeof energy === "number" ? energy : null,
    audible: !played.video.muted && !played.video.paused && played.video.volume > 0,
    luma,
    variance: lumas.reduce((sum, value) => sum + (value - luma) ** 2, 0) / lumas.length,
    clickToFirstFrame: played.firstFrameAt === null ? null : played.firstFrameAt - played.clickedAt,
    ended: played.session.endReason !== null,
  };
}

/** Listens to a stream with an analyser until it hears something; the loudest sample, 0 where all is quiet. */
export async function listen(producerId: string, deadline: number): Promise<number> {
  const played = window.gstWebRTCSessions.find((entry) => entry.producerId === producerId);
  const stream = played?.video.srcObject;
  if (!(stream instanceof MediaStream) || stream.getAudioTracks().length === 0) {
    return 0;
  }
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const until = performance.now() + deadline;
  let loudest = 0;
  while (loudest < 0.001 && performance.now() < until) {
    await new Promise(requestAnimationFrame);
    analyser.getFloatTimeDomainData(samples);
    loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), loudest);
  }
  await context.close();
  return loudest;
}

/** Marks the button that plays the producer of this name, so that it can be clicked; its id, null where it is not listed. */
export function markPlay(name: string): string | null {
  for (const entry of document.querySelectorAll<HTMLElement>("[data-testid=producer]")) {
    const start = entry.querySelector<HTMLElement>("[data-testid=play]");
    if (start !== null && entry.querySelector("[data-testid=producer-name]")?.textContent.trim() === name) {
      start.dataset["marked"] = entry.dataset["peerId"] ?? "";
      return entry.dataset["peerId"] ?? null;
    }
  }
  return null;
}
