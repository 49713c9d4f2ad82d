/** What is wrong with the signalling server, in words for a person who only wants to watch: the cause and the cure. */

/** What is known when the signalling server is not to be had. */
export interface Trouble {
  /** Its address. */
  readonly server: string;
  /** Whether there was a connection before. */
  readonly before: boolean;
  /** Whether a token was shown. */
  readonly token: boolean;
  /** Whether what serves the page answers; null where the signalling server is elsewhere, so that it says nothing. */
  readonly answers: boolean | null;
  /** How the server said no; null where it said nothing. */
  readonly said: string | null;
}

/** A problem in words, and whether a token may solve it. */
export interface Advice {
  readonly text: string;
  readonly asksForToken: boolean;
}

/** What to say while there is no connection to the signalling server. */
export function troubleWords({ server, before, token, answers, said }: Trouble): Advice {
  if (said !== null && /token/i.test(said)) {
    return { text: `The token does not serve any more: ${said}. Type another one.`, asksForToken: true };
  }
  if (before && answers !== true) {
    const text = "The connection to the signalling server is lost. What plays goes on; the page tries to come back.";
    return { text, asksForToken: false };
  }
  if (answers === true) {
    const text = token
      ? "The signalling server does not accept this token: it is wrong, has expired, or is for something else. Type another one."
      : "The signalling server does not let this page in. It probably wants a token: type the one that you were given.";
    return { text, asksForToken: true };
  }
  if (answers === false) {
    return { text: "The server does not answer. The page goes on trying.", asksForToken: false };
  }
  const text = token
    ? `The signalling server ${server} does not answer, or does not accept this token. The page goes on trying; you can type another token.`
    : `The signalling server ${server} does not answer, or wants a token. Is it running, and is this its address? The page goes on trying.`;
  return { text, asksForToken: true };
}

/** Why a page may not even try this server, since it came over https; null: it may. */
export function mixedWords(server: string, page: string): string | null {
  const local = /^ws:\/\/(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/.test(server);
  return page.startsWith("https:") && server.startsWith("ws:") && !local
    ? `A page that came over https may use a signalling server over wss only, and ${server} is none.`
    : null;
}

/** `words` with a capital letter and a full stop. */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/[\s.]+$/, "")}.`;
}
