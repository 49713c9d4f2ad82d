/** Where a player finds its signalling server, and the connections that players share. */

import { askAdmission } from "../admission.js";
import { GstWebRTCAPI } from "../gstwebrtc-api.js";
import type { Refusal } from "./viewing.js";

/** A signalling server and the ICE servers to use with it. */
export interface Server {
  readonly url: string;
  /** Null: the library's own. */
  readonly iceServers: RTCIceServer[] | null;
}

const DEFAULT_PORT = 8443;
/** A file that takes longer (ms) is none: the player begins without it. */
const PATIENCE = 5000;

/**
 * The server of an attribute: an address, or one relative to the page such as `.` or `/signalling`; http becomes ws.
 *
 * @throws `TypeError` where it is none.
 */
export function resolveServer(server: string, page: string): string {
  // A host with a port alone would be taken for a path, or its host for a scheme.
  const url = new URL(/^[\w.-]+:\d+(\/|\?|$)/.test(server) ? `//${server}` : server, page);
  url.protocol = url.protocol.replace(/^http/, "ws");
  url.hash = "";
  if (!/^wss?:$/.test(url.protocol)) {
    throw new TypeError(`“${server}” is not the address of a signalling server: it begins with ws:// or wss://`);
  }
  return url.href;
}

/** What a `config.json` says; what it leaves out is port 8443 of the page's host. */
export function readServer(config: unknown, page: string): Server {
  const file: Readonly<Record<string, unknown>> = typeof config === "object" && config !== null ? { ...config } : {};
  const { signallingServer: server, iceServers } = file;
  // The browser checks the entries itself when a connection is made.
  const ice = Array.isArray(iceServers) ? (iceServers as RTCIceServer[]) : null;
  if (typeof server === "string") {
    return { url: resolveServer(server, page), iceServers: ice };
  }
  const { port, tls, path }: Readonly<Record<string, unknown>> = typeof server === "object" && server !== null ? { ...server } : {};
  const { protocol, hostname } = new URL(page);
  const secure = typeof tls === "boolean" ? tls : protocol === "https:";
  // A page from a file has no host.
  const host = hostname === "" ? "127.0.0.1" : hostname;
  const rest = typeof path === "string" && path.startsWith("/") ? path : "";
  return { url: `${secure ? "wss" : "ws"}://${host}:${typeof port === "number" ? port : DEFAULT_PORT}${rest}`, iceServers: ice };
}

/**
 * The server that is `wanted`. Where none is, `config.json` beside `script` is asked, which may be on another server than
 * the page; without it, the page's own host it is.
 *
 * @throws `TypeError` where `wanted` is no address.
 */
export async function findServer(wanted: string, script: string, page: string): Promise<Server> {
  if (wanted !== "") {
    return { url: resolveServer(wanted, page), iceServers: null };
  }
  let config: unknown = null;
  try {
    const response = await fetch(new URL("config.json", script), { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    config = response.ok ? await response.json() : null;
  } catch {
    // Most servers have no such file, and some answer with a page instead.
  }
  return readServer(config, config === null ? page : script);
}

/** A connection, for as long as {@link release} was not called. */
export interface SharedConnection {
  readonly api: GstWebRTCAPI;
  release(): void;
}

const shared = new Map<string, { readonly api: GstWebRTCAPI; users: number }>();

/** A connection to `server`, shared by all players that ask for the same one with the same token. */
export function shareConnection({ url, iceServers }: Server, token: string): SharedConnection {
  const key = JSON.stringify([url, token, iceServers]);
  const entry = shared.get(key) ?? {
    api: new GstWebRTCAPI({
      meta: { name: "player" },
      signalingServerUrl: url,
      ...(token === "" ? {} : { token }),
      ...(iceServers === null ? {} : { webrtcConfig: { iceServers } }),
    }),
    users: 0,
  };
  shared.set(key, entry);
  entry.users += 1;
  let released = false;
  return {
    api: entry.api,
    release: () => {
      if (released) {
        return;
      }
      released = true;
      entry.users -= 1;
      if (entry.users === 0) {
        shared.delete(key);
        entry.api.close();
      }
    },
  };
}

/** What may be otherwise the next time. */
const PASSING = ["full", "address-full", "draining"];

/** Asks `server` why it does not let in who shows `token`; null where it does not say. */
export async function askRefusal(server: Server | null, token: string): Promise<Refusal | null> {
  const admission = server === null ? null : await askAdmission(server.url, null, token);
  if (admission?.kind !== "refuses" || admission.reason === "not-a-websocket") {
    return null;
  }
  // What programs are told of headers helps no viewer.
  const text = admission.reason === "token-missing" ? "nobody is let in without a token." : admission.text;
  return { text, forGood: !PASSING.includes(admission.reason) };
}
