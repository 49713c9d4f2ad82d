/** The attributes of the player as properties. Nothing happens here: what a change means is the element's business. */

/** Programs without a page, such as those that render pages on a server, can load this too. */
const Base = (globalThis as { HTMLElement?: typeof HTMLElement }).HTMLElement ?? (Object as unknown as typeof HTMLElement);

/** All attributes that the player listens to. */
export const ATTRIBUTES = [
  "server",
  "token",
  "producer",
  "codecs",
  "muted",
  "controls",
  "latency",
  "remote-control",
  "talk-back",
  "statistics",
  "poster",
] as const;

/** The name of an attribute. */
export type Attribute = (typeof ATTRIBUTES)[number];

/** Set by pages, perhaps before the element was defined. */
const PROPERTIES = [
  ...["server", "token", "producer", "codecs", "muted", "controls", "latency"],
  ...["remoteControl", "talkBack", "statistics", "poster", "api"],
];

/** An element whose attributes are properties. */
export abstract class ReflectingElement extends Base {
  /** Address of the signalling server, `ws:`, `wss:` or relative to the page. */
  get server(): string {
    return this.getAttribute("server") ?? "";
  }
  set server(value: string) {
    this.setAttribute("server", value);
  }

  /** What proves to the signalling server that this viewer may come. A secret. */
  get token(): string {
    return this.getAttribute("token") ?? "";
  }
  set token(value: string) {
    this.setAttribute("token", value);
  }

  /** Identifier or name of the producer; empty: the first that comes. */
  get producer(): string {
    return this.getAttribute("producer") ?? "";
  }
  set producer(value: string) {
    this.setAttribute("producer", value);
  }

  /** Codecs, most wanted first. */
  get codecs(): string {
    return this.getAttribute("codecs") ?? "";
  }
  set codecs(value: string) {
    this.setAttribute("codecs", value);
  }

  /** `live`, `balanced`, `smooth` or milliseconds. */
  get latency(): string {
    return this.getAttribute("latency") ?? "";
  }
  set latency(value: string | number) {
    this.setAttribute("latency", String(value));
  }

  /** Address of a picture to show before there is one. */
  get poster(): string {
    return this.getAttribute("poster") ?? "";
  }
  set poster(value: string) {
    this.setAttribute("poster", value);
  }

  /** Whether the viewer wants no sound. */
  get muted(): boolean {
    return this.hasAttribute("muted");
  }
  set muted(value: boolean) {
    this.toggleAttribute("muted", value);
  }

  /** Whether there is a bar of controls. */
  get controls(): boolean {
    return this.hasAttribute("controls");
  }
  set controls(value: boolean) {
    this.toggleAttribute("controls", value);
  }

  /** Whether input on the picture is sent to the producer. */
  get remoteControl(): boolean {
    return this.hasAttribute("remote-control");
  }
  set remoteControl(value: boolean) {
    this.toggleAttribute("remote-control", value);
  }

  /** Whether the viewer may talk back. */
  get talkBack(): boolean {
    return this.hasAttribute("talk-back");
  }
  set talkBack(value: boolean) {
    this.toggleAttribute("talk-back", value);
  }

  /** Whether figures are shown over the picture. */
  get statistics(): boolean {
    return this.hasAttribute("statistics");
  }
  set statistics(value: boolean) {
    this.toggleAttribute("statistics", value);
  }

  /** Takes over what a page set before the element was defined. */
  protected upgrade(): void {
    const values = this as unknown as Record<string, unknown>;
    for (const name of PROPERTIES.filter((property) => Object.hasOwn(this, property))) {
      const value = values[name];
      Reflect.deleteProperty(this, name);
      values[name] = value;
    }
  }
}
