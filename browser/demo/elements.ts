/** Makes elements without any HTML text. */

import { ICONS, type IconName } from "./icons.js";

/** An element with attributes and children. Attributes and children are the page's own, never a stranger's words. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A button that says `label` and that tests find as `testId`. */
export function button(label: string, testId: string, className = ""): HTMLButtonElement {
  return element("button", { type: "button", class: className, "data-testid": testId }, label);
}

/** A button that shows a picture and says `label` to those who ask. */
export function iconButton(icon: IconName, label: string, testId: string): HTMLButtonElement {
  const made = element("button", { type: "button", class: "icon", "data-testid": testId });
  setIcon(made, icon, label);
  return made;
}

/** Changes the picture and the words of an {@link iconButton}. */
export function setIcon(made: HTMLButtonElement, icon: IconName, label: string): void {
  made.replaceChildren(picture(icon));
  made.title = label;
  made.setAttribute("aria-label", label);
}

/** A line drawing in the colour of the text around it. */
export function picture(icon: IconName): SVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", ICONS[icon]);
  svg.append(path);
  return svg;
}

/** Replaces what can be chosen, and keeps the choice where it is still there. */
export function setChoices(select: HTMLSelectElement, choices: readonly { readonly value: string; readonly text: string }[]): void {
  const chosen = select.value;
  select.replaceChildren(
    ...choices.map(({ value, text }) => {
      const option = element("option", {}, text);
      option.value = value;
      return option;
    }),
  );
  select.value = choices.some(({ value }) => value === chosen) ? chosen : (choices[0]?.value ?? "");
}

/** The element of the page with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string, kind?: new () => T): T {
  const found = document.getElementById(id);
  if (found === null || (kind !== undefined && !(found instanceof kind))) {
    throw new Error(`the page has no such element #${id}`);
  }
  return found as T;
}
