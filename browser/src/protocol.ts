/**
 * The wire protocol between a client and the signalling server: one JSON object per websocket text frame, told
 * apart by its `type`. Holds the words and checks them; who says what and when is decided elsewhere.
 */

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a peer does. Roles of newer protocols are left out when a message is read. */
export type PeerRole = "producer" | "listener" | "consumer";

/** Problems of a connection that programs may want to know: `mayNotList`, the server tells this client of nobody else. */
export type ConnectionProblem = "mayNotList";

/** A version of the protocol that a client may ask for; 1.0 without asking. */
export type ProtocolVersion = "v1_0" | "v1_1" | "v1_2";

/** The versions that are known here, best first. */
const VERSIONS: readonly ProtocolVersion[] = ["v1_2", "v1_1", "v1_0"];

/**
 * The version to choose at a server that says that it speaks `offered`. One that says nothing may still know 1.1; if
 * it does not, it ignores the choice.
 */
export function chooseVersion(offered: readonly ProtocolVersion[]): ProtocolVersion {
  return VERSIONS.find((version) => offered.includes(version)) ?? "v1_1";
}

/** Why sessions end, as it stands on the wire. */
export const END_CODES = [
  "ended",
  "stopping",
  "peerGone",
  "roleDropped",
  "refused",
  "transportFailed",
  "timedOut",
  "description",
  "pipeline",
  "unexpected",
  "stalled",
  "vanished",
  "unknown",
] as const;

/** Why a session ended, in the words of the member or the server that ended it; `unknown` for newer ones. */
export type EndCode = (typeof END_CODES)[number];

/** A STUN or TURN server, in the form that `RTCPeerConnection` takes. */
export interface IceServer {
  readonly urls: string[];
  readonly username?: string;
  readonly credential?: string;
}

/** What lets this client come back as the same peer when its connection breaks. Times are in milliseconds. */
export interface Lease {
  readonly peerId: string;
  /** A secret. */
  readonly token: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly silenceMs: number;
  readonly resumed: boolean;
  readonly received: number;
}

/** A peer of the signalling server. */
export interface Peer {
  /** Its identifier, given by the server. */
  readonly id: string;
  /** Its own description of itself. Written by a stranger: never to be shown as HTML. */
  readonly meta: Json;
}

/** A session description and its place in the exchange. */
export interface SessionDescription {
  readonly type: "offer" | "answer";
  readonly sdp: string;
}

/** An ICE candidate (RFC 8839 section 5.1). An empty `candidate` says that no more will come. */
export interface IceCandidate {
  readonly candidate: string;
  readonly sdpMLineIndex: number | null;
  readonly sdpMid?: string;
}

/** What a member of a session says to the other. */
export type PeerMessage = {
  readonly type: "peer";
  readonly sessionId: string;
} & ({ readonly sdp: SessionDescription } | { readonly ice: IceCandidate });

/** A message from the server. */
export type ServerMessage =
  | { readonly type: "welcome"; readonly peerId: string; readonly versions: readonly ProtocolVersion[] }
  | ({ readonly type: "lease" } & Lease)
  | { readonly type: "heartbeat"; readonly received: number }
  | { readonly type: "iceServers"; readonly iceServers: readonly IceServer[] }
  | {
      readonly type: "peerStatusChanged";
      readonly roles: readonly PeerRole[];
      readonly meta: Json;
      readonly peerId: string | null;
    }
  | {
      readonly type: "startSession";
      readonly peerId: string;
      readonly sessionId: string;
      readonly offer: string | null;
    }
  | {
      readonly type: "sessionStarted";
      readonly peerId: string;
      readonly sessionId: string;
      /** Whether the server passes on offers that this client makes inside the session. */
      readonly laterOffers?: true;
    }
  | { readonly type: "endSession"; readonly sessionId: string }
  | {
      readonly type: "endSessionV1_1";
      readonly sessionId: string;
      readonly error: string | null;
      readonly reason: EndCode | null;
    }
  | PeerMessage
  | { readonly type: "list"; readonly producers: readonly Peer[] }
  | { readonly type: "listConsumers"; readonly consumers: readonly Peer[] }
  | {
      readonly type: "error";
      readonly details: string;
      readonly code: string | null;
      readonly peerId: string | null;
      readonly sessionId: string | null;
    };

/** A message to the server. */
export type ClientMessage =
  | {
      readonly type: "setProtocolVersion";
      readonly version: ProtocolVersion;
      readonly resume?: { readonly token: string; readonly received: number };
      readonly heartbeatMs?: number;
    }
  | { readonly type: "heartbeat"; readonly received: number }
  | { readonly type: "setPeerStatus"; readonly roles: readonly PeerRole[]; readonly meta?: Json }
  | { readonly type: "startSession"; readonly peerId: string; readonly offer?: string }
  | { readonly type: "endSession"; readonly sessionId: string }
  | {
      readonly type: "endSessionV1_1";
      readonly sessionId: string;
      readonly error?: string;
      readonly reason?: EndCode;
    }
  | PeerMessage
  | { readonly type: "list" }
  | { readonly type: "listConsumers" };

/** A message from the server cannot be understood. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/**
 * Reads a message from the server.
 *
 * @returns the message, or null where its type belongs to a newer protocol.
 * @throws {@link ProtocolError} where a message of a known type lacks a part or has one of the wrong kind.
 */
export function parseServerMessage(text: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError("not JSON");
  }
  const message = object(value, "message");
  const type = string(message, "type");
  const read = readers[type];
  return read === undefined ? null : read(message);
}

