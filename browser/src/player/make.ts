/** Makes elements without any HTML text. */

import { type IconName, draw, icon } from "./icons.js";

/** An element with attributes, all of them this module's own words. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Node[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A button with a picture and a name. */
export class IconButton {
  readonly element: HTMLButtonElement;
  readonly #icon: SVGSVGElement;

  constructor(name: IconName, label: string, part: string, onClick: () => void) {
    this.#icon = icon(name);
    this.element = make("button", { type: "button", part: `button ${part}` }, this.#icon);
    this.label(label);
    this.element.addEventListener("click", onClick);
  }

  /** What it shows and what it is called. */
  show(name: IconName, label: string): void {
    draw(this.#icon, name);
    this.label(label);
  }

  /** Whether it is pressed, for buttons that stay so. */
  press(pressed: boolean): void {
    this.element.setAttribute("aria-pressed", String(pressed));
  }

  private label(label: string): void {
    this.element.setAttribute("aria-label", label);
    this.element.title = label;
  }
}
