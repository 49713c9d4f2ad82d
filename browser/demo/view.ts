/** What plays and how, as the fragment of the page's address: it survives a reload and can be kept as a bookmark. */

import type { Peer } from "../src/index.js";
import { ownNameOf } from "./names.js";

/** How long pictures are held back, by what the viewer wants. */
export const LATENCIES = ["live", "balanced", "smooth"] as const;
/** One of {@link LATENCIES}. */
export type Latency = (typeof LATENCIES)[number];

/** One stream that plays or is to play. */
export interface Shown {
  /** The producer, when it was last seen. */
  readonly id: string;
  /** What it called itself, by which it is found when it comes back with another identifier; null: nothing. */
  readonly name: string | null;
  readonly latency: Latency;
  readonly muted: boolean;
  readonly large: boolean;
}

/** An address could ask for any number. */
const MOST = 16;
const LONGEST = 512;
/** Halves of characters, which no address can hold. */
const HALVES = /\p{Cs}/gu;

/** The fragment that stands for `shown`, with its `#`; empty for nothing. */
export function writeView(shown: readonly Shown[]): string {
  const entries = shown.slice(0, MOST).map(({ id, name, latency, muted, large }) =>
    [
      `id=${encodeURIComponent(id)}`,
      ...(name === null || name.length > LONGEST ? [] : [`name=${encodeURIComponent(name.replace(HALVES, "\u{FFFD}"))}`]),
      ...(latency === "live" ? [] : [`latency=${latency}`]),
      ...(muted ? ["muted"] : []),
      ...(large ? ["large"] : []),
    ].join(";"),
  );
  return entries.length === 0 ? "" : `#${entries.join("&")}`;
}

/** What a fragment asks for. What cannot be read is left out. */
export function readView(fragment: string): Shown[] {
  const entries = fragment.replace(/^#/, "").split("&").slice(0, MOST);
  return entries.flatMap((entry) => {
    const fields = new Map(entry.split(";").map((field) => fieldOf(field)));
    const [id, name] = [fields.get("id") ?? "", fields.get("name") ?? ""];
    if (id === "" && name === "") {
      return [];
    }
    const latency = LATENCIES.find((known) => known === fields.get("latency")) ?? "live";
    return [{ id, name: name === "" ? null : name, latency, muted: fields.has("muted"), large: fields.has("large") }];
  });
}

function fieldOf(text: string): [string, string] {
  const [key, value] = [text.split("=", 1)[0] ?? "", text.slice(text.indexOf("=") + 1)];
  try {
    return [key, decodeURIComponent(value).slice(0, LONGEST)];
  } catch {
    // A percent sign that encodes nothing.
    return ["", ""];
  }
}

/**
 * Finds the producers that `wanted` stand for: by identifier, else by name, for a producer that was started again has
 * another identifier. Those of `taken` are somebody else's.
 */
export function findAgain<W extends Pick<Shown, "id" | "name">>(
  wanted: readonly W[],
  producers: readonly Peer[],
  taken: ReadonlySet<string>,
): Map<W, Peer> {
  const found = new Map<W, Peer>();
  let free = producers.filter(({ id }) => !taken.has(id));
  const take = (wish: W, producer: Peer | undefined): void => {
    if (producer !== undefined) {
      found.set(wish, producer);
      free = free.filter((other) => other !== producer);
    }
  };
  for (const wish of wanted) {
    take(wish, free.find(({ id }) => id === wish.id));
  }
  for (const wish of wanted.filter((other) => !found.has(other) && other.name !== null)) {
    take(wish, free.find((producer) => ownNameOf(producer) === wish.name));
  }
  return found;
}
