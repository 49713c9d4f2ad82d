/** The dashboard: asks the element, keeps what it says, and shows it until the page is left. */

import { keepToken, takeToken, tokenPlaces } from "../demo/token.js";
import { Choice, Steady } from "./choice.js";
import { colourAt } from "./colours.js";
import { type Answer, NO_RUNG_SAMPLES, type Rung, type Session } from "./data.js";
import { byId, make, say } from "./dom.js";
import { clock, duration } from "./format.js";
import { History } from "./history.js";
import { latest } from "./lines.js";
import { Plots, RUNG_MEASURES, type Span, VIEWER_MEASURES } from "./plots.js";
import { type Link, Poller } from "./poller.js";
import { type Filter, type Order, firstRows, listed, listedWords, worst } from "./ranking.js";
import { Table } from "./table.js";
import { showTiles, tilesOf } from "./tiles.js";
import { STEPS, piecesOf, scaleOf } from "./timeline.js";
import { RUNG_COLUMNS, VIEWER_COLUMNS, type ViewerRow, rungName, viewerName } from "./viewer-columns.js";

/** So many viewers, the worst, are plotted as long as nobody chose. */
const FOLLOWED = 4;

/** What the viewer of this page set. */
interface Settings {
  range: number;
  words: string;
  filter: Filter;
  order: Order;
  /** What is drawn while the page is paused; null: what is now. */
  held: { readonly whole: Answer; readonly zoom: readonly [from: number, to: number] | null } | null;
}

const history = new History();
const settings: Settings = { range: 300_000, words: "", filter: "all", order: "worst", held: null };
const [viewerChoice, rungChoice, followed] = [new Choice(), new Choice(), new Steady()];
const hold = (from: number, to: number): void => {
  const whole = settings.held?.whole ?? history.snapshot();
  if (whole !== null) {
    settings.held = { whole, zoom: [from * 1000, to * 1000] };
    draw();
  }
};
const viewerPlots = new Plots(VIEWER_MEASURES, hold);
const rungPlots = new Plots(RUNG_MEASURES, hold);
const viewerTable = new Table<ViewerRow>("Viewers", VIEWER_COLUMNS, (id, isChosen) => {
  viewerChoice.set(id, isChosen);
  draw();
});
const rungTable = new Table<Rung>("Encoders", RUNG_COLUMNS, (id, isChosen) => {
  rungChoice.set(id, isChosen);
  draw();
});

const address = new URL("data.json", document.baseURI);
let token = takeToken(tokenPlaces(), address.href);
let asked = 0;

const poller = new Poller({
  address,
  since: () => history.since,
  token: () => token,
  onAnswer: (answer) => {
    history.add(answer);
    draw();
  },
  onLink: showLink,
  fetch: (question, init) => fetch(question, init),
  later: (run, after) => setTimeout(run, after),
  now: () => Date.now(),
});

/** What is drawn: all that is known, or what was known when the page was paused. */
function draw(): void {
  const whole = settings.held?.whole ?? history.whole;
  if (whole === null) {
    return;
  }
  const { held, range } = settings;
  // Of an element that began a moment ago there is nothing to be seen before that.
  const recorded = Math.max(60_000, whole.now - whole.startedAt);
  const [from, to] = held?.zoom ?? [whole.now - Math.min(range, recorded), whole.now];
  const span: Span = { from, to, interval: whole.interval };
  say(byId("element", HTMLElement), whole.element);
  document.title = `${whole.element} – dashboard`;
  const pause = byId("pause", HTMLButtonElement);
  pause.setAttribute("aria-pressed", String(held !== null));
  say(pause, held === null ? "Pause" : "Go on");
  showTiles(byId("tiles", HTMLElement), tilesOf(whole.sessions, whole.rungs, whole.now, whole.interval * 5));
  drawViewers(whole, span);
  drawRungs(whole.rungs, whole, span);
}

function drawViewers({ sessions, now }: Answer, span: Span): void {
  const rows = listed(sessions, { ...settings, now });
  const places = viewerChoice.of(
    sessions.map(({ id }) => id),
    () => {
      const live = rows.filter(({ state, samples }) => state !== "ended" && samples.at.length > 0).map(({ id }) => id);
      const plotted = followed.of(now, live, FOLLOWED, () => worst(rows, FOLLOWED, now).map(({ id }) => id));
      return plotted.length > 0 ? plotted : rows.slice(0, 1).map(({ id }) => id);
    },
  );
  const colours = coloursOf(places);
  const shown = firstRows(rows, places);
  const bars = shown.map((session) => piecesOf(session, now));
  const scale = scaleOf(bars);
  viewerTable.show(
    shown.map((session, place) => ({ id: session.id, session, pieces: bars[place] ?? [], scale, now })),
    colours,
    ({ session }) => viewerName(session),
  );
  say(byId("listed", HTMLElement), listedWords(shown.length, rows.length, sessions.length, places.size));
  byId("follow", HTMLButtonElement).setAttribute("aria-pressed", String(viewerChoice.isAutomatic));
  viewerPlots.draw(inOrder(sessions, colours, viewerName), span);
}

