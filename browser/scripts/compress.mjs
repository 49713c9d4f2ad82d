// Writes a compressed copy beside every file of dist/ that browsers load and that gains by it.

import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url).pathname;

for (const name of await readdir(dist, { recursive: true })) {
  if (/\.(js|mjs|css|html)$/.test(name)) {
    const content = await readFile(join(dist, name));
    const packed = gzipSync(content, { level: constants.Z_BEST_COMPRESSION });
    if (packed.length < content.length * 0.9) {
      await writeFile(join(dist, `${name}.gz`), packed);
    }
  }
}
