/** Asks over HTTP why the signalling server does not let this page in: of a websocket, browsers say only that it failed. */

/** What an answer says. */
export type Admission =
  /** The server is elsewhere than the page, whose policy lets it ask nobody else. */
  | { readonly kind: "unknown" }
  /** Nothing answers. */
  | { readonly kind: "silent" }
  /** Something answers, but does not say why. */
  | { readonly kind: "answers" }
  /** The server says why: `reason` in a word for programs, `text` for people. */
  | { readonly kind: "refuses"; readonly reason: string; readonly text: string };

const PATIENCE = 5000;

/** Asks `server`, the address of a websocket, from the page at `page`; null: from one that may ask everywhere. */
export async function askAdmission(server: string, page: string | null, token: string): Promise<Admission> {
  const url = new URL(server);
  if (page !== null && url.host !== new URL(page).host) {
    return { kind: "unknown" };
  }
  if (!/^[\x21-\x7e]*$/.test(token)) {
    // No header can hold it.
    return { kind: "answers" };
  }
  url.protocol = url.protocol === "wss:" ? "https:" : "http:";
  try {
    const answer = await fetch(url, {
      cache: "no-store",
      headers: { Accept: "application/json", ...(token === "" ? {} : { Authorization: `Bearer ${token}` }) },
      signal: AbortSignal.timeout(PATIENCE),
    });
    return admissionOf(await answer.text());
  } catch {
    return { kind: "silent" };
  }
}

/** What the body of an answer says. Servers that do not know the question answer with a page, or with anything. */
export function admissionOf(body: string): Admission {
  try {
    const said: unknown = JSON.parse(body);
    if (typeof said === "object" && said !== null && "reason" in said && "text" in said) {
      const { reason, text } = said;
      return typeof reason === "string" && typeof text === "string" ? { kind: "refuses", reason, text } : { kind: "answers" };
    }
  } catch {
    // No JSON.
  }
  return { kind: "answers" };
}
