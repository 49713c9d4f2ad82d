/**
 * The token of this page. It is kept out of the address, which ends up in histories and logs, and belongs to one server:
 * a link may name any with `?server=`.
 */

const KEY = "gst-webrtc-token";

/** What the token is read from and kept in. */
export interface TokenPlaces {
  /** The page's own address. */
  readonly address: string;
  /** Keeps it until the tab is closed. */
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** Replaces the address that is shown and remembered. */
  replaceAddress(address: string): void;
}

/** The places of a page in a browser. */
export function tokenPlaces(): TokenPlaces {
  return {
    address: location.href,
    // Where storage is switched off, looking at it fails.
    get storage() {
      return sessionStorage;
    },
    replaceAddress: (address) => {
      history.replaceState(history.state, "", address);
    },
  };
}

/** The token for `server` that was given with `?token=`, now or before this page was loaded again; empty: none. */
export function takeToken(places: TokenPlaces, server: string): string {
  const url = new URL(places.address);
  const given = url.searchParams.get("token");
  if (given === null) {
    return read(places, server);
  }
  keepToken(places, server, given);
  url.searchParams.delete("token");
  places.replaceAddress(url.href);
  return given;
}

/** Keeps `token` for the next time that this page is loaded with `server`; empty: forgets it. */
export function keepToken(places: Pick<TokenPlaces, "storage">, server: string, token: string): void {
  try {
    if (token === "") {
      places.storage.removeItem(keyOf(server));
    } else {
      places.storage.setItem(keyOf(server), token);
    }
  } catch {
    // Storage that is switched off keeps nothing.
  }
}

function read(places: TokenPlaces, server: string): string {
  try {
    return places.storage.getItem(keyOf(server)) ?? "";
  } catch {
    return "";
  }
}

function keyOf(server: string): string {
  return `${KEY} ${server}`;
}