/** The text frame for a message to the server. */
export function serializeClientMessage(message: ClientMessage): string {
  return JSON.stringify(message);
}

type Fields = Readonly<Record<string, unknown>>;

/** One line per message; no prototype, so that a `type` such as "constructor" is just an unknown one. */
const readers: Readonly<Record<string, ((m: Fields) => ServerMessage) | undefined>> = Object.assign(
  Object.create(null) as Record<string, never>,
  {
    welcome: (m) => ({
      type: "welcome",
      peerId: string(m, "peerId"),
      versions: m["versions"] === undefined ? [] : array(m, "versions").filter(isVersion),
    }),
    lease: (m) => ({
      type: "lease",
      peerId: string(m, "peerId"),
      token: string(m, "token"),
      leaseMs: duration(m, "leaseMs"),
      heartbeatMs: duration(m, "heartbeatMs"),
      silenceMs: duration(m, "silenceMs"),
      resumed: m["resumed"] === true,
      received: count(m, "received"),
    }),
    heartbeat: (m) => ({ type: "heartbeat", received: count(m, "received") }),
    iceServers: (m) => ({ type: "iceServers", iceServers: array(m, "iceServers").map(readIceServer) }),
    peerStatusChanged: (m) => ({
      type: "peerStatusChanged",
      roles: array(m, "roles").filter(isRole),
      meta: (m["meta"] ?? null) as Json,
      peerId: optionalString(m, "peerId"),
    }),
    startSession: (m) => ({
      type: "startSession",
      peerId: string(m, "peerId"),
      sessionId: string(m, "sessionId"),
      offer: optionalString(m, "offer"),
    }),
    sessionStarted: (m) => ({
      type: "sessionStarted",
      peerId: string(m, "peerId"),
      sessionId: string(m, "sessionId"),
      ...(m["laterOffers"] === true ? { laterOffers: true } : {}),
    }),
    endSession: (m) => ({ type: "endSession", sessionId: string(m, "sessionId") }),
    endSessionV1_1: (m) => ({
      type: "endSessionV1_1",
      sessionId: string(m, "sessionId"),
      error: optionalString(m, "error"),
      reason: endCode(optionalString(m, "reason")),
    }),
    peer: readPeerMessage,
    list: (m) => ({ type: "list", producers: array(m, "producers").map(readPeer) }),
    listConsumers: (m) => ({ type: "listConsumers", consumers: array(m, "consumers").map(readPeer) }),
    error: (m) => ({
      type: "error",
      details: string(m, "details"),
      code: optionalString(m, "code"),
      peerId: optionalString(m, "peerId"),
      sessionId: optionalString(m, "sessionId"),
    }),
  } satisfies { readonly [T in ServerMessage["type"]]: (m: Fields) => Extract<ServerMessage, { type: T }> },
);

function readPeerMessage(m: Fields): PeerMessage {
  const head = { type: "peer", sessionId: string(m, "sessionId") } as const;
  if (m["sdp"] !== undefined) {
    const sdp = object(m["sdp"], "sdp");
    const type = string(sdp, "type");
    if (type !== "offer" && type !== "answer") {
      throw new ProtocolError("sdp.type is neither offer nor answer");
    }
    return { ...head, sdp: { type, sdp: string(sdp, "sdp") } };
  }
  const ice = object(m["ice"], "ice");
  const index = ice["sdpMLineIndex"] ?? null;
  if (index !== null && !(typeof index === "number" && Number.isInteger(index) && index >= 0)) {
    throw new ProtocolError("ice.sdpMLineIndex is not an index");
  }
  const mid = optionalString(ice, "sdpMid");
  const candidate = { candidate: string(ice, "candidate"), sdpMLineIndex: index };
  return { ...head, ice: mid === null ? candidate : { ...candidate, sdpMid: mid } };
}

function readPeer(value: unknown): Peer {
  const peer = object(value, "peer");
  return { id: string(peer, "id"), meta: (peer["meta"] ?? null) as Json };
}

function readIceServer(value: unknown): IceServer {
  const server = object(value, "ICE server");
  const urls = array(server, "urls").filter((url) => typeof url === "string");
  const [username, credential] = [optionalString(server, "username"), optionalString(server, "credential")];
  return { urls, ...(username === null ? {} : { username }), ...(credential === null ? {} : { credential }) };
}

function isVersion(value: unknown): value is ProtocolVersion {
  return VERSIONS.some((version) => version === value);
}

function endCode(name: string | null): EndCode | null {
  return name === null ? null : (END_CODES.find((code) => code === name) ?? "unknown");
}

function isRole(value: unknown): value is PeerRole {
  return value === "producer" || value === "listener" || value === "consumer";
}

function object(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ProtocolError(`${what} is not an object`);
  }
  return value as Fields;
}

function array(fields: Fields, key: string): readonly unknown[] {
  const value = fields[key];
  if (!Array.isArray(value)) {
    throw new ProtocolError(`${key} is not an array`);
  }
  return value;
}

function string(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== "string") {
    throw new ProtocolError(`${key} is not a string`);
  }
  return value;
}

function count(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new ProtocolError(`${key} is not a count`);
  }
  return value;
}

/** Timers of browsers know no longer times than this. */
const LONGEST = 2 ** 30;

function duration(fields: Fields, key: string): number {
  return Math.min(count(fields, key), LONGEST);
}

function optionalString(fields: Fields, key: string): string | null {
  return fields[key] === undefined || fields[key] === null ? null : string(fields, key);
}
