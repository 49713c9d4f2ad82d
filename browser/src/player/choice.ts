/** Which producer is meant. Pure. */

import type { Peer } from "../protocol.js";

/** The producer that has `wanted` as its identifier, else as its name; the first one where nothing is wanted. */
export function chooseProducer(producers: readonly Peer[], wanted: string): Peer | null {
  const found =
    wanted === ""
      ? producers[0]
      : (producers.find(({ id }) => id === wanted) ?? producers.find((producer) => nameOf(producer) === wanted));
  return found ?? null;
}

/** The name that a producer gave itself; null where it gave none. Written by a stranger: for text only. */
export function nameOf({ meta }: Peer): string | null {
  const name = typeof meta === "object" && meta !== null && "name" in meta ? meta.name : null;
  return typeof name === "string" && name.trim() !== "" ? name : null;
}

/** A list of codecs as an attribute holds it, such as `VP9, H264`. */
export function parseCodecs(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== "");
}
