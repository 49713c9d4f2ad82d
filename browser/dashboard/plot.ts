/** One plot over time. Drawing is uPlot's; what is under the pointer is told in words. */

import uPlot from "uplot";
import { make, say } from "./dom.js";
import { type Unit, clock, quantity } from "./format.js";
import type { Line } from "./lines.js";

/** How one line looks, and what it is called. */
export interface LineStyle {
  readonly label: string;
  readonly colour: string;
  readonly dash?: readonly number[];
}

/** What a plot shows. */
export interface PlotParts {
  readonly title: string;
  readonly unit: Unit;
  /** Lines go up in steps, or are bars. */
  readonly form?: "steps" | "bars";
  readonly lines: readonly LineStyle[];
  /** Called with the ends (s) of what was marked with the pointer. */
  readonly onZoom: (from: number, to: number) => void;
}

/** Smallest upper end of the axis: a line at nothing is drawn at the bottom, noise is not blown up. */
const LEAST: Readonly<Record<Unit, number>> = { bitrate: 100_000, duration: 0.01, share: 0.01, rate: 5, count: 1 };
/** Between two marks of the axis of time (s). */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1200, 1800];
const HEIGHT = 168;
/** Pixels, of which three letters, a point and a unit have their place. */
const MARGIN = 68;

/** A plot and its place on the page. */
export class Plot {
  readonly root: HTMLElement;
  readonly #parts: PlotParts;
  readonly #words = make("div", { class: "hover", attributes: { "aria-hidden": "true" } });
  readonly #now = make("span", { class: "value" });
  readonly #plot: uPlot;
  readonly #watch: ResizeObserver;
  #range: [number, number] = [0, 1];

  constructor(parts: PlotParts) {
    this.#parts = parts;
    const title = make("figcaption", {}, make("span", { text: parts.title }), this.#now);
    const canvas = make("div", { class: "canvas" });
    this.root = make("figure", { class: "plot", attributes: { "aria-label": parts.title } }, title, canvas, this.#words);
    this.#words.hidden = true;
    this.#plot = new uPlot(this.#options(), [[], ...parts.lines.map(() => [])], canvas);
    this.#watch = new ResizeObserver(() => {
      if (canvas.clientWidth > 0) {
        this.#plot.setSize({ width: canvas.clientWidth, height: HEIGHT });
      }
    });
    this.#watch.observe(canvas);
  }

  /** Draws the lines over `range` (s). */
  draw(seconds: number[], lines: readonly Line[], range: [number, number]): void {
    this.#range = range;
    this.#plot.setData([seconds, ...lines], true);
    const only = lines.length === 1 ? lines[0] : undefined;
    const last = only?.findLast((value) => value !== null && value !== undefined);
    say(this.#now, only === undefined ? "" : quantity(last, this.#parts.unit));
  }

  /** Takes it off the page. */
  remove(): void {
    this.#watch.disconnect();
    this.#plot.destroy();
    this.root.remove();
  }

  #options(): uPlot.Options {
    const { unit, lines } = this.#parts;
    const style = getComputedStyle(document.documentElement);
    const [faint, rule] = [style.getPropertyValue("--faint"), style.getPropertyValue("--rule")];
    const axis = { stroke: faint, grid: { stroke: rule, width: 1 }, ticks: { show: false }, font: "11px system-ui" };
    return {
      width: 320,
      height: HEIGHT,
      padding: [8, 26, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "dashboard", setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
      scales: {
        x: { time: true, range: () => this.#range },
        y: { range: (_, __, most) => [0, Math.max(LEAST[unit], (Number.isFinite(most) ? most : 0) * 1.12)] },
      },
      axes: [
        { ...axis, size: 26, space: 76, incrs: STEPS, values: (_, at) => at.map((second) => clock(second * 1000)) },
        { ...axis, size: MARGIN, space: 32, values: (_, at) => at.map((value) => quantity(value, unit)) },
      ],
      series: [{}, ...lines.map((line) => this.#series(line))],
      hooks: {
        setCursor: [(plot) => { this.#tell(plot); }],
        setSelect: [(plot) => { this.#zoom(plot); }],
      },
    };
  }

  #series({ label, colour, dash }: LineStyle): uPlot.Series {
    const { form } = this.#parts;
    const { stepped, bars } = uPlot.paths;
    const paths = form === "steps" ? stepped?.({ align: 1 }) : form === "bars" ? bars?.({ size: [0.7, 10] }) : undefined;
    return {
      label,
      stroke: colour,
      width: form === "bars" ? 0 : 1.75,
      points: { show: false },
      ...(dash === undefined ? {} : { dash: [...dash] }),
      ...(paths === undefined ? {} : { paths }),
      ...(form === "bars" ? { fill: colour } : {}),
    };
  }

  #zoom(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width > 8) {
      this.#parts.onZoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
    }
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  #tell(plot: uPlot): void {
    const { idx, left = -1 } = plot.cursor;
    const second = plot.data[0][idx ?? -1];
    // Only the plot that the pointer is on has words; the others have the line.
    const isHere = plot.over.matches(":hover");
    this.#words.hidden = !isHere || second === undefined || left < 0;
    if (this.#words.hidden || second === undefined) {
      return;
    }
    const rows = this.#parts.lines.map(({ label, colour }, index) => {
      const value = plot.data[index + 1]?.[idx ?? -1];
      return { label, colour, value };
    });
    rows.sort((a, b) => (b.value ?? -1) - (a.value ?? -1));
    this.#words.replaceChildren(
      make("b", { text: clock(second * 1000) }),
      ...rows.map(({ label, colour, value }) => {
        const mark = make("i", { class: "mark" });
        mark.style.background = colour;
        return make("span", {}, mark, make("span", { text: label }), make("b", { text: quantity(value, this.#parts.unit) }));
      }),
    );
    const isRight = left > plot.over.clientWidth / 2;
    this.#words.style.left = isRight ? "auto" : `${MARGIN + left + 16}px`;
    this.#words.style.right = isRight ? `${plot.over.clientWidth - left + 24}px` : "auto";
  }
}
