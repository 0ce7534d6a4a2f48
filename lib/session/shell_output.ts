/**
 * What the remote side printed, on its way to the two standard streams.
 *
 * @module
 */

import type { PayloadEvent } from "../protocol/channel/events.ts";
import { PayloadType } from "../protocol/message/payload.ts";
import { OutputQueue } from "./output_queue.ts";
import type { Terminal } from "./transport.ts";

/** Standard output and standard error of a session. */
export class ShellOutput {
  readonly #written: (bytes: number) => void;
  readonly #output: OutputQueue;
  readonly #errors: OutputQueue;

  /**
   * @param written Told how many bytes of payload are done with.
   * @param broken Told when nobody reads our output any more, which ends a program like SIGPIPE.
   * @param failed Told when writing fails otherwise.
   */
  constructor(
    terminal: Terminal,
    written: (bytes: number) => void,
    broken: () => void,
    failed: (error: unknown) => void,
  ) {
    this.#written = written;
    const onFailure = (error: unknown) =>
      error instanceof Deno.errors.BrokenPipe ? broken() : failed(error);
    this.#output = new OutputQueue(
      (bytes) => terminal.write(bytes),
      written,
      onFailure,
    );
    this.#errors = new OutputQueue(
      (bytes) => terminal.writeError(bytes),
      written,
      onFailure,
    );
  }

  /** Bytes that the session has printed so far. */
  get total(): number {
    return this.#output.total + this.#errors.total;
  }

  /** Prints a payload; one of another type is done with at once. */
  print({ payloadType, payload }: PayloadEvent): void {
    if (payloadType === PayloadType.Output) this.#output.push(payload);
    else if (payloadType === PayloadType.StdErr) this.#errors.push(payload);
    else this.#written(payload.length);
  }

  /** Resolves when everything is written, or cannot be. */
  async drained(): Promise<void> {
    await Promise.all([this.#output.drained(), this.#errors.drained()]);
  }
}
