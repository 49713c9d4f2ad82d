/** What a producer is called. */

import type { Peer } from "../src/index.js";

/** The name that a producer gave itself, or its identifier. Written by a stranger: for `textContent` only. */
export function nameOf({ id, meta }: Peer): string {
  const name = typeof meta === "object" && meta !== null && "name" in meta ? meta.name : null;
  return typeof name === "string" && name.trim() !== "" ? name : id;
}
