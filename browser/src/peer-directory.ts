/** Who is connected to the signalling server, and what of that listeners do not know yet. */

import type { Json, Peer, PeerRole } from "./protocol.js";

/** A peer as pages are told of it. */
export interface ListedPeer extends Peer {
  /** Its own description of itself; empty where that is no object. Written by a stranger: never to be shown as HTML. */
  readonly meta: { readonly [key: string]: Json };
}

/** Told when a producer or a passive consumer comes or goes; any subset. */
export interface PeerListener {
  producerAdded?(producer: ListedPeer): void;
  producerRemoved?(producer: ListedPeer): void;
  consumerAdded?(consumer: ListedPeer): void;
  consumerRemoved?(consumer: ListedPeer): void;
}

/** The roles that make a peer interesting to others. */
export type ListedRole = Exclude<PeerRole, "listener">;

/** A change of the directory. */
export interface DirectoryChange {
  readonly event: keyof PeerListener;
  readonly peer: ListedPeer;
}

/** The producers and passive consumers on the server, by role, in the order in which they came. */
export class PeerDirectory {
  readonly #peers: Readonly<Record<ListedRole, Map<string, ListedPeer>>> = { producer: new Map(), consumer: new Map() };

  /** The peers that have `role`. */
  withRole(role: ListedRole): ListedPeer[] {
    return [...this.#peers[role].values()];
  }

  /** Takes the status of a peer: all of its roles. */
  update(id: string, roles: readonly PeerRole[], meta: Json): DirectoryChange[] {
    const peer = { id, meta };
    return (["producer", "consumer"] as const).flatMap((role) =>
      roles.includes(role) ? this.#add(role, peer) : this.#remove(role, id),
    );
  }

  /** Takes the list of those that have `role`: says nothing of their other roles. */
  replace(role: ListedRole, peers: readonly Peer[]): DirectoryChange[] {
    const gone = this.withRole(role).filter(({ id }) => !peers.some((peer) => peer.id === id));
    return [...gone.flatMap(({ id }) => this.#remove(role, id)), ...peers.flatMap((peer) => this.#add(role, peer))];
  }

  #add(role: ListedRole, { id, meta }: Peer): DirectoryChange[] {
    // What has no description need not be asked for one, as pages of gstwebrtc-api do not.
    const peer = { id, meta: (typeof meta === "object" ? (meta ?? {}) : {}) as ListedPeer["meta"] };
    const known = this.#peers[role].get(peer.id);
    if (known !== undefined && JSON.stringify(known.meta) === JSON.stringify(peer.meta)) {
      return [];
    }
    // A peer that describes itself anew goes and comes: listeners know no other word for a change.
    const gone = this.#remove(role, peer.id);
    this.#peers[role].set(peer.id, peer);
    return [...gone, { event: `${role}Added`, peer }];
  }

  /** Forgets everybody. */
  clear(): DirectoryChange[] {
    return (["producer", "consumer"] as const).flatMap((role) =>
      this.withRole(role).flatMap(({ id }) => this.#remove(role, id)),
    );
  }

  #remove(role: ListedRole, id: string): DirectoryChange[] {
    const peer = this.#peers[role].get(id);
    this.#peers[role].delete(id);
    return peer === undefined ? [] : [{ event: `${role}Removed`, peer }];
  }
}
