/** Which network paths were tried, and what to think of where none of them led anywhere. Pure. */

/**
 * What speaks for a cure where no path was found: `onlyUdp`, nothing but direct UDP was tried, which networks of
 * companies and hotels like to block; `onlyDirect`, TCP was tried as well. A TURN server helps in both cases.
 */
export type PathHint = "onlyUdp" | "onlyDirect";

/** The candidates of both sides of a session, as far as they matter afterwards. */
export class PathsTried {
  #any = false;
  #relay = false;
  #tcp = false;

  /** A candidate of either side (RFC 8839 section 5.1). */
  note(candidate: string): void {
    const [, transport, type] = /^(?:a=)?candidate:\S+ \d+ (\S+) \d+ \S+ \d+ typ (\S+)/.exec(candidate) ?? [];
    if (transport === undefined) {
      return;
    }
    this.#any = true;
    this.#relay ||= type === "relay";
    // Who only connects to others over TCP tries nothing by that where the other side does not listen.
    this.#tcp ||= /^tcp$/i.test(transport) && / tcptype (passive|so)/.test(candidate);
  }

  /** The candidates inside a description. */
  noteAll(sdp: string): void {
    for (const [line] of sdp.matchAll(/^a=candidate:.*$/gm)) {
      this.note(line);
    }
  }

  /** What was missing; undefined where nothing was, or nothing is known. */
  get hint(): PathHint | undefined {
    if (!this.#any || this.#relay) {
      return undefined;
    }
    return this.#tcp ? "onlyDirect" : "onlyUdp";
  }
}
