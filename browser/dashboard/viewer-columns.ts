/** What the table of viewers says of each: who, how it goes, how the session began, and how it ended. */

import type { Rung, Session } from "./data.js";
import { make, say } from "./dom.js";
import { codecName, duration, quantity, shortened } from "./format.js";
import { latest } from "./lines.js";
import { type Column, textColumn } from "./table.js";
import { type Piece, beginningOf, timelineWords } from "./timeline.js";

/** A viewer as a row has it. */
export interface ViewerRow {
  readonly id: string;
  readonly session: Session;
  readonly pieces: readonly Piece[];
  /** The length of all bars (ms). */
  readonly scale: number;
  readonly now: number;
}

/** What a viewer is called. */
export function viewerName({ peerId, id }: Session): string {
  return shortened(peerId === "" ? id : peerId);
}

/** The columns of viewers. */
export const VIEWER_COLUMNS: readonly Column<ViewerRow>[] = [
  { title: "Viewer", class: "name", fill: nameViewer },
  { title: "State", class: "state", fill: showState },
  ...([
    ["Sent", "sent", "bitrate"],
    ["Target", "target", "bitrate"],
    ["Loss", "loss", "share"],
    ["Round trip", "roundTrip", "duration"],
    ["Frames", "frameRate", "rate"],
    ["Queue", "queueDelay", "duration"],
  ] as const).map(([title, metric, unit]) =>
    textColumn<ViewerRow>(title, `number ${metric}`, ({ session }) =>
      session.state === "ended" ? "" : quantity(latest(session.samples[metric]), unit),
    ),
  ),
  { title: "Until the first frame", class: "beginning", fill: drawBeginning },
  textColumn<ViewerRow>("For", "number lasted", ({ session: { phases }, now }) => {
    const { requested, ended } = phases;
    return requested === null ? "" : duration(Math.max(0, Math.round(((ended ?? now) - requested) / 1000)));
  }),
  { title: "End", class: "end", fill: tellEnd },
];

function nameViewer(cell: HTMLTableCellElement, { session }: ViewerRow): void {
  const more = [...session.codecs.map(codecName), session.transport].filter((word) => word !== "").join(" · ");
  nameAndMore(cell, viewerName(session), more);
  cell.title = `peer ${session.peerId}, session ${session.id}`;
}

function nameRung(cell: HTMLTableCellElement, rung: Rung): void {
  nameAndMore(cell, rungName(rung), rung.encoder);
  cell.title = rung.id;
}

function nameAndMore(cell: HTMLTableCellElement, name: string, more: string): void {
  if (cell.childElementCount === 0) {
    cell.append(make("b"), make("small"));
  }
  const [first, second] = cell.children as unknown as [HTMLElement, HTMLElement];
  say(first, name);
  say(second, more);
}

function showState(cell: HTMLTableCellElement, { session: { state, end } }: ViewerRow): void {
  const word = end?.isError === true ? "failed" : state;
  cell.dataset["state"] = word;
  say(cell, word);
}

function tellEnd(cell: HTMLTableCellElement, { session: { end, state } }: ViewerRow): void {
  const unknown = state === "ended" ? "over; the element did not say how" : "";
  say(cell, end === null ? unknown : end.text || end.reason);
  cell.classList.toggle("bad", end?.isError === true);
  cell.title = end === null ? "" : `${end.reason}: ${end.text}`;
}

function drawBeginning(cell: HTMLTableCellElement, { pieces, scale }: ViewerRow): void {
  if (cell.childElementCount === 0) {
    cell.append(make("div", { class: "bar", attributes: { role: "img" } }), make("small"));
  }
  const [bar, total] = cell.children as unknown as [HTMLElement, HTMLElement];
  const words = timelineWords(pieces);
  const drawn = `${scale} ${words}`;
  if (bar.dataset["drawn"] !== drawn) {
    bar.dataset["drawn"] = drawn;
    bar.title = words;
    bar.setAttribute("aria-label", words);
    bar.replaceChildren(
      ...pieces.map((piece) => {
        const part = make("i", { attributes: { "data-step": piece.step, "data-state": piece.state } });
        part.style.left = `${(Math.min(piece.from, scale) / scale) * 100}%`;
        part.style.width = `${((Math.min(piece.to, scale) - Math.min(piece.from, scale)) / scale) * 100}%`;
        return part;
      }),
    );
  }
  say(total, pieces.length === 0 ? "" : duration(beginningOf(pieces) / 1000));
}

/** What a rung is called. */
export function rungName({ codec, width, height, rung, pad, id }: Rung): string {
  const size = width === null || height === null ? `rung ${rung}` : `${width}×${height}`;
  return codec === "" ? id : [pad, codecName(codec), size].filter((word) => word !== "").join(" ");
}

/** The columns of rungs. */
export const RUNG_COLUMNS: readonly Column<Rung>[] = [
  { title: "Rung", class: "name", fill: nameRung },
  textColumn<Rung>("Viewers", "number viewers", ({ viewers }) => quantity(viewers, "count")),
  ...([
    ["Sent", "sent", "bitrate"],
    ["Target", "target", "bitrate"],
    ["Frames", "frameRate", "rate"],
    ["Encoding", "encodeTime", "duration"],
    ["Key units", "keyUnits", "count"],
    ["Queue", "queueDelay", "duration"],
  ] as const).map(([title, metric, unit]) =>
    textColumn<Rung>(title, `number ${metric}`, ({ samples }) => quantity(latest(samples[metric]), unit)),
  ),
];
