import assert from "node:assert/strict";
import { test } from "vitest";
import type { EndReason } from "../src/end-reason.js";
import { outcomeOf } from "../src/player/causes.js";
import { BEGINNING, type Command, type Happening, type Situation, advance, helpOf, stateOf, timersOf } from "../src/player/situation.js";
import { wordsFor } from "../src/player/words.js";

const NAMES = { producer: "front door", server: "wss://camera.example", detail: null, serverSays: null, barred: null, token: false };

const up: Happening = { type: "serverUp" };
const there: Happening = { type: "producer", id: "p" };
const gone: Happening = { type: "producer", id: null };
const connected: Happening = { type: "connected" };
const shown: Happening = { type: "shown" };
const disturbed: Happening = { type: "disturbed" };
const due: Happening = { type: "retryDue" };
const lost: Happening = { type: "serverLost" };
const PLAYING = [up, there, connected, shown];

function ended(reason: EndReason): Happening {
  return { type: "ended", reason };
}
function byPeer(reason: "ended" | "stopping" | "peerGone" | "description" | "refused" | "pipeline" | null): Happening {
  return ended({ kind: "endedByPeer", error: null, reason });
}
const broken = ended({ kind: "transportFailed" });
const blocked = ended({ kind: "transportFailed", hint: "onlyUdp" });
const forbidden = ended({ kind: "refused", error: "no right to this", code: "forbidden" });

function live(happenings: readonly Happening[]): { situation: Situation; last: Command; starts: readonly string[] } {
  let situation = BEGINNING;
  let last: Command = null;
  const starts: string[] = [];
  for (const happening of happenings) {
    const { now, command } = advance(situation, happening);
    situation = now;
    last = command;
    if (command?.do === "start") {
      starts.push(command.producer);
    }
  }
  return { situation, last, starts };
}

