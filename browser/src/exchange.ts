/**
 * The exchange of descriptions and candidates of one session (RFC 8829): one step after the other, candidates after
 * their description, and who yields where two offers cross. Knows nothing of states and ends.
 */

import { messageOf } from "./events.js";
import { Gate } from "./gate.js";
import type { IceCandidate, PeerMessage, SessionDescription } from "./protocol.js";
import { dtlsRole, iceUfrag, withDtlsRole, withOfferedExtensions } from "./sdp.js";

/** What an {@link Exchange} needs from its session. */
export interface ExchangeHost {
  /** The connection, which is made where there is none. */
  connect(): RTCPeerConnection;
  /** The connection, while there is one. */
  connection(): RTCPeerConnection | null;
  /** Whether the session is over: nothing is done any more. */
  isOver(): boolean;
  /** Says something to the other member. */
  say(what: { sdp: SessionDescription } | { ice: IceCandidate }): void;
  /** A description is about to be made. */
  beforeDescription(connection: RTCPeerConnection): void;
  /** Changes an own description before it is set and sent. */
  munge(sdp: string): string;
  /** Whether an answer leaves something to be played; ends the session where it does not. */
  accepts(offer: string, answer: string): boolean;
  /** Both sides have described their media, or what they agreed on before stays, and no other offer is to be made. */
  agreed(connection: RTCPeerConnection): void;
  /** The other side does not look for new paths. */
  cannotRestart(): void;
  /** A step failed, which ends the session. */
  failed(error: string): void;
  /** A candidate cannot be used, which ends nothing. */
  unusable(message: string, cause: unknown): void;
}

/** How an offer is made. */
export interface OfferOrder {
  /** Passes the offer on where it does not go to the other member as a message of the session. */
  readonly send?: (sdp: string) => void;
  /** Whether ICE begins anew with it (RFC 8445 section 2.4). */
  readonly iceRestart?: boolean;
}

