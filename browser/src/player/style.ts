/** What the player looks like. Pages change it by custom properties and parts. */

const CSS = `
:host {
  --surface: var(--gst-player-surface, rgb(255 255 255 / 92%));
  --text: var(--gst-player-color, #15181d);
  --accent: var(--gst-player-accent, #1d5fd1);
  --size: var(--gst-player-button-size, 2.75rem);
  display: block;
  position: relative;
  container-type: inline-size;
  aspect-ratio: 16 / 9;
  overflow: hidden;
  border-radius: var(--gst-player-radius, 0);
  background: var(--gst-player-background, #000);
  color: var(--text);
  color-scheme: light dark;
  font: var(--gst-player-font, 1rem/1.4 system-ui, sans-serif);
}
@media (prefers-color-scheme: dark) {
  :host {
    --surface: var(--gst-player-surface, rgb(24 27 33 / 90%));
    --text: var(--gst-player-color, #f2f4f8);
    --accent: var(--gst-player-accent, #6ea8ff);
  }
}
@media (prefers-contrast: more) {
  :host { --surface: var(--gst-player-surface, Canvas); --text: var(--gst-player-color, CanvasText); }
  button, select, [part~="status"] { border-color: currentColor; }
}
:host([hidden]), [hidden] { display: none !important; }
:host(:fullscreen) { width: 100%; height: 100%; border-radius: 0; }
* { box-sizing: border-box; }
/* What lies over the picture and the controls share the height; the picture has all of it. */
.player { position: absolute; inset: 0; display: grid; grid-template-rows: minmax(0, 1fr) auto; }
.stage { position: absolute; inset: 0; display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; }
video { width: 100%; height: 100%; min-width: 0; min-height: 0; object-fit: var(--gst-player-fit, contain); }
.player[data-mode="full"] .stage::after { content: ""; position: absolute; inset: 0; background: rgb(0 0 0 / 55%); }
.veil {
  position: relative; grid-area: 1 / 1; display: grid; place-content: center; justify-items: center; gap: 0.75rem; padding: 1rem; pointer-events: none;
}
.veil > * { pointer-events: auto; }
[part~="status"] {
  margin: 0; max-width: 34rem; padding: 0.35rem 0.9rem; border: 1px solid transparent; border-radius: 1.2rem;
  background: var(--surface); text-align: center; overflow-wrap: anywhere;
}
/* Still read out, seen by nobody. */
.player[data-mode="silent"] [part~="status"] {
  position: absolute; width: 1px; height: 1px; padding: 0; border: 0; overflow: hidden; clip-path: inset(50%);
}
.player[data-mode="full"] [part~="statistics"] { display: none; }
/* Below the figures and the corner. */
.player[data-mode="badge"] .veil { place-content: end start; }
.player[data-mode="badge"] [part~="status"] { font-size: 0.85em; }
.spinner {
  width: 2.5rem; height: 2.5rem; border: 4px solid rgb(255 255 255 / 35%); border-top-color: #fff; border-radius: 50%;
  animation: turn 1s linear infinite;
}
@keyframes turn { to { rotate: 1turn; } }
@keyframes breathe { 50% { opacity: 0.4; } }
@media (prefers-reduced-motion: reduce) {
  .spinner { border-color: #fff; animation: breathe 3s ease-in-out infinite; }
  [part~="controls"] { transition: none !important; }
}
button, select {
  min-width: var(--size); min-height: var(--size); border: 1px solid transparent; border-radius: 0.6rem;
  background: var(--surface); color: inherit; font: inherit; cursor: pointer;
}
button { display: inline-grid; grid-auto-flow: column; place-content: center; align-items: center; gap: 0.4rem; padding: 0 0.5rem; }
button:hover, select:hover { border-color: currentColor; }
button[aria-pressed="true"] { background: var(--accent); color: var(--surface); }
button[part~="words"] { padding: 0 1.1rem; font-weight: 600; }
svg { width: 1.5rem; height: 1.5rem; fill: currentColor; }
:is(button, select, input, video):focus-visible { outline: 3px solid var(--gst-player-focus, var(--accent)); outline-offset: 1px; box-shadow: 0 0 0 6px var(--surface); }
video:focus-visible, video.controlled { outline: 3px solid var(--accent); outline-offset: -3px; box-shadow: none; }
[part~="controls"] {
  position: relative; grid-area: 2 / 1; display: flex; flex-wrap: wrap; align-items: center; gap: 0.35rem;
  padding: 0.5rem max(0.5rem, env(safe-area-inset-right)) max(0.5rem, env(safe-area-inset-bottom)) max(0.5rem, env(safe-area-inset-left));
  background: linear-gradient(transparent, rgb(0 0 0 / 60%)); transition: opacity 0.2s;
}
:host([state="playing"]) .player[data-asleep] [part~="controls"]:not(:focus-within) { opacity: 0; pointer-events: none; }
:host([state="playing"]) .player[data-asleep] { cursor: none; }
.gap { flex: 1; }
input[type="range"] { width: 6rem; min-height: var(--size); accent-color: var(--accent); }
.corner { position: absolute; inset: 0.5rem 0.5rem auto auto; display: grid; justify-items: end; gap: 0.5rem; max-width: calc(100% - 1rem); }
.mark { margin: 0; padding: 0.25rem 0.75rem; border-radius: 1rem; background: var(--accent); color: var(--surface); font-size: 0.85em; font-weight: 600; }
[part~="statistics"] {
  position: absolute; inset: 0.5rem auto auto 0.5rem; display: grid; grid-template-columns: auto auto; gap: 0 0.75rem; margin: 0;
  padding: 0.5rem 0.75rem; border-radius: 0.6rem; background: var(--surface); font-size: 0.8em; font-variant-numeric: tabular-nums; pointer-events: none;
}
[part~="statistics"] dd { margin: 0; text-align: end; }
@container (max-width: 28rem) {
  input[type="range"], [part~="picture"] { display: none; }
  select { max-width: 5.5rem; }
  .veil { padding: 0.25rem; gap: 0.35rem; }
  .spinner { width: 1.5rem; height: 1.5rem; }
  [part~="status"], [part~="statistics"], .mark { font-size: 0.8em; }
  .corner { max-width: 42%; }
  .mark { border-radius: 0.6rem; }
  [part~="controls"] { gap: 0.2rem; padding-block: 0.25rem; }
}
@container (max-width: 18rem) {
  /* There is no room below the corner, so beside it. */
  .player[data-mode="badge"] .veil { place-content: start; padding-inline-end: calc(42% + 0.75rem); }
}
@media (forced-colors: active) {
  button, select, [part~="status"], [part~="statistics"], .mark { border: 1px solid CanvasText; background: Canvas; color: CanvasText; }
  button[aria-pressed="true"] { background: Highlight; color: HighlightText; forced-color-adjust: none; }
}
`;

let sheet: CSSStyleSheet | null = null;

/** Gives a shadow root its looks. Constructed sheets are free of a content security policy's word on inline styles. */
export function dress(root: ShadowRoot): void {
  if ("adoptedStyleSheets" in root && "replaceSync" in CSSStyleSheet.prototype) {
    if (sheet === null) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
    }
    root.adoptedStyleSheets = [sheet];
    return;
  }
  // Safari before 16.4.
  const style = document.createElement("style");
  style.textContent = CSS;
  root.append(style);
}
