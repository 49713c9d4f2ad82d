/** Turns a function and its arguments into the text of an expression that a page can run. */

/** esbuild marks functions with a call of this name, which pages do not have. */
export const PRELUDE = "globalThis.__name ??= (f) => f;";

/** The expression whose value is what `work` returns in the page. */
export function calling(work: (...args: never[]) => unknown, args: readonly unknown[]): string {
  return `${PRELUDE}(${work.toString()})(...${JSON.stringify(args)})`;
}
