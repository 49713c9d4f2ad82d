/** The plots of the viewers, or of the rungs, that were chosen: one for each measure, all on one axis of time. */

import { colourAt } from "./colours.js";
import type { RungMetric, Samples, ViewerMetric } from "./data.js";
import { make } from "./dom.js";
import type { Unit } from "./format.js";
import { axisOf, lineOf } from "./lines.js";
import { type LineStyle, Plot, type PlotParts } from "./plot.js";

/** A measure, or some that are one plot where only one viewer is looked at. */
export interface Measure<Metric extends string> {
  readonly title: string;
  readonly unit: Unit;
  readonly form?: "steps" | "bars";
  readonly lines: readonly { readonly metric: Metric; readonly title: string; readonly dash?: readonly number[] }[];
}

const SENT = { metric: "sent", title: "Sent bitrate" } as const;
const TARGET = { metric: "target", title: "Target bitrate", dash: [6, 4] } as const;

/** What is plotted of viewers. */
export const VIEWER_MEASURES: readonly Measure<ViewerMetric>[] = [
  { title: "Bitrate", unit: "bitrate", lines: [SENT, TARGET, { metric: "estimate", title: "Estimate", dash: [2, 3] }] },
  { title: "Loss", unit: "share", lines: [{ metric: "loss", title: "Loss" }] },
  { title: "Round trip", unit: "duration", lines: [{ metric: "roundTrip", title: "Round trip" }] },
  { title: "Frame rate", unit: "rate", lines: [{ metric: "frameRate", title: "Frame rate" }] },
  { title: "Queue delay", unit: "duration", lines: [{ metric: "queueDelay", title: "Queue delay" }] },
  { title: "Rung (0 is the largest)", unit: "count", form: "steps", lines: [{ metric: "rung", title: "Rung" }] },
];

/** What is plotted of rungs. */
export const RUNG_MEASURES: readonly Measure<RungMetric>[] = [
  { title: "Bitrate", unit: "bitrate", lines: [SENT, TARGET] },
  { title: "Frame rate", unit: "rate", lines: [{ metric: "frameRate", title: "Frame rate" }] },
  { title: "Time to encode a frame", unit: "duration", lines: [{ metric: "encodeTime", title: "Encoder time" }] },
  { title: "Key units", unit: "count", form: "bars", lines: [{ metric: "keyUnits", title: "Key units" }] },
  { title: "Queue delay before the encoder", unit: "duration", lines: [{ metric: "queueDelay", title: "Queue delay" }] },
];

/** Something that has lines in plots. */
export interface Plotted<Metric extends string> {
  readonly id: string;
  readonly label: string;
  readonly colour: string;
  readonly samples: Samples<Metric>;
}

/** What of the time is drawn (ms since 1970). */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly interval: number;
}

interface Drawn<Metric extends string> {
  readonly plot: Plot;
  readonly lines: readonly { readonly item: number; readonly metric: Metric }[];
}

/** The plots of some items. */
export class Plots<Metric extends string> {
  readonly root = make("div", { class: "plots" });
  readonly #measures: readonly Measure<Metric>[];
  readonly #onZoom: PlotParts["onZoom"];
  #drawn: readonly Drawn<Metric>[] = [];
  #shown = "";

  constructor(measures: readonly Measure<Metric>[], onZoom: PlotParts["onZoom"]) {
    this.#measures = measures;
    this.#onZoom = onZoom;
  }

  /** Has the plots made anew, with other colours. */
  recolour(): void {
    this.#shown = "";
  }

  /** Draws `items` over `span`. */
  draw(items: readonly Plotted<Metric>[], { from, to, interval }: Span): void {
    const shown = items.map(({ id, label, colour }) => `${id} ${label} ${colour}`).join("\n");
    if (shown !== this.#shown || this.#drawn.length === 0) {
      this.#shown = shown;
      this.#rebuild(items);
    }
    const samples = items.map((item) => item.samples);
    const { seconds, places } = axisOf(samples, from, to, interval);
    for (const { plot, lines } of this.#drawn) {
      const drawn = lines.map(({ item, metric }) => lineOf(samples[item]?.[metric] ?? [], places[item] ?? []));
      plot.draw(seconds, drawn, [from / 1000, to / 1000]);
    }
  }

  #rebuild(items: readonly Plotted<Metric>[]): void {
    for (const { plot } of this.#drawn) {
      plot.remove();
    }
    this.#drawn = this.#measures.flatMap((measure) =>
      items.length === 1 || measure.lines.length === 1
        ? [this.#plot(measure, measure.title, measure.lines, items)]
        : measure.lines.map((line) => this.#plot(measure, line.title, [line], items)),
    );
    this.root.append(...this.#drawn.map(({ plot }) => plot.root));
  }

  #plot(
    { unit, form }: Measure<Metric>,
    title: string,
    metrics: Measure<Metric>["lines"],
    items: readonly Plotted<Metric>[],
  ): Drawn<Metric> {
    const lines = items.flatMap((_, item) => metrics.map(({ metric }) => ({ item, metric })));
    const styles = items.flatMap(({ label, colour }) =>
      metrics.map((line, place): LineStyle => {
        const several = metrics.length > 1;
        const dash = several && line.dash !== undefined ? { dash: line.dash } : {};
        return { label: several ? line.title : label, colour: several ? colourAt(place) : colour, ...dash };
      }),
    );
    const named = metrics.length > 1 ? `${title}: ${metrics.map((line) => line.title.toLowerCase()).join(", ")}` : title;
    const parts = { title: named, unit, lines: styles, onZoom: this.#onZoom, ...(form === undefined ? {} : { form }) };
    return { plot: new Plot(parts), lines };
  }
}
