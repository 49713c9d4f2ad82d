/** Which passive consumer takes the talk-back for a producer. Decides from what both say of themselves. */

import type { Json, Peer } from "./protocol.js";

/**
 * The passive consumer that plays what viewers of `producer` say: its `meta["talk-back"]` is the producer's name
 * (`meta.name`) or identifier; null where there is none. Null also where several say so, since anybody may, and nobody
 * shall be heard by a stranger who does.
 */
export function talkBackConsumerOf(producer: Peer, consumers: readonly Peer[]): Peer | null {
  const names = [producer.id, textIn(producer.meta, "name")];
  const claim = consumers.filter(({ id, meta }) => {
    const wanted = textIn(meta, "talk-back");
    return id !== producer.id && wanted !== null && names.includes(wanted);
  });
  return claim.length === 1 ? (claim[0] ?? null) : null;
}

function textIn(meta: Json, key: string): string | null {
  if (typeof meta !== "object" || meta === null || Array.isArray(meta) || !Object.hasOwn(meta, key)) {
    return null;
  }
  const value = (meta as Readonly<Record<string, Json>>)[key];
  return typeof value === "string" && value !== "" ? value : null;
}
