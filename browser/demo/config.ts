/** Where the page finds its signalling server and its STUN servers. */

/** What the page needs to know before it can connect. */
export interface PageConfig {
  readonly signalingServerUrl: string;
  /** Null: the library's own. */
  readonly iceServers: RTCIceServer[] | null;
}


const DEFAULT_PORT = 8443;

/**
 * In this order: `?server=ws://host:port`, `config.json` beside the page, the tag
 * `<meta name="gst-webrtc-signalling" content="PORT or address">`, port 8443 of the page's host.
 * `?stun=off` asks no STUN server but those that the signalling server names.
 */
export async function readConfig(): Promise<PageConfig> {
  const query = new URLSearchParams(location.search);
  const file = await readFile();
  const tag = document.querySelector<HTMLMetaElement>('meta[name="gst-webrtc-signalling"]')?.content;
  const url = query.get("server") ?? serverOf(file) ?? (tag === undefined ? null : fromTag(tag)) ?? address({});
  return { signalingServerUrl: url, iceServers: query.get("stun") === "off" ? [] : iceServersOf(file) };
}

async function readFile(): Promise<object> {
  try {
    const response = await fetch("config.json", { cache: "no-store" });
    const value: unknown = response.ok ? await response.json() : null;
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    // Most servers have no such file, and some answer with a page instead.
    return {};
  }
}

function serverOf(file: object): string | null {
  const server = "signallingServer" in file ? file.signallingServer : null;
  if (typeof server === "string") {
    return /^wss?:/.test(server) ? server : null;
  }
  if (typeof server !== "object" || server === null || !("port" in server) || typeof server.port !== "number") {
    return null;
  }
  return address({ port: server.port, ...("tls" in server ? { tls: server.tls === true } : {}) });
}

function iceServersOf(file: object): RTCIceServer[] | null {
  const servers: unknown = "iceServers" in file ? file.iceServers : null;
  // The browser checks the entries itself when a connection is made.
  return Array.isArray(servers) ? (servers as RTCIceServer[]) : null;
}

function fromTag(content: string): string | null {
  if (/^\d+$/.test(content)) {
    return address({ port: Number(content) });
  }
  return /^wss?:/.test(content) ? content : null;
}

function address({ port = DEFAULT_PORT, tls = location.protocol === "https:" }: { readonly port?: number; readonly tls?: boolean }): string {
  // A page from a file has no host.
  return `${tls ? "wss" : "ws"}://${location.hostname === "" ? "127.0.0.1" : location.hostname}:${port}`;
}
