/** The colours of lines, which the style sheet has for light and dark. */

/** How many different colours there are, and so how many lines can be told apart. */
export const COLOURS = 8;

/** The colour at this place. */
export function colourAt(place: number): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--line-${(place % COLOURS) + 1}`).trim();
}
