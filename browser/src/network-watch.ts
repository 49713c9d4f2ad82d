/** Notices when this computer gets another network. */

/** What only some browsers have (W3C Network Information), and desktops without a `type`. */
interface Informed {
  readonly navigator?: { readonly connection?: EventTarget & { readonly type?: string } };
}

/** Calls `changed` when the network comes back or is another one; returns what takes that back. */
export function watchNetwork(changed: () => void): () => void {
  const connection = (globalThis as Informed).navigator?.connection;
  let type = connection?.type;
  const onChange = (): void => {
    // The event also tells of every new guess at the speed.
    if (connection?.type !== type) {
      type = connection?.type;
      changed();
    }
  };
  addEventListener("online", changed);
  connection?.addEventListener("change", onChange);
  return () => {
    removeEventListener("online", changed);
    connection?.removeEventListener("change", onChange);
  };
}
