/**
 * What the tests do with data channels in a page. Runs inside the page: it is sent there as text, so that the
 * functions use nothing from outside of themselves.
 */

/** What came of it. */
export interface Talked {
  /** For each request null where it was met, `error` where it was not. */
  readonly answers: readonly (string | null)[];
  /** What the producer sent back on its own channel, and on the page's. */
  readonly theirs: string;
  readonly mine: string;
  /** The longest message that the producer takes, and how much of one came back. */
  readonly longest: number;
  readonly echoed: number;
  /** The length of the producer's longest message. */
  readonly told: number;
}

/** Notes the channels of every connection that the page makes from now on, as `window.notedChannels`. */
export function noteChannels(): void {
  const noted: RTCDataChannel[] = [];
  const Original = window.RTCPeerConnection;
  Object.assign(window, {
    notedChannels: noted,
    RTCPeerConnection: class extends Original {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        this.addEventListener("datachannel", ({ channel }) => {
          channel.binaryType = "arraybuffer";
          noted.push(channel);
        });
      }
    },
  });
}

/** Sends requests and messages, and waits for what comes back. */
export async function talk(): Promise<Talked> {
  const deadline = performance.now() + 20_000;
  const until = async <T>(what: string, find: () => T | null | undefined): Promise<T> => {
    for (;;) {
      const found = find();
      if (found !== null && found !== undefined) {
        return found;
      }
      if (performance.now() > deadline) {
        throw new Error(`${what} never came: ${document.body.innerText}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const noted = (window as unknown as { notedChannels: RTCDataChannel[] }).notedChannels;
  const session = await until("a session", () => window.gstWebRTCSessions[0]?.session);
  const remote = await until("a channel for requests", () => {
    const controller = session.remoteController;
    return controller?.rtcDataChannel.readyState === "open" ? controller : null;
  });

  const outcomes = new Map<number, string | null>();
  remote.addEventListener("controlResponse", ({ detail }) => {
    outcomes.set(detail.id, detail.error === null ? null : "error");
  });
  const event = { event: "MouseMove", x: 12.5, y: 34.25, modifier_state: "shift-mask" } as const;
  const requests = [
    remote.sendControlRequest({ type: "navigationEvent", event }),
    remote.sendControlRequest({ type: "navigationEvent", event }, "nowhere"),
    remote.sendControlRequest("nonsense"),
  ];
  await until("an answer", () => (requests.every((id) => outcomes.has(id)) ? true : null));

  const next = (channel: RTCDataChannel): Promise<string | ArrayBuffer> =>
    new Promise((resolve, reject) => {
      channel.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
        resolve(data);
      }, { once: true });
      channel.addEventListener("close", () => {
        reject(new Error(`channel ${channel.label} was closed`));
      });
    });
  const echo = await until("the producer's channel", () => noted.find(({ label, readyState }) => label === "echo" && readyState === "open"));
  const ask = async (channel: RTCDataChannel, message: string | Uint8Array<ArrayBuffer>): Promise<string | ArrayBuffer> => {
    const answer = next(channel);
    if (typeof message === "string") {
      channel.send(message);
    } else {
      channel.send(message);
    }
    return answer;
  };
  const theirs = await ask(echo, "Grüße");
  const own = session.rtcPeerConnection?.createDataChannel("mine");
  if (own === undefined) {
    throw new Error("there is no connection");
  }
  await until("the page's channel", () => (own.readyState === "open" ? true : null));
  const mine = await ask(own, "mine");
  const longest = session.rtcPeerConnection?.sctp?.maxMessageSize ?? 0;
  const sent = new Uint8Array(Math.min(longest, 262_144)).map((_, at) => (at * 7) % 251);
  const back = await ask(echo, sent);
  const bytes = typeof back === "string" ? new Uint8Array() : new Uint8Array(back);
  const same = bytes.length === sent.length && bytes.every((byte, at) => byte === sent[at]);
  const told = await ask(echo, "tell");
  return {
    answers: requests.map((id) => outcomes.get(id) ?? null),
    theirs: typeof theirs === "string" ? theirs : "",
    mine: typeof mine === "string" ? mine : "",
    longest,
    echoed: same ? bytes.length : -1,
    told: typeof told === "string" ? -1 : told.byteLength,
  };
}
