/**
 * A signal that tells who still listens to it.
 *
 * @module
 */

/** Counts the listeners of a signal that never aborts. */
export function watchedSignal(): { signal: AbortSignal; listeners(): number } {
  const { signal } = new AbortController();
  const listening = new Set<unknown>();
  return {
    signal: Object.assign(signal, {
      addEventListener(type: "abort", listener: EventListener) {
        listening.add(listener);
        AbortSignal.prototype.addEventListener.call(signal, type, listener);
      },
      removeEventListener(type: "abort", listener: EventListener) {
        listening.delete(listener);
        AbortSignal.prototype.removeEventListener.call(signal, type, listener);
      },
    }),
    listeners: () => listening.size,
  };
}