/** What happens; the state after it; how many sessions were begun by then; a part of what the viewer reads. */
const STORIES: readonly (readonly [string, readonly Happening[], string, number, RegExp])[] = [
  ["nothing happened yet", [], "connecting", 0, /^Connecting…$/],
  ["the server does not answer", [{ type: "serverLate" }], "connecting", 0, /cannot be reached.*Trying again/],
  ["nobody produces", [up], "waiting", 0, /“front door” is not there yet/],
  ["the producer is there", [up, there], "connecting", 1, /^Connecting to “front door”…$/],
  ["the producer was there first", [there, up], "connecting", 1, /^Connecting to/],
  ["the way is found", [up, there, connected], "connecting", 1, /Waiting for the first picture/],
  ["there is a picture", PLAYING, "playing", 1, /^Playing$/],

  ["the producer restarts", [...PLAYING, byPeer("peerGone"), gone], "waiting", 1, /“front door” has ended\. Waiting for it to come back/],
  ["the producer leaves before the session ends", [...PLAYING, gone, byPeer("peerGone")], "waiting", 1, /Waiting for it to come back/],
  ["the session of a producer that stops ended", [...PLAYING, byPeer("stopping")], "waiting", 1, /Waiting for it to come back/],
  ["the producer is back", [...PLAYING, byPeer("peerGone"), gone, { type: "producer", id: "q" }], "reconnecting", 2, /^Connecting to “front door” again/],
  ["the same producer is back", [...PLAYING, byPeer("stopping"), gone, there], "reconnecting", 2, /^Connecting to “front door” again/],
  ["the producer left and stayed on the list", [...PLAYING, byPeer("stopping"), due], "reconnecting", 2, /again/],
  ["the producer is unlisted while its media runs", [...PLAYING, gone], "playing", 1, /^Playing$/],

  ["the producer ended this viewer, perhaps as it stops", [...PLAYING, byPeer("ended")], "waiting", 1, /has ended/],
  ["an old producer ended this viewer", [...PLAYING, byPeer(null)], "waiting", 1, /has ended/],
  ["the producer ended this viewer and stays", [...PLAYING, byPeer("ended"), due], "ended", 1, /was ended for this viewer/],
  ["the producer ended this viewer and goes", [...PLAYING, byPeer("ended"), gone], "waiting", 1, /Waiting for it to come back/],
  ["who was ended asks again", [...PLAYING, byPeer("ended"), due, { type: "retry" }], "reconnecting", 2, /Connecting to/],

  ["the transport broke", [...PLAYING, broken], "reconnecting", 1, /The connection to the camera broke\. Trying again/],
  ["the transport broke and the wait is over", [...PLAYING, broken, due], "reconnecting", 2, /broke\. Trying again/],
  ["the transport never came up, and nobody knows more", [up, there, broken], "reconnecting", 1, /No way through the network.*Trying again/],
  ["the transport never came up", [up, there, blocked], "reconnecting", 1, /UDP seems blocked.*TURN server would help.*Trying again/],
  ["the transport never came up, for the second time", [up, there, blocked, due, blocked], "reconnecting", 2, /UDP seems blocked/],
  ["the viewer does not want to wait", [up, there, broken, { type: "retry" }], "connecting", 2, /Connecting to/],
  ["no way was found in time", [up, there, ended({ kind: "timeout", waitingFor: "transport", hint: "onlyDirect" })], "reconnecting", 1, /UDP seems blocked/],
  ["the producer says nothing", [up, there, ended({ kind: "timeout", waitingFor: "description" })], "reconnecting", 1, /does not answer\. Trying/],

  ["nothing comes through for a while", [...PLAYING, disturbed], "reconnecting", 1, /Nothing comes from the camera at the moment/],
  ["it comes through again", [...PLAYING, disturbed, connected], "playing", 1, /^Playing$/],
  ["it never comes through again", [...PLAYING, disturbed, broken, due, connected, shown], "playing", 2, /^Playing$/],

  ["nothing comes through and the viewer wants a new session", [...PLAYING, disturbed, { type: "retry" }], "reconnecting", 2, /again/],

  ["the server is lost while media runs", [...PLAYING, lost], "playing", 1, /signalling server is away; the picture goes on/],
  ["the server is back while media runs", [...PLAYING, lost, up], "playing", 1, /^Playing$/],
  ["the server is lost and then the media", [...PLAYING, lost, broken], "reconnecting", 1, /signalling server was lost/],
  ["the server is lost, its list, and then the media", [...PLAYING, lost, gone, broken, up], "waiting", 1, /Waiting for it to come back/],
  ["the server is lost while the session begins", [up, there, ended({ kind: "signallingLost" }), lost], "reconnecting", 1, /signalling server was lost/],
  ["the server is back after the session was lost", [up, there, ended({ kind: "signallingLost" }), lost, up], "connecting", 2, /^Connecting to/],
  ["the server is lost while nobody produces", [up, lost], "reconnecting", 0, /signalling server was lost/],
  ["the server is lost for long", [up, lost, { type: "serverLate" }], "reconnecting", 0, /cannot be reached/],

  ["the server forbids it", [up, there, forbidden], "ended", 1, /may not be watched without a token/],
  ["the server forbids it and the producer is another one", [up, there, forbidden, gone, { type: "producer", id: "q" }], "ended", 1, /token/],
  ["the server does not let the viewer in", [{ type: "serverLate" }, { type: "barred" }], "ended", 0, /may not be watched/],
  ["the server lets the viewer in after all", [{ type: "serverLate" }, { type: "barred" }, up, there], "connecting", 1, /^Connecting to/],
  ["who was not let in asks again", [{ type: "serverLate" }, { type: "barred" }, { type: "retry" }], "connecting", 0, /^Connecting…$/],
  ["the server would not let the viewer in again while media runs", [...PLAYING, lost, { type: "serverLate" }, { type: "barred" }], "playing", 1, /away/],
  ["who was forbidden asks again", [up, there, forbidden, { type: "retry" }], "connecting", 2, /Connecting/],
  ["the server does not know the producer any more", [up, there, ended({ kind: "refused", error: "x", code: "unknownPeer" })], "waiting", 1, /has ended/],
  ["an old server does not know the producer any more", [up, there, ended({ kind: "refused", error: "Peer with ID 'p' not found" })], "waiting", 1, /has ended/],
  ["the server has too many sessions", [up, there, ended({ kind: "refused", error: "too many" })], "reconnecting", 1, /server refused/],
  ["the producer takes no more", [up, there, byPeer("refused")], "reconnecting", 1, /takes no further viewer/],
  ["the producer breaks", [...PLAYING, byPeer("pipeline")], "reconnecting", 1, /has a problem/],
  ["no codec is in common, as the browser sees it", [up, there, ended({ kind: "noCommonCodec", offered: ["video/H265"] })], "ended", 1, /cannot play the format/],
  ["the browser understands no word", [up, there, ended({ kind: "negotiationFailed", error: "x" })], "ended", 1, /did not agree about the media/],
  ["no codec is in common, as the producer sees it", [up, there, byPeer("description")], "ended", 1, /cannot play the format/],
  ["another producer may have a codec", [up, there, byPeer("description"), { type: "producer", id: "q" }], "connecting", 2, /Connecting/],
  ["the page closed the session", [...PLAYING, ended({ kind: "closed" })], "ended", 1, /This page ended the stream/],
  ["the page closed the session and the producer restarts", [...PLAYING, ended({ kind: "closed" }), gone, there], "ended", 1, /This page/],

  ["the viewer pauses", [...PLAYING, { type: "pause" }], "paused", 1, /^Paused$/],
  ["the viewer goes on", [...PLAYING, { type: "pause" }, { type: "play" }], "playing", 1, /^Playing$/],
  ["the viewer pauses for long", [...PLAYING, { type: "pause" }, { type: "pausedLong" }], "paused", 1, /^Paused$/],
  ["the viewer goes on after long", [...PLAYING, { type: "pause" }, { type: "pausedLong" }, { type: "play" }], "reconnecting", 2, /again/],
  ["the producer restarts while the viewer pauses", [...PLAYING, { type: "pause" }, byPeer("peerGone"), gone, there], "paused", 1, /^Paused$/],
  ["the viewer goes on after that", [...PLAYING, { type: "pause" }, byPeer("peerGone"), gone, there, { type: "play" }], "reconnecting", 2, /again/],
  ["the viewer paused before there was anything", [{ type: "pause" }, up, there], "paused", 0, /^Paused$/],
  ["play while it plays changes nothing", [...PLAYING, { type: "play" }, { type: "retry" }], "playing", 1, /^Playing$/],
  ["the browser starts nothing by itself", [up, there, connected, { type: "autoplayBlocked" }, shown], "paused", 1, /Press play to start/],
  ["and then somebody presses", [up, there, connected, { type: "autoplayBlocked" }, { type: "play" }, shown], "playing", 1, /^Playing$/],
];

