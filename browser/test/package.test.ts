import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build } from "esbuild";
import { test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const LIMIT = 20_000;

interface Package {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly types: string;
  readonly files: readonly string[];
  readonly dependencies?: unknown;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

const described = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as Package;

/** As scripts/build.mjs does it, but kept in memory. */
async function bundled(options: BuildOptions): Promise<Uint8Array> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    target: "es2022",
    legalComments: "none",
    logLevel: "silent",
    ...options,
  });
  return outputFiles?.[0]?.contents ?? new Uint8Array();
}

/** What a page's bundler makes of an import of these names. */
function importing(...names: readonly string[]): Promise<Uint8Array> {
  const contents = `export { ${names.join(", ")} } from "./src/index.js";`;
  return bundled({ stdin: { contents, resolveDir: root, loader: "ts" }, format: "esm" });
}

test("the classic script is under 20 kB compressed", async () => {
  const script = await bundled({ entryPoints: ["src/global.ts"], format: "iife" });
  const size = gzipSync(script, { level: 9 }).length;
  assert.ok(size > 1000 && size < LIMIT, `${size} bytes`);
});

test("what a page of gstwebrtc-api imports is under 20 kB compressed", async () => {
  const size = gzipSync(await importing("GstWebRTCAPI"), { level: 9 }).length;
  assert.ok(size > 1000 && size < LIMIT, `${size} bytes`);
});

test("the ES module can be imported by default and by name, as pages of gstwebrtc-api do, and sets no global", async () => {
  const text = new TextDecoder().decode(await bundled({ entryPoints: ["src/index.ts"], format: "esm" }));
  const module = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as Readonly<Record<string, unknown>>;
  assert.equal(typeof module["default"], "function");
  assert.equal(module["default"], module["GstWebRTCAPI"]);
  assert.ok(!("GstWebRTCAPI" in globalThis));
  const size = gzipSync(await importing("default"), { level: 9 }).length;
  assert.ok(size > 1000 && size < LIMIT, `${size} bytes`);
});

test("what a page does not import it does not load", async () => {
  for (const [limit, ...names] of [
    [2500, "describeEnd"],
    [600, "setVideoPlayoutDelay"],
  ] as const) {
    const { length } = await importing(...names);
    assert.ok(length > 50 && length < limit, `${names.join()}: ${length} bytes`);
  }
});

test("the package can be published, with the version of the plugin and without dependencies", () => {
  const cargo = readFileSync(`${root}../Cargo.toml`, "utf8");
  assert.equal(described.version, /^version = "(.*)"$/m.exec(cargo)?.[1]);
  assert.equal(described.private, undefined);
  assert.equal(described.dependencies, undefined);
  // That is the name of another package, which this one takes the place of.
  assert.notEqual(described.name, "gstwebrtc-api");
});

test("every file that the package exports is packed, and has a source", () => {
  const exported = Object.values(described.exports).flatMap((to) => (typeof to === "string" ? [to] : Object.values(to)));
  for (const path of [...exported, described.types]) {
    const file = path.replace("./", "");
    assert.ok(described.files.some((packed) => file === packed || file.startsWith(`${packed}/`)), file);
    if (file.startsWith("dist/types/")) {
      assert.ok(existsSync(`${root}${file.replace("dist/types/", "src/").replace(".d.ts", ".ts")}`), file);
    }
  }
});