function drawRungs(all: readonly Rung[], { now, interval }: Answer, span: Span): void {
  // Those that make something now are first.
  const works = ({ samples }: Rung): boolean => now - (samples.at.at(-1) ?? 0) < interval * 5;
  const rows = [...all].sort((a, b) => Number(works(b)) - Number(works(a)) || (latest(b.samples.sent) ?? 0) - (latest(a.samples.sent) ?? 0));
  const ids = rows.map(({ id }) => id);
  const rule = (): string[] => (rows.some(works) ? rows.filter(works) : rows).slice(0, FOLLOWED).map(({ id }) => id);
  const colours = coloursOf(rungChoice.of(ids, rule));
  byId("follow-rungs", HTMLButtonElement).setAttribute("aria-pressed", String(rungChoice.isAutomatic));
  // What an encoder did last says nothing of now.
  rungTable.show(rows.map((rung) => (works(rung) ? rung : { ...rung, samples: NO_RUNG_SAMPLES })), colours, rungName);
  rungPlots.draw(inOrder(rows, colours, rungName), span);
}

function coloursOf(places: ReadonlyMap<string, number>): Map<string, string> {
  return new Map([...places].map(([id, place]) => [id, colourAt(place)]));
}

/** What is plotted, with names and colours; the order is that of the choice, so that plots are not made anew each second. */
function inOrder<Item extends Session | Rung>(
  all: readonly Item[],
  colours: ReadonlyMap<string, string>,
  nameOf: (item: Item) => string,
): { id: string; label: string; colour: string; samples: Item["samples"] }[] {
  return [...colours].flatMap(([id, colour]) => {
    const item = all.find((one) => one.id === id);
    return item === undefined ? [] : [{ id, label: nameOf(item), colour, samples: item.samples }];
  });
}

function showLink(link: Link): void {
  const [badge, silence, ask] = [byId("link", HTMLElement), byId("silence", HTMLElement), byId("ask", HTMLFormElement)];
  badge.dataset["state"] = link.kind;
  document.body.classList.toggle("silent", link.kind === "silent");
  silence.hidden = link.kind !== "silent";
  ask.hidden = link.kind !== "refuses";
  byId("refused", HTMLElement).hidden = asked === 0;
  if (link.kind === "silent") {
    say(badge, `No answer for ${duration(Math.round((Date.now() - link.since) / 1000))}`);
    const known = history.last === null ? "" : ` What is shown is from ${clock(history.last.now)}.`;
    say(silence, `Nothing new: ${link.why}.${known} This page goes on asking.`);
  } else {
    say(badge, { asking: "Asking…", answers: settings.held === null ? "Live" : "Paused", refuses: "Token wanted" }[link.kind]);
  }
}

/** Saves all that this page knows, also of an element that is gone, in the form of the endpoint. */
function save(): void {
  const whole = settings.held?.whole ?? history.whole;
  if (whole === null) {
    return;
  }
  const blob = URL.createObjectURL(new Blob([JSON.stringify(whole)], { type: "application/json" }));
  const name = `${whole.element || "dashboard"}-${new Date(whole.now).toISOString().slice(0, 19).replaceAll(":", "-")}.json`;
  make("a", { attributes: { href: blob, download: name } }).click();
  setTimeout(() => {
    URL.revokeObjectURL(blob);
  }, 60_000);
}

function listen(): void {
  const on = (id: string, type: string, handle: (value: string) => void): void => {
    const element = byId(id, HTMLElement);
    element.addEventListener(type, (event) => {
      event.preventDefault();
      handle(element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? element.value : "");
      draw();
    });
  };
  on("range", "change", (value) => { settings.range = Number(value); });
  on("search", "input", (value) => { settings.words = value; });
  on("filter", "change", (value) => { settings.filter = value as Filter; });
  on("order", "change", (value) => { settings.order = value as Order; });
  on("follow", "click", () => { viewerChoice.follow(); });
  on("follow-rungs", "click", () => { rungChoice.follow(); });
  on("save", "click", save);
  on("pause", "click", () => {
    const whole = settings.held === null ? history.snapshot() : null;
    settings.held = whole && { whole, zoom: null };
  });
  on("ask", "submit", () => {
    token = byId("token", HTMLInputElement).value.trim();
    keepToken(tokenPlaces(), address.href, token);
    asked += 1;
    poller.start();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    viewerPlots.recolour();
    rungPlots.recolour();
    draw();
  });
}

byId("viewers", HTMLElement).append(viewerTable.root);
byId("rungs", HTMLElement).append(rungTable.root);
byId("viewer-plots", HTMLElement).append(viewerPlots.root);
byId("rung-plots", HTMLElement).append(rungPlots.root);
byId("steps", HTMLElement).append(
  ...STEPS.map(({ name, words }) => make("li", {}, make("i", { attributes: { "data-step": name } }), make("span", { text: words }))),
);
listen();
poller.start();
