import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { type Link, Poller } from "../dashboard/poller.js";

type Reply = Response | Error;

/** A poller whose element gives `replies` in their order; `turn` lets the next second come. */
function polling(...replies: Reply[]) {
  const links: Link[] = [];
  const asked: { address: string; authorization: string | null }[] = [];
  const waiting: (() => void)[] = [];
  const state = { token: "", now: 1000, answers: 0 };
  const poller = new Poller({
    address: new URL("http://camera/dashboard/data.json"),
    since: () => state.answers * 1000,
    token: () => state.token,
    onAnswer: () => (state.answers += 1),
    onLink: (link) => links.push(link),
    fetch: (address, init) => {
      asked.push({ address: address.href, authorization: new Headers(init.headers).get("authorization") });
      const reply = replies.shift() ?? new Error("there is no more");
      return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply);
    },
    later: (run) => waiting.push(run),
    now: () => state.now,
  });
  const turn = async (): Promise<Link | undefined> => {
    const known = links.length;
    waiting.shift()?.();
    while (links.length === known) {
      await Promise.resolve();
      await new Promise((done) => setImmediate(done));
    }
    return links.at(-1);
  };
  return { poller, links, asked, state, turn };
}

const good = (): Response => Response.json({ version: 1, now: 1, startedAt: 1, sessions: [], rungs: [] });

test("each question is for what is not known yet", async () => {
  const { poller, asked, turn } = polling(good(), good());
  poller.start();
  assert.deepEqual(await turn(), { kind: "answers" });
  await turn();
  assert.deepEqual(asked.map(({ address }) => address), [
    "http://camera/dashboard/data.json?since=0",
    "http://camera/dashboard/data.json?since=1000",
  ]);
  assert.equal(asked[0]?.authorization, null);
});

test("an element that does not answer is asked again, and its silence is counted from its beginning", async () => {
  const { poller, state, turn } = polling(good(), new Error("gone"), new Response("", { status: 500 }), good());
  poller.start();
  await turn();
  state.now = 5000;
  const first = await turn();
  assert.ok(first?.kind === "silent" && first.since === 5000 && first.why.includes("does not answer"));
  state.now = 9000;
  const second = await turn();
  assert.ok(second?.kind === "silent" && second.since === 5000 && second.why.includes("500"));
  assert.deepEqual(await turn(), { kind: "answers" });
});

test("a token is sent as one, and without a good one the page is told so", async () => {
  const { poller, asked, state, turn } = polling(new Response("", { status: 401 }), good());
  poller.start();
  assert.deepEqual(await turn(), { kind: "refuses" });
  state.token = "open sesame";
  poller.start();
  assert.deepEqual(await turn(), { kind: "answers" });
  assert.equal(asked.at(-1)?.authorization, "Bearer open sesame");
});

test("a token that no header can hold is a wrong one, and not silence", async () => {
  const { poller, asked, state, turn } = polling();
  state.token = "снег";
  poller.start();
  assert.deepEqual(await turn(), { kind: "refuses" });
  assert.deepEqual(asked, []);
});

for (const [status, cure] of [
  [403, "web-server-token"],
  [404, "web-server-dashboard"],
] as const) {
  test(`an element that answers ${status} is asked on, and the page says what to do`, async () => {
    const { poller, turn } = polling(new Response("", { status }), good());
    poller.start();
    const link = await turn();
    assert.ok(link?.kind === "silent" && link.why.includes(cure));
    assert.deepEqual(await turn(), { kind: "answers" });
  });
}

test("an answer of a form that nobody knows is none", async () => {
  const { poller, state, turn } = polling(Response.json({ version: 9 }));
  poller.start();
  const link = await turn();
  assert.ok(link?.kind === "silent" && link.why.includes("load the page again"));
  assert.equal(state.answers, 0);
});

/** A poller whose element says half of its answer at each beat, in milliseconds; what became of that. */
async function slowly(beat: number): Promise<Link["kind"] | undefined> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const body = '{"version":1,"now":1,"startedAt":1}';
  const parts = [body.slice(0, 9), body.slice(9)];
  let link: Link["kind"] | undefined;
  const poller = new Poller({
    address: new URL("http://camera/dashboard/data.json"),
    since: () => 0,
    token: () => "",
    onAnswer: () => undefined,
    onLink: ({ kind }) => (link = kind),
    fetch: (_, { signal }) => {
      const stream = new ReadableStream<Uint8Array>({
        start(line) {
          signal?.addEventListener("abort", () => {
            line.error(new Error("given up"));
          });
        },
        pull: (line) =>
          new Promise((done) => {
            setTimeout(() => {
              const part = parts.shift();
              if (signal?.aborted === true) {
                return;
              }
              if (part === undefined) {
                line.close();
              } else {
                line.enqueue(new TextEncoder().encode(part));
              }
              done();
            }, beat);
          }),
      }, { highWaterMark: 0 });
      return Promise.resolve(new Response(stream));
    },
    later: () => undefined,
    now: () => 0,
  });
  poller.start();
  try {
    await vi.advanceTimersByTimeAsync(4 * beat);
    return link;
  } finally {
    vi.useRealTimers();
  }
}

test("an answer that is long in coming is waited for as long as it comes", async () => {
  assert.equal(await slowly(4000), "answers");
});

test("an answer that stops in its middle is none", async () => {
  assert.equal(await slowly(6000), "silent");
});
