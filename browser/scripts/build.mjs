// Writes dist/: the page, the dashboard, the library as an ES module and as a classic script, the player and its page.

import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { build } from "esbuild";

const dist = new URL("../dist/", import.meta.url);
const source = (path) => new URL(`../${path}`, import.meta.url).pathname;

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

const common = { bundle: true, minify: true, sourcemap: true, target: "es2022", legalComments: "none", logLevel: "warning" };

// The licence of the plots, which goes wherever they go.
const plots = `/*! uPlot\n${await readFile(source("node_modules/uplot/LICENSE"), "utf8")}*/`;

await Promise.all([
  build({ ...common, entryPoints: [source("src/index.ts")], format: "esm", outfile: source("dist/gstwebrtc-api.mjs") }),
  build({ ...common, entryPoints: [source("src/global.ts")], format: "iife", outfile: source("dist/gstwebrtc-api.js") }),
  build({ ...common, entryPoints: [source("src/player/index.ts")], format: "esm", outfile: source("dist/gst-webrtc-player.js") }),
  build({ ...common, entryPoints: [source("demo/main.ts")], format: "esm", outfile: source("dist/main.js") }),
  build({ ...common, entryPoints: [source("demo/style.css")], outfile: source("dist/style.css") }),
  build({
    ...common,
    entryPoints: [source("dashboard/main.ts")],
    banner: { js: plots },
    format: "esm",
    outfile: source("dist/dashboard/dashboard.js"),
  }),
  build({ ...common, entryPoints: [source("dashboard/dashboard.css")], outfile: source("dist/dashboard/dashboard.css") }),
  cp(source("dashboard/index.html"), source("dist/dashboard/index.html")),
  cp(source("demo/index.html"), source("dist/index.html")),
  cp(source("demo/player.html"), source("dist/player.html")),
]);
