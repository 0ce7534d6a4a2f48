/**
 * How much may wait for local programs that do not read (docs/protocol/sessions.md §6.5): smux has
 * no window of its own, so what came for a slow one is kept here, up to a bound; beyond that its
 * session takes no more, which the agent feels.
 *
 * @module
 */

/** Bytes that may wait for one connection. */
export const connectionBacklog: number = 64 * 1024 * 1024;
/** Bytes that may wait for all connections of the program. */
export const totalBacklog: number = 256 * 1024 * 1024;
/** Below this a session is none of those that fill the total, in bytes. */
const smallBacklog: number = 1024 * 1024;

/** What waits in all sessions together; one for the program. */
export class Backlog {
  readonly #limit: number;
  readonly #watchers = new Set<() => void>();
  #waiting = 0;
  #full = false;

  /** @param limit Bytes. */
  constructor(limit: number = totalBacklog) {
    this.#limit = limit;
  }

  /** Bytes that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Whether a session has to wait for the total.
   *
   * @param waiting Bytes that wait in this session: one with little has no part in it.
   */
  holds(waiting: number): boolean {
    return this.#full && waiting > smallBacklog;
  }

  /** So many bytes more wait. */
  add(bytes: number): void {
    this.#waiting += bytes;
    if (this.#waiting > this.#limit) this.#full = true;
  }

  /** So many bytes wait no more. */
  remove(bytes: number): void {
    this.#waiting -= bytes;
    if (!this.#full || this.#waiting > this.#limit) return;
    this.#full = false;
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Calls back when there is room again after there was none; disposing ends that. */
  watch(room: () => void): Disposable {
    this.#watchers.add(room);
    return { [Symbol.dispose]: () => void this.#watchers.delete(room) };
  }
}
