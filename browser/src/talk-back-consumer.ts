/** Which passive consumer takes the talk-back for a producer. Decides from what both say of themselves. */

import type { Json, Peer } from "./protocol.js";

/**
 * The passive consumer that plays what viewers of `producer` say: its `meta["talk-back"]` is the producer's name
 * (`meta.name`) or identifier; null where there is none.
 */
export function talkBackConsumerOf(producer: Peer, consumers: readonly Peer[]): Peer | null {
  const name = textIn(producer.meta, "name");
  const meant = (wanted: string): Peer | undefined =>
    consumers.find(({ id, meta }) => id !== producer.id && textIn(meta, "talk-back") === wanted);
  return meant(producer.id) ?? (name === null ? undefined : meant(name)) ?? null;
}

function textIn(meta: Json, key: string): string | null {
  if (typeof meta !== "object" || meta === null || Array.isArray(meta) || !Object.hasOwn(meta, key)) {
    return null;
  }
  const value = (meta as Readonly<Record<string, Json>>)[key];
  return typeof value === "string" && value !== "" ? value : null;
}
