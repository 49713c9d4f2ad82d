/** The signalling server program, started on a free port. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BUILT = fileURLToPath(new URL("../../../target/debug/gst-webrtc-signalling-server", import.meta.url));

/** A running server. */
export interface ServerProgram {
  readonly port: number;
  /** Stops it as an operator does; its exit code. */
  stop(): Promise<number>;
}

/** Starts the program at `SIGNALLING_SERVER`, or the one that cargo built, with `options` beside where it listens. */
export async function startServer(...options: readonly string[]): Promise<ServerProgram> {
  const path = process.env["SIGNALLING_SERVER"] ?? BUILT;
  if (!existsSync(path)) {
    throw new Error(`there is no ${path}: run cargo build -p gst-plugin-webrtc-signalling, or set SIGNALLING_SERVER`);
  }
  const child = spawn(path, ["--host", "127.0.0.1", "--port", "0", ...options], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  const port = await Promise.race([portOf(child), exit.then(() => Promise.reject(new Error(`${path} did not start`)))]);
  return {
    port,
    stop: async () => {
      child.kill("SIGTERM");
      const [code] = (await exit) as [number | null];
      return code ?? -1;
    },
  };
}

async function portOf({ stdout }: ChildProcess): Promise<number> {
  if (stdout === null) {
    throw new Error("the server has no output");
  }
  // Everything is read, so that the program never waits for its reader.
  const lines = createInterface({ input: stdout });
  return new Promise((resolve) => {
    lines.on("line", (line) => {
      const port = /^listening on wss?:.*:(\d+)$/.exec(line)?.[1];
      if (port !== undefined) {
        resolve(Number(port));
      }
    });
  });
}
