/** How much delay a viewer takes for a steadier picture. Pure. */

/** The choices with a name, shortest delay first: how long video is held back, in milliseconds. */
export const LATENCIES = { live: 0, balanced: 150, smooth: 600 } as const;

/** A choice with a name. */
export type Latency = keyof typeof LATENCIES;

const LONGEST = 4000;

/** What an attribute asks for, in milliseconds; `live` where it says nothing that can be understood. */
export function parseLatency(text: string | null): number {
  const word = (text ?? "").trim().toLowerCase();
  if (isLatency(word)) {
    return LATENCIES[word];
  }
  // Browsers take no longer delay than this (WebRTC extensions, jitterBufferTarget).
  return /^\d+(\.\d+)?$/.test(word) ? Math.min(Number(word), LONGEST) : LATENCIES.live;
}

/** The name of a delay; null where it has none. */
export function latencyName(milliseconds: number): Latency | null {
  return (Object.keys(LATENCIES) as Latency[]).find((name) => LATENCIES[name] === milliseconds) ?? null;
}

function isLatency(word: string): word is Latency {
  return Object.hasOwn(LATENCIES, word);
}
