/** Serves a folder and a few files of its own on a free port of this machine. */

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
};

/** A running site. */
export interface Site {
  readonly url: string;
  close(): void;
}

/** Serves `folder`, and `files` by their names in preference. */
export async function serve(folder: string, files: Readonly<Record<string, string>>): Promise<Site> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://site").pathname.replace(/\/$/, "/index.html"));
    const name = path.slice(1);
    const own = Object.hasOwn(files, name) ? Promise.resolve(files[name] ?? "") : readFile(join(folder, path));
    own.then(
      (content) => response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain" }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
