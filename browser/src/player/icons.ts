/** The pictures on the buttons, drawn without any markup text. */

const SVG = "http://www.w3.org/2000/svg";

/** Outlines on a field of 24 by 24. */
const OUTLINES = {
  play: "M7 4v16l13-8z",
  pause: "M6 4h4v16H6zM14 4h4v16h-4z",
  sound: "M3 9v6h4l5 5V4L7 9zM15 8.5a5 5 0 0 1 0 7l-1.2-1.2a3.3 3.3 0 0 0 0-4.6zM17.6 5.9a8.6 8.6 0 0 1 0 12.2l-1.3-1.3a6.8 6.8 0 0 0 0-9.6z",
  muted: "M3 9v6h4l5 5V4L7 9zM21.5 9.7 20.3 8.5 18 10.8l-2.3-2.3-1.2 1.2L16.8 12l-2.3 2.3 1.2 1.2 2.3-2.3 2.3 2.3 1.2-1.2L19.2 12z",
  statistics: "M4 20V10h4v10zM10 20V4h4v16zM16 20v-7h4v7z",
  control: "M5 3l14 8-6 1.6L16 19l-2.6 1.2-3-6.4L6 18z",
  talk: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5 11h2a5 5 0 0 0 10 0h2a7 7 0 0 1-6 6.9V21h-2v-3.1A7 7 0 0 1 5 11z",
  picture: "M3 5h18v14H3zM5 7v10h14V7zM12 12h6v4h-6z",
  full: "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z",
  small: "M8 4h2v6H4V8h4zM14 4h2v4h4v2h-6zM4 14h6v6H8v-4H4zM14 14h6v2h-4v4h-2z",
} as const;

/** The name of a picture. */
export type IconName = keyof typeof OUTLINES;

/** A picture that nobody reads out. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  svg.append(path);
  draw(svg, name);
  return svg;
}

/** Makes another picture of it. */
export function draw(svg: SVGSVGElement, name: IconName): void {
  svg.firstElementChild?.setAttribute("d", OUTLINES[name]);
}
