/** Where the page finds its signalling server, its STUN and TURN servers and the dashboard. */

/** What the page needs to know before it can connect. */
export interface PageConfig {
  readonly signalingServerUrl: string;
  /** Null: the library's own. */
  readonly iceServers: RTCIceServer[] | null;
  /** Address of the dashboard; null where there is none. */
  readonly dashboard: string | null;
}

/** What the configuration is made of. */
export interface ConfigSources {
  /** The page's own address. */
  readonly address: string;
  /** What `config.json` beside the page holds, unchecked; null where there is none. */
  readonly file: unknown;
  /** Content of the tag `gst-webrtc-signalling`; null where there is none. */
  readonly tag: string | null;
}

const DEFAULT_PORT = 8443;
/** A file that takes longer (ms) is none: the page begins without it. */
const PATIENCE = 5000;

/** Reads what there is to read, and decides. */
export async function readConfig(): Promise<PageConfig> {
  const tag = document.querySelector<HTMLMetaElement>('meta[name="gst-webrtc-signalling"]')?.content ?? null;
  return configFrom({ address: location.href, file: await readFile(), tag });
}

/**
 * In this order: `?server=ws://host:port`, `config.json` beside the page, the tag
 * `<meta name="gst-webrtc-signalling" content="PORT or address">`, port 8443 of the page's host.
 * `?room=NAME` is asked for there, unless `?server=` says all; `?stun=off` asks no STUN server but those that the signalling server names.
 *
 * @throws where the query names something that is no address, in words.
 */
export function configFrom({ address, file, tag }: ConfigSources): PageConfig {
  const page = new URL(address);
  const query = page.searchParams;
  const found = isObject(file) ? file : {};
  const wanted = query.get("server");
  const url =
    wanted === null
      ? inRoom(serverOf(found["signallingServer"], page) ?? (tag === null ? null : fromTag(tag, page)) ?? at(page, {}), query.get("room"))
      : wantedServer(wanted, page);
  return {
    signalingServerUrl: url,
    iceServers: query.get("stun") === "off" ? [] : iceServersOf(found["iceServers"]),
    dashboard: found["dashboard"] === true ? new URL("dashboard/", page).href : null,
  };
}

/** What a person asked for is not replaced silently. */
function wantedServer(text: string, page: URL): string {
  const url = websocketAddress(text, page);
  if (url === null) {
    throw new Error(`“${text}” (from ?server=) is no address of a signalling server: it begins with ws:// or wss://.`);
  }
  return url;
}

/** The address of the server with the room that the page's own address names, where neither says another one. */
function inRoom(server: string, room: string | null): string {
  if (room === null) {
    return server;
  }
  const url = new URL(server);
  if (!url.searchParams.has("room")) {
    url.searchParams.set("room", room);
  }
  return url.href;
}

async function readFile(): Promise<unknown> {
  try {
    const response = await fetch("config.json", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    return response.ok ? await response.json() : null;
  } catch {
    // Most servers have no such file, and some answer with a page instead.
    return null;
  }
}

function serverOf(server: unknown, page: URL): string | null {
  if (typeof server === "string") {
    return websocketAddress(server, page);
  }
  return isObject(server) && typeof server["port"] === "number"
    ? at(page, { port: server["port"], ...("tls" in server ? { tls: server["tls"] === true } : {}) }) + pathOf(server["path"])
    : null;
}

/** Path and query of a server that is told by its port. */
function pathOf(path: unknown): string {
  return typeof path === "string" && path.startsWith("/") ? path : "";
}

/** An address that may be relative to the page: `.` is the websocket beside it, on the page's own port. */
function websocketAddress(text: string, page: URL): string | null {
  let url: URL;
  try {
    url = new URL(text, page);
  } catch {
    return null;
  }
  if (url.protocol === "http:" || url.protocol === "https:") {
    url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  }
  // Websockets have no fragment.
  url.hash = "";
  return /^wss?:$/.test(url.protocol) ? url.href : null;
}

function iceServersOf(servers: unknown): RTCIceServer[] | null {
  // The browser checks the entries itself when a connection is made.
  return Array.isArray(servers) ? (servers as RTCIceServer[]) : null;
}

function fromTag(content: string, page: URL): string | null {
  if (/^\d+$/.test(content)) {
    return at(page, { port: Number(content) });
  }
  return /^wss?:/.test(content) ? content : null;
}

function at(page: URL, { port = DEFAULT_PORT, tls = page.protocol === "https:" }: { readonly port?: number; readonly tls?: boolean }): string {
  // A page from a file has no host.
  return `${tls ? "wss" : "ws"}://${page.hostname === "" ? "127.0.0.1" : page.hostname}:${port}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