test.each(STORIES)("the viewer is told the right thing when %s", (_, happenings, state, starts, text) => {
  const { situation, starts: begun } = live(happenings);
  assert.equal(stateOf(situation), state);
  assert.equal(begun.length, starts);
  assert.match(wordsFor(situation, NAMES), text);
});

test("a long pause ends the session", () => {
  assert.deepEqual(live([...PLAYING, { type: "pause" }, { type: "pausedLong" }]).last, { do: "end" });
  assert.equal(live([...PLAYING, { type: "pausedLong" }]).last, null);
});

test("a button helps where somebody can do something", () => {
  const of = (...happenings: readonly Happening[]): unknown => helpOf(live(happenings).situation);
  assert.equal(of(up, there), null);
  assert.equal(of(...PLAYING), null);
  assert.equal(of(...PLAYING, { type: "pause" }), "Play");
  assert.equal(of(...PLAYING, broken), "Try now");
  assert.equal(of(...PLAYING, broken, due), null);
  assert.equal(of(...PLAYING, disturbed), "Try now");
  assert.equal(of(...PLAYING, lost, broken), null);
  assert.equal(of(up, there, forbidden), "Try again");
});

test("a successor is played, not the one that is gone", () => {
  assert.deepEqual(live([...PLAYING, byPeer("peerGone"), { type: "producer", id: "q" }]).starts, ["p", "q"]);
});

