/** Makes elements without any HTML text. */

/** An element with attributes and children. Attributes and children are the page's own, never a stranger's words. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly Node[]
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
  const made = element("button", { type: "button", class: className, "data-testid": testId });
  made.textContent = label;
  return made;
}

/** The element of the page with this id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) {
    throw new Error(`the page has no element #${id}`);
  }
  return found;
}
