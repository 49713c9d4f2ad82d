/** The few numbers that say how the whole is. The sums are pure. */

import type { Rung, Session } from "./data.js";
import { make, say } from "./dom.js";
import { quantity } from "./format.js";
import { latest } from "./lines.js";

/** One number with its name. */
export interface Tile {
  readonly name: string;
  readonly value: string;
  readonly isBad: boolean;
}

/** The numbers of all viewers and rungs. `fresh` is how old (ms) the newest sample of a rung that works may be. */
export function tilesOf(sessions: readonly Session[], rungs: readonly Rung[], now: number, fresh: number): Tile[] {
  const streaming = sessions.filter(({ state }) => state === "streaming");
  const failed = sessions.filter(({ end }) => end?.isError === true).length;
  const known = (metric: "sent" | "loss" | "roundTrip"): number[] =>
    streaming.map(({ samples }) => latest(samples[metric])).filter((value) => value !== null);
  const [loss, trips] = [known("loss"), known("roundTrip").sort((a, b) => a - b)];
  const most = loss.length === 0 ? null : Math.max(...loss);
  const working = rungs.filter(({ samples }) => now - (samples.at.at(-1) ?? 0) < fresh).length;
  return [
    { name: "watching", value: String(streaming.length), isBad: false },
    { name: "connecting", value: String(sessions.filter(({ state }) => state === "connecting").length), isBad: false },
    { name: "failed", value: String(failed), isBad: failed > 0 },
    { name: "sent to all", value: quantity(known("sent").reduce((sum, value) => sum + value, 0), "bitrate"), isBad: false },
    { name: "most loss", value: quantity(most, "share"), isBad: (most ?? 0) > 0.05 },
    { name: "usual round trip", value: quantity(trips[Math.floor((trips.length - 1) / 2)], "duration"), isBad: false },
    { name: "encoders", value: String(working), isBad: false },
  ];
}

/** Shows tiles in a list of definitions. */
export function showTiles(list: HTMLElement, tiles: readonly Tile[]): void {
  while (list.childElementCount < tiles.length) {
    list.append(make("div", { class: "card tile" }, make("dt"), make("dd")));
  }
  tiles.forEach(({ name, value, isBad }, place) => {
    const tile = list.children[place];
    const [term, number] = (tile?.children ?? []) as unknown as [HTMLElement, HTMLElement];
    say(term, name);
    say(number, value);
    tile?.classList.toggle("bad", isBad);
  });
}
