/**
 * A listener of the platform as a {@linkcode LocalListener}: accepting never fails, it only ends.
 *
 * @module
 */

import type {
  LocalAddress,
  LocalConnection,
  LocalListener,
} from "../session/transport.ts";

/** The wait after a failed accept, in milliseconds. */
const acceptRetry = 20;

/** What is needed of a listener; `Deno.Listener` is one. */
export interface PlatformListener<Connection extends LocalConnection> {
  accept(): Promise<Connection>;
  close(): void;
}

/** A place that is listened on. */
export class ListeningPlace<Connection extends LocalConnection>
  implements LocalListener {
  readonly #listener: PlatformListener<Connection>;
  readonly #prepare: (connection: Connection) => LocalConnection;
  readonly #cleanUp: () => void;
  readonly #closing = new AbortController();

  /**
   * @param address Where it listens.
   * @param listener What listens.
   * @param prepare Makes each connection ready; one that it throws for is dropped.
   * @param cleanUp Called once, after the listener was closed.
   */
  constructor(
    readonly address: LocalAddress,
    listener: PlatformListener<Connection>,
    prepare: (connection: Connection) => LocalConnection = (each) => each,
    cleanUp: () => void = () => {},
  ) {
    this.#listener = listener;
    this.#prepare = prepare;
    this.#cleanUp = cleanUp;
  }

  async accept(): Promise<LocalConnection | undefined> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      let connection: Connection;
      try {
        connection = await this.#listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return undefined;
        // A connection that went away before it was taken, or no descriptor is free.
        await pause(acceptRetry, signal);
        continue;
      }
      try {
        return this.#prepare(connection);
      } catch {
        // It was reset meanwhile.
        drop(connection);
      }
    }
    return undefined;
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    try {
      this.#listener.close();
    } catch {
      // The platform closed it, for a reason of its own.
    }
    this.#cleanUp();
  }
}

/** Resolves after so many milliseconds, or when the signal aborts. */
function pause(delay: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, delay);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}

function drop(connection: LocalConnection): void {
  try {
    connection.close();
  } catch {
    // It was closed.
  }
}