/** The exchange of one session. */
export class Exchange {
  readonly #host: ExchangeHost;
  /** Whether this side takes its offer back where two cross; one of both sides does. */
  readonly #polite: boolean;
  readonly #localCandidates = new Gate<IceCandidate>((ice) => {
    this.#host.say({ ice });
  });
  /** Candidates that came before any description. */
  #early: IceCandidate[] | null = [];
  #work: Promise<void> = Promise.resolve();
  #named = false;
  #descriptionSent = false;
  /** The offer that waits for its answer. */
  #offered: OfferOrder | null = null;
  /** The offer to make as soon as the connection is stable. */
  #next: OfferOrder | null = null;
  /** Whether candidates belong to an offer that was passed over. */
  #passedOver = false;

  constructor(polite: boolean, host: ExchangeHost) {
    this.#polite = polite;
    this.#host = host;
  }

  /** Takes what the other member said. */
  receive(message: PeerMessage): void {
    if ("ice" in message) {
      this.enqueue(() => this.#take(message.ice));
    } else {
      this.enqueue(() => this.#apply(message.sdp));
    }
  }

  /** Messages of the session can be addressed from now on. */
  named(): void {
    this.#named = true;
    this.#openLocalCandidates();
  }

  /** This side found a candidate. */
  found(ice: IceCandidate): void {
    this.#localCandidates.push(ice);
  }

  /** Makes an offer as soon as no other exchange is under way. */
  offer(order: OfferOrder = {}): void {
    this.enqueue(() => this.#offer(order));
  }

  /** Answers an offer that came another way. */
  answer(sdp: string): void {
    this.enqueue(() => this.#apply({ type: "offer", sdp }));
  }

  /** An own offer does not arrive: what was agreed on before stays. Whether there was such an offer. */
  offerRefused(): boolean {
    const wasOffered = this.#offered !== null;
    this.enqueue(async () => {
      const connection = this.#host.connection();
      this.#next = null;
      if (this.#offered !== null && connection?.signalingState === "have-local-offer") {
        this.#offered = null;
        await connection.setLocalDescription({ type: "rollback" });
        this.#host.agreed(connection);
      }
    });
    return wasOffered;
  }

  /** Does `step` after everything that was enqueued before; where it fails, the session does. */
  enqueue(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#host.isOver() ? undefined : step()))
      .catch((error: unknown) => {
        this.#host.failed(messageOf(error));
      });
  }

  async #offer(order: OfferOrder): Promise<void> {
    const connection = this.#host.connect();
    if (connection.signalingState !== "stable") {
      this.#next = { ...order, iceRestart: order.iceRestart === true || this.#next?.iceRestart === true };
      return;
    }
    this.#host.beforeDescription(connection);
    const { sdp } = await connection.createOffer(order.iceRestart === true ? { iceRestart: true } : undefined);
    this.#offered = order;
    await this.#setAndSend(connection, { type: "offer", sdp: this.#host.munge(sdp ?? "") }, order.send);
  }

  async #apply(description: SessionDescription): Promise<void> {
    const connection = this.#host.connect();
    if (description.type === "offer" && connection.signalingState === "have-local-offer") {
      if (!this.#polite) {
        // The other side takes its offer back and answers ours.
        this.#passedOver = true;
        return;
      }
      await this.#takeBack(connection, description.sdp);
    }
    this.#passedOver = false;
    if (description.type === "answer" && this.#keepsPath(connection, description.sdp)) {
      // webrtcbin answers like this. Firefox would look for a path to nobody, and lose the one that there is.
      this.#offered = null;
      await connection.setLocalDescription({ type: "rollback" });
      this.#host.cannotRestart();
      this.#next = this.#next === null ? null : { ...this.#next, iceRestart: false };
      this.#settle(connection);
      return;
    }
    if (description.type === "answer") {
      const sdp = withOfferedExtensions(connection.localDescription?.sdp ?? "", description.sdp);
      await connection.setRemoteDescription({ type: "answer", sdp });
    } else {
      await connection.setRemoteDescription(description);
    }
    if (description.type === "offer") {
      this.#host.beforeDescription(connection);
      const { sdp } = await connection.createAnswer();
      const answer = this.#host.munge(sdp ?? "");
      if (!this.#host.accepts(description.sdp, answer)) {
        return;
      }
      await this.#setAndSend(connection, { type: "answer", sdp: answer });
    } else if (!this.#host.accepts(connection.localDescription?.sdp ?? "", description.sdp)) {
      return;
    }
    this.#offered = null;
    const early = this.#early ?? [];
    this.#early = null;
    for (const ice of early) {
      await this.#addCandidate(ice);
    }
    this.#settle(connection);
  }

  /** The connection is stable: what came up meanwhile is offered now. */
  #settle(connection: RTCPeerConnection): void {
    const next = this.#next;
    this.#next = null;
    if (this.#host.connection() !== connection) {
      return;
    }
    if (next === null) {
      this.#host.agreed(connection);
    } else {
      this.offer(next);
    }
  }

  /** Whether an answer goes on with the path that this side wanted to replace. */
  #keepsPath(connection: RTCPeerConnection, answer: string): boolean {
    const settled = connection.currentRemoteDescription;
    return this.#offered?.iceRestart === true && settled !== null && iceUfrag(settled.sdp) === iceUfrag(answer);
  }

  /** Two offers have crossed, and this side yields. What its offer was for is left to the next one. */
  async #takeBack(connection: RTCPeerConnection, offer: string): Promise<void> {
    const settled = connection.currentRemoteDescription;
    const restarts = settled !== null && iceUfrag(settled.sdp) !== iceUfrag(offer);
    if (this.#offered !== null && this.#offered.send === undefined) {
      this.#next ??= this.#offered.iceRestart === true && restarts ? null : this.#offered;
    }
    this.#offered = null;
    await connection.setLocalDescription({ type: "rollback" });
  }

  async #setAndSend(
    connection: RTCPeerConnection,
    description: SessionDescription,
    send?: (sdp: string) => void,
  ): Promise<void> {
    // Candidates of this description may be found before it is sent, and a peer may refuse what it cannot place.
    this.#descriptionSent = false;
    this.#localCandidates.shut();
    const role = dtlsRole(connection.currentLocalDescription?.sdp ?? "", connection.currentRemoteDescription?.sdp ?? "");
    await connection.setLocalDescription(description);
    if (this.#host.connection() !== connection) {
      return;
    }
    if (send === undefined) {
      const { type, sdp } = description;
      this.#host.say({ sdp: { type, sdp: type === "offer" ? withDtlsRole(sdp, role) : sdp } });
    } else {
      send(description.sdp);
    }
    this.#descriptionSent = true;
    this.#openLocalCandidates();
  }

  #openLocalCandidates(): void {
    if (this.#descriptionSent && this.#named) {
      this.#localCandidates.open();
    }
  }

  async #take(ice: IceCandidate): Promise<void> {
    if (this.#passedOver) {
      return;
    }
    if (this.#early !== null) {
      this.#early.push(ice);
    } else {
      await this.#addCandidate(ice);
    }
  }

  async #addCandidate(ice: IceCandidate): Promise<void> {
    const place = ice.sdpMid === undefined ? { sdpMLineIndex: ice.sdpMLineIndex ?? 0 } : {};
    try {
      await this.#host.connection()?.addIceCandidate({ ...ice, ...place });
    } catch (error) {
      // One candidate of many, perhaps of a kind that this browser does not know: the others may still do.
      this.#host.unusable(`an ICE candidate cannot be used: ${messageOf(error)}`, error);
    }
  }
}
