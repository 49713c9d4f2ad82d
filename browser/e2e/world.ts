/**
 * The world of a scenario: the real signalling server, real pipelines and examples, and sites, on free ports of this
 * machine. Everything ends with the world, and what the programs said is at hand for a failure's text.
 */

import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Relay, type RelayOptions } from "../test/support/relay.js";
import { Program } from "./support/program.js";
import { type Site, serve } from "./support/site.js";

/** What cargo built: the folder at `TARGET`. */
const BUILT = resolve(process.env["TARGET"] ?? fileURLToPath(new URL("../../target/debug/", import.meta.url)));
/** With this as `GST_DEBUG` sinks say where their pages are, and when they are registered. */
const MEETING = "*:1,webrtcsink:4,webrtc-signaller:4";
const DIST = fileURLToPath(new URL("../dist/", import.meta.url));

/** A signalling server that can be killed and started again where it was. */
export class Server {
  /** The program that runs, or ran last. */
  program: Program;
  /** Its port, the same after each start. */
  readonly port: number;
  readonly #again: (port: number) => Promise<Program>;

  private constructor(program: Program, port: number, again: (port: number) => Promise<Program>) {
    this.program = program;
    this.port = port;
    this.#again = again;
  }

  /** Starts one with `again`, on any port first. */
  static async start(again: (port: number) => Promise<Program>): Promise<Server> {
    const program = await again(0);
    const [, port] = await program.says(/^listening on wss?:.*:(\d+)$/);
    return new Server(program, Number(port), again);
  }

  /** Its address for websockets. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}/`;
  }

  /** Starts it again, on the same port, after {@link Program.stop} or {@link Program.kill}. */
  async startAgain(): Promise<void> {
    this.program = await this.#again(this.port);
    await this.program.says(/^listening on/);
  }
}

/** A `webrtcsink` of {@link World.cameras}: parts of a command line for gst-launch-1.0. */
export interface Camera {
  /** What its `meta` says. */
  readonly name: string;
  /** Ends in raw or encoded video; a test pattern where it is absent. */
  readonly picture?: string;
  /** Ends in audio; a tone where it is absent, none where it is empty. */
  readonly sound?: string;
  /** Further properties. */
  readonly sink?: string;
}

/** Programs, sites and relays that end together. */
export class World {
  /** The world of the whole run, for what several scenarios use. */
  readonly whole: World;
  readonly #programs: Program[] = [];
  readonly #sites: Site[] = [];
  readonly #relays: Relay[] = [];
  readonly #shared = new Map<string, Promise<unknown>>();
  /** Those of what is shared. */
  readonly #parts: World[] = [];
  #ended = false;

  /** A world in another one that lasts longer. */
  constructor(whole?: World) {
    this.whole = whole ?? this;
  }

  /**
   * What there is once for all scenarios of the run; `start` makes it in a world that lasts. Where that fails, the next
   * who asks has it tried again.
   */
  shared<T>(name: string, start: (lasting: World) => Promise<T>): Promise<T> {
    const shared = this.whole.#shared;
    const there = shared.get(name) ?? this.whole.#begin(name, start);
    shared.set(name, there);
    return there as Promise<T>;
  }