test("a story that ended does not begin again by itself", () => {
  const after = [forbidden, byPeer("description"), ended({ kind: "closed" })];
  for (const end of after) {
    assert.equal(live([up, there, end, lost, up, due, there]).starts.length, 1, JSON.stringify(end));
  }
});

test("a server whose address is not known is not given one", () => {
  const { situation } = live([{ type: "serverLate" }]);
  assert.match(wordsFor(situation, NAMES), /^The signalling server at wss:\/\/camera\.example cannot be reached\./);
  assert.match(wordsFor(situation, { ...NAMES, server: null }), /^The signalling server cannot be reached\./);
});

test("timers run for exactly what is waited for", () => {
  const of = (happenings: readonly Happening[]): unknown => timersOf(live(happenings).situation);
  const none = { retry: null, pause: false, picture: false, server: false };
  assert.deepEqual(of([]), { ...none, server: true });
  assert.deepEqual(of([{ type: "serverLate" }]), none);
  assert.deepEqual(of(PLAYING), none);
  assert.deepEqual(of([up, there, connected]), { ...none, picture: true });
  assert.deepEqual(of([...PLAYING, broken]), { ...none, retry: "backoff" });
  assert.deepEqual(of([...PLAYING, broken, due]), none);
  assert.deepEqual(of([...PLAYING, broken, gone]), none);
  assert.deepEqual(of([...PLAYING, byPeer("ended")]), { ...none, retry: "soon" });
  assert.deepEqual(of([...PLAYING, { type: "pause" }]), { ...none, pause: true });
  assert.deepEqual(of([...PLAYING, { type: "pause" }, { type: "pausedLong" }]), none);
  assert.deepEqual(of([...PLAYING, lost]), { ...none, server: true });
});

test("every end that a producer can name means something", () => {
  const reasons = ["timedOut", "transportFailed", "stalled", "vanished", "unexpected", "unknown", "roleDropped"] as const;
  const of = (streamed: boolean): unknown =>
    reasons.map((reason) => outcomeOf({ kind: "endedByPeer", error: null, reason }, streamed).reason);
  assert.deepEqual(of(true), ["networkLost", "networkLost", "interrupted", "interrupted", "interrupted", "interrupted", "producerLeft"]);
  assert.deepEqual(of(false), ["networkBlocked", "networkBlocked", "interrupted", "interrupted", "interrupted", "interrupted", "producerLeft"]);
  const failed: EndReason = { kind: "endedByPeer", error: "no encoder is left", reason: null };
  assert.deepEqual(outcomeOf(failed, true), { reason: "producerFailed", sequel: "again" });
});

test("what the other side said is passed on", () => {
  const { situation } = live([...PLAYING, byPeer("pipeline")]);
  assert.match(wordsFor(situation, { ...NAMES, detail: "no encoder is left" }), /has a problem \(no encoder is left\)/);
  const waiting = live([up, lost, { type: "serverLate" }]).situation;
  assert.match(wordsFor(waiting, { ...NAMES, serverSays: "the token has expired", token: true }), /has expired.*is the token still good/);
  const barred = live([{ type: "serverLate" }, { type: "barred" }]).situation;
  assert.match(wordsFor(barred, { ...NAMES, barred: "the token is not known" }), /not let this page in. It says: The token is not known\. Ask/);
  assert.match(wordsFor(live([up]).situation, { ...NAMES, producer: null }), /^No stream yet/);
});
