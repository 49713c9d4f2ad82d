/**
 * What is said to the server, in order, kept until it is known to have arrived. Counts messages and knows nothing of
 * their meaning, of sockets or of time.
 */

/** Messages that wait to be sent or, once sent, for their arrival to be known. */
export class Outbox<T> {
  #waiting: T[] = [];
  /** How many of `#waiting` were sent on this connection. */
  #sent = 0;
  /** How many messages went before `#waiting`. */
  #before = 0;

  /** Adds a message at the end. */
  push(message: T): void {
    this.#waiting.push(message);
  }

  /** What is to be sent on this connection now; it counts as sent, and is kept until {@link arrived} covers it. */
  take(): readonly T[] {
    const unsent = this.#waiting.slice(this.#sent);
    this.#sent = this.#waiting.length;
    return unsent;
  }

  /**
   * The other side has received so many messages in all: they need not be kept. False, and nothing changes, for a
   * number that cannot be: more than were sent, or fewer than were known to have arrived.
   */
  arrived(received: number): boolean {
    const newly = received - this.#before;
    if (newly < 0 || newly > this.#sent) {
      return false;
    }
    this.#waiting.splice(0, newly);
    this.#sent -= newly;
    this.#before = received;
    return true;
  }

  /** The connection is a new one, on which only so many messages are known to have arrived; false as in {@link arrived}. */
  resume(received: number): boolean {
    const fits = this.arrived(received);
    if (fits) {
      this.#sent = 0;
    }
    return fits;
  }
}
