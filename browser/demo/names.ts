/** What a producer is called. Names are a stranger's words: made harmless to a line of text here, never HTML. */

import type { Peer } from "../src/index.js";

/** So many characters of a name are shown. */
const LONGEST = 80;
/**
 * Characters that are seen by what they do to others: controls, direction overrides, tags, private ones. Joiners stay:
 * scripts and pictures of several parts need them.
 */
const UNSEEN = /(?![\u{200C}\u{200D}])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** What is left where there is nothing to see. */
const NOTHING = /^[\s\p{M}\u{200C}\u{200D}]*$/u;
/** Marks that pile up on one letter until they cover other lines. */
const PILES = /(\p{M}{2})\p{M}+/gu;

/** The name that a producer gave itself, or its identifier, as one short line. For `textContent` only. */
export function nameOf(peer: Peer): string {
  const shown = oneLine(ownNameOf(peer) ?? "");
  return NOTHING.test(shown) ? oneLine(peer.id) : shown;
}

/** The name exactly as the producer gave it, for finding it again; null where it gave none. */
export function ownNameOf({ meta }: Peer): string | null {
  const name = typeof meta === "object" && meta !== null && "name" in meta ? meta.name : null;
  return typeof name === "string" && name.trim() !== "" ? name : null;
}

/** `text` as a line that stays where it is put: no controls, no change of direction, not too long. */
export function oneLine(text: string, longest = LONGEST): string {
  // Cut first: a stranger chooses how much work this is.
  const start = text.slice(0, longest * 8);
  const seen = start.replace(UNSEEN, (found) => (/\s/.test(found) ? " " : ""));
  const line = seen.replace(PILES, "$1").replace(/\s+/g, " ").trim();
  const characters = Array.from(line);
  return characters.length <= longest ? line : `${characters.slice(0, longest - 1).join("").trimEnd()}…`;
}