  async #begin<T>(name: string, start: (lasting: World) => Promise<T>): Promise<T> {
    const part = new World(this);
    this.#parts.push(part);
    try {
      return await start(part);
    } catch (error) {
      this.#shared.delete(name);
      this.#parts.splice(this.#parts.indexOf(part), 1);
      const { said } = part;
      await part.end();
      throw new Error(`${name} did not start: ${String(error)}\n${said}`, { cause: error });
    }
  }

  /** Starts a program; names without a slash are looked for where the shell does. */
  start(name: string, command: readonly string[], environment: Readonly<Record<string, string>> = {}): Program {
    this.#mustLast();
    const program = new Program(name, command, environment);
    this.#programs.push(program);
    return program;
  }

  /** The signalling server, on a free port of this machine. */
  server(...options: readonly string[]): Promise<Server> {
    const path = built("gst-webrtc-signalling-server");
    return Server.start((port) =>
      Promise.resolve(this.start("the server", [path, "--host", "127.0.0.1", "--port", String(port), ...options])),
    );
  }

  /** A pipeline that plays, given as on a shell's command line. `debug` is its `GST_DEBUG`. */
  pipeline(name: string, description: string, debug = "*:1"): Program {
    return this.start(name, ["sh", "-c", `exec gst-launch-1.0 ${description}`], {
      GST_DEBUG: debug,
      GST_DEBUG_NO_COLOR: "1",
      ...plugin(),
    });
  }

  /** Sinks at a signalling server, all in one program; resolves when they are registered there. */
  async cameras(server: string, ...cameras: readonly Camera[]): Promise<Program> {
    const sinks = cameras.map((camera, at) => described(camera, at, `signaller::uri=${server}`));
    const names = cameras.map(({ name }) => name).join(", ");
    const program = this.pipeline(`the producer of ${names}`, sinks.join(" "), MEETING);
    await program.says(/connected to the signalling server as/, cameras.length);
    return program;
  }

  /** A sink with a signalling server and a page of its own; resolves with the page's address when it is registered. */
  async ownCamera(camera: Camera): Promise<{ readonly page: string; readonly program: Program }> {
    const own =
      "run-signalling-server=true signalling-server-host=127.0.0.1 signalling-server-port=0 " +
      "run-web-server=true web-server-host-addr=http://127.0.0.1:0/";
    const program = this.pipeline(camera.name, described(camera, 0, own), MEETING);
    const [, page = ""] = await program.says(/the page is at (http:\S+)/);
    await program.says(/connected to the signalling server as/);
    return { page, program };
  }

  /** An example program of this repository, with its arguments. */
  example(name: string, ...options: readonly string[]): Program {
    return this.start(`example ${name}`, [built(join("examples", name)), ...options]);
  }

  /** The built page and the library, with further files beside them or in their place. */
  async site(files: Readonly<Record<string, string>>): Promise<Site> {
    if (!existsSync(DIST)) {
      throw new Error(`there is no ${DIST}: run npm run build`);
    }
    return this.#keeps(this.#sites, await serve(DIST, files), (site) => {
      site.close();
    });
  }

  /** A relay to a port of this machine. */
  async relay(target: number, options: RelayOptions = {}): Promise<Relay> {
    return this.#keeps(this.#relays, await Relay.start(target, options), (relay) => {
      relay.stop();
    });
  }

  /** What the programs of this world said, for a failure's text. */
  get said(): string {
    // What lasts has spoken of other scenarios, too.
    const kept = this.whole === this ? 12 : 40;
    const programs = [...this.#programs, ...this.#parts.flatMap((part) => part.#programs)];
    return programs.map(({ name, said }) => `${name}:\n${said.slice(-kept).join("\n")}`).join("\n");
  }

  /** Ends everything; what is started later is refused. */
  async end(): Promise<void> {
    this.#ended = true;
    for (const site of this.#sites.splice(0)) {
      site.close();
    }
    for (const relay of this.#relays.splice(0)) {
      relay.stop();
    }
    const programs = this.#programs.splice(0).map((program) => program.kill());
    await Promise.all([...programs, ...this.#parts.splice(0).map((part) => part.end())]);
  }

  /** Notes what ends with this world, which may have ended while it began. */
  #keeps<T>(all: T[], one: T, end: (one: T) => void): T {
    if (this.#ended) {
      end(one);
    }
    this.#mustLast();
    all.push(one);
    return one;
  }

  #mustLast(): void {
    if (this.#ended) {
      throw new Error("the scenario is over: nothing is started any more");
    }
  }
}

function described({ name, picture, sound, sink }: Camera, at: number, signalling: string): string {
  const video = picture ?? "videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1";
  const audio = sound ?? "audiotestsrc is-live=true volume=0.3";
  // Quoted as a field of the structure, as a property of the pipeline, and as a word of the shell.
  const meta = quoted(`meta,name=(string)${quoted(name)}`).replaceAll("'", "'\\''");
  const element = `webrtcsink name=ws${at} 'stun-server=""' 'meta=${meta}' ${signalling} ${sink ?? ""}`;
  return `${video} ! ${element} ${audio === "" ? "" : `${audio} ! ws${at}.`}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}

function built(name: string): string {
  const path = join(BUILT, name);
  if (!existsSync(path)) {
    throw new Error(`there is no ${path}: run cargo build --workspace --examples`);
  }
  return path;
}

/** Variables with which GStreamer finds the plugin, in a folder that has nothing else. */
function plugin(): Record<string, string> {
  const folder = join(dirname(BUILT), "tmp/plugins", basename(BUILT));
  const link = join(folder, "libgstrswebrtc.so");
  if (!existsSync(link)) {
    mkdirSync(folder, { recursive: true });
    symlinkSync(built("deps/libgstrswebrtc.so"), link);
  }
  return { GST_PLUGIN_PATH_1_0: folder, GST_REGISTRY_1_0: join(folder, "registry.bin") };
}
