/** Makes elements. Texts are only ever texts, never markup. */

/** What an element is made of. */
export interface Parts {
  readonly class?: string;
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A new element with what it holds. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { class: names, text, attributes = {} }: Parts = {},
  ...children: Node[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (names !== undefined) {
    element.className = names;
  }
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  if (text !== undefined) {
    element.textContent = text;
  }
  element.append(...children);
  return element;
}

/** The element of the page with this id. */
export function byId<E extends HTMLElement>(id: string, kind: new () => E): E {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) {
    throw new Error(`the page has no ${kind.name} called ${id}`);
  }
  return element;
}

/** Changes a text only where it is another one: what is selected or read aloud stays. */
export function say(element: HTMLElement, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
