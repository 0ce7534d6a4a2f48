/**
 * What a command printed, on its way to our two standard streams.
 *
 * @module
 */

import type { OutputStream } from "./command_session.ts";
import { OutputQueue } from "./output_queue.ts";
import { SignalError } from "./signal_error.ts";
import type { Terminal } from "./transport.ts";

/** Standard output and standard error, each in order, neither waiting for the other. */
export class CommandOutput {
  readonly #queues: Readonly<Record<OutputStream, OutputQueue>>;
  #done: (bytes: number) => void = () => {};

  /**
   * @param terminal Whose streams.
   * @param broken Told why nothing can be written any more: a SignalError of SIGPIPE when nobody
   *   reads it, or what else went wrong.
   */
  constructor(terminal: Terminal, broken: (reason: unknown) => void) {
    const failed = (error: unknown) =>
      broken(
        error instanceof Deno.errors.BrokenPipe
          ? new SignalError("SIGPIPE")
          : error,
      );
    const written = (bytes: number) => this.#done(bytes);
    this.#queues = {
      stdout: new OutputQueue((b) => terminal.write(b), written, failed),
      stderr: new OutputQueue((b) => terminal.writeError(b), written, failed),
    };
  }

  /**
   * Takes output.
   * @param bytes Are copied.
   * @param done Told how many bytes were written, now and for all that came before.
   */
  push(
    bytes: Uint8Array,
    stream: OutputStream,
    done: (bytes: number) => void,
  ): void {
    this.#done = done;
    this.#queues[stream].push(bytes);
  }

  /**
   * Waits until everything is written.
   * @param signal Gives up.
   * @throws The signal's reason, where it came first.
   */
  async drained(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await Promise.race([
        Promise.all([
          this.#queues.stdout.drained(),
          this.#queues.stderr.drained(),
        ]),
        aborted.promise,
      ]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
