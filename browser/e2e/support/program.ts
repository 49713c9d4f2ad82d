/** A program of its own: what it says, and how it ends. It never lives longer than this process. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const SAYS = 15_000;
/** After which a program that was asked to end is killed. */
const ENDS = 5000;

/** A running program. */
export class Program {
  /** What failures call it. */
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #lines: string[] = [];
  #heard: (() => void)[] = [];
  /** Whether it has ended, and all that it said was heard. */
  #over = false;

  /** Starts `command`; `environment` is laid over this process's. */
  constructor(name: string, command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.name = name;
    // The kernel ends it with this process, however that ends.
    const words = ["--pdeathsig", "KILL", "--", ...command];
    this.#child = spawn("setpriv", words, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...environment } });
    this.#ended = once(this.#child, "close").catch((error: unknown) => {
      this.#hear(String(error));
    });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (output !== null) {
        createInterface({ input: output }).on("line", (line) => {
          this.#hear(line);
        });
      }
    }
    void this.#ended.then(() => {
      this.#over = true;
      this.#hear(`(it ended: ${this.#child.signalCode ?? this.#child.exitCode ?? "never began"})`);
    });
  }

  /** What it has said, the latest last. */
  get said(): readonly string[] {
    return this.#lines;
  }

  /** Whether it still runs. */
  get runs(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits for the `count`th line that matches, of all that it ever said. */
  async says(pattern: RegExp, count = 1, deadline = SAYS): Promise<RegExpExecArray> {
    const end = performance.now() + deadline;
    let found = 0;
    for (let at = 0; ; ) {
      for (; at < this.#lines.length; at += 1) {
        const match = pattern.exec(this.#lines[at] ?? "");
        found += match === null ? 0 : 1;
        if (match !== null && found === count) {
          return match;
        }
      }
      const left = end - performance.now();
      if (left <= 0 || this.#over) {
        throw new Error(`${this.name} ${this.#over ? "ended" : `did not say ${pattern.source} within ${deadline} ms`}`);
      }
      await this.#hears(left);
    }
  }

  /** Asks it to end, as an operator does; its exit code, -1 where it had to be killed. */
  async stop(signal: "SIGINT" | "SIGTERM" = "SIGTERM"): Promise<number> {
    this.#child.kill(signal);
    const late = setTimeout(() => this.#child.kill("SIGKILL"), ENDS);
    await this.#ended;
    clearTimeout(late);
    return this.#child.exitCode ?? -1;
  }

  /** Ends it without a last word. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  #hear(line: string): void {
    this.#lines.push(line);
    const heard = this.#heard;
    this.#heard = [];
    for (const tell of heard) {
      tell();
    }
  }

  /** Waits for a further line, or for so long. */
  async #hears(limit: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, limit);
      this.#heard.push(() => {
        clearTimeout(late);
        resolve();
      });
    });
  }
}
