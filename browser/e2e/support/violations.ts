/** Keeps a record of what a browser keeps out of a page. */

/** In a page: notes as `window.violations` what the browser says that it kept out by the page's policy, from the first call on. */
export function noteViolations(): void {
  if ("violations" in window) {
    return;
  }
  const violations: string[] = [];
  Object.assign(window, { violations });
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    violations.push(`${violatedDirective} ${blockedURI}`);
  });
}
