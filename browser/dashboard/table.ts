/** A table whose rows stay the same elements while their cells change. */

import { make, say } from "./dom.js";

/** A column: what is above it, and what it puts into its cell of a row. */
export interface Column<Item> {
  readonly title: string;
  readonly class: string;
  /** Changes the cell; a text, or whatever else is in it. */
  readonly fill: (cell: HTMLTableCellElement, item: Item) => void;
}

/** A column of texts. */
export function textColumn<Item>(title: string, name: string, text: (item: Item) => string): Column<Item> {
  return {
    title,
    class: name,
    fill: (cell, item) => {
      say(cell, text(item));
    },
  };
}

/** Rows of items, each with a box that chooses it. */
export class Table<Item extends { readonly id: string }> {
  readonly root: HTMLTableElement;
  readonly #body = make("tbody");
  readonly #rows = new Map<string, { row: HTMLTableRowElement; box: HTMLInputElement; cells: HTMLTableCellElement[] }>();
  readonly #columns: readonly Column<Item>[];
  readonly #onChoose: (id: string, isChosen: boolean) => void;

  constructor(caption: string, columns: readonly Column<Item>[], onChoose: (id: string, isChosen: boolean) => void) {
    this.#columns = columns;
    this.#onChoose = onChoose;
    const titles = columns.map(({ title, class: name }) => make("th", { class: name, text: title, attributes: { scope: "col" } }));
    const plot = make("th", { class: "choose", attributes: { scope: "col" } }, make("span", { class: "unseen", text: "Plotted" }));
    this.root = make(
      "table",
      {},
      make("caption", { class: "unseen", text: caption }),
      make("thead", {}, make("tr", {}, plot, ...titles)),
      this.#body,
    );
  }

  /** Shows these items in this order; `colours` has those that are chosen. */
  show(items: readonly Item[], colours: ReadonlyMap<string, string>, nameOf: (item: Item) => string): void {
    const present = new Set(items.map(({ id }) => id));
    for (const [id, { row }] of this.#rows) {
      if (!present.has(id)) {
        row.remove();
        this.#rows.delete(id);
      }
    }
    items.forEach((item, place) => {
      const { row, box, cells } = this.#rows.get(item.id) ?? this.#add(item.id);
      const colour = colours.get(item.id);
      box.checked = colour !== undefined;
      box.style.accentColor = colour ?? "";
      box.setAttribute("aria-label", `plot ${nameOf(item)}`);
      row.classList.toggle("chosen", colour !== undefined);
      row.style.setProperty("--own", colour ?? "transparent");
      this.#columns.forEach(({ fill }, index) => {
        const cell = cells[index];
        if (cell !== undefined) {
          fill(cell, item);
        }
      });
      if (this.#body.children[place] !== row) {
        this.#body.insertBefore(row, this.#body.children[place] ?? null);
      }
    });
  }

  #add(id: string): { row: HTMLTableRowElement; box: HTMLInputElement; cells: HTMLTableCellElement[] } {
    const box = make("input", { attributes: { type: "checkbox" } });
    box.addEventListener("change", () => {
      this.#onChoose(id, box.checked);
    });
    const cells = this.#columns.map(({ class: name, title }) => make("td", { class: name, attributes: { "data-title": title } }));
    const row = make("tr", {}, make("td", { class: "choose" }, make("label", {}, box)), ...cells);
    const made = { row, box, cells };
    this.#rows.set(id, made);
    return made;
  }
}
