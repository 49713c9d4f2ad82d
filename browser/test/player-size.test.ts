import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { test } from "vitest";

/** The script as it is shipped, but for its name. */
async function built(): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL("../src/player/index.ts", import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    target: "es2022",
    format: "esm",
    legalComments: "none",
  });
  const [script] = outputFiles;
  assert.ok(script !== undefined);
  return script.contents;
}

test("the player and the library together stay small, and hold nothing that a strict policy forbids", async () => {
  const script = await built();
  const sizes = { gzip: gzipSync(script, { level: 9 }).length, brotli: brotliCompressSync(script).length };
  assert.ok(sizes.gzip < 36_000 && sizes.brotli < 32_000, JSON.stringify(sizes));
  const text = new TextDecoder().decode(script);
  for (const forbidden of [/innerHTML/, /insertAdjacentHTML/, /\beval\(/, /new Function\b/, /document\.write/, /setAttribute\("style"/]) {
    assert.doesNotMatch(text, forbidden);
  }
});

test("a program without a page can load the player", async () => {
  const { GstWebRTCPlayer } = await import("../src/player/index.js");
  assert.equal(typeof GstWebRTCPlayer, "function");
});
