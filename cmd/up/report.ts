/**
 * What `ssm up` says: the live table with lines above it on a terminal, plain lines elsewhere, and
 * with `--output json` an object for each event on standard output.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { describeError } from "../errors.ts";
import { LiveBlock } from "../live_block.ts";
import { noteSaid } from "../log.ts";
import { tableLines, type TableRow } from "./table.ts";

/** What happens to a forward, for a program. */
export interface UpEvent {
  readonly event: string;
  readonly [key: string]: unknown;
}

/** Says things, in order. */
export class UpReport implements Disposable {
  readonly #context: Context;
  readonly #options: {
    readonly json: boolean;
    readonly quiet: boolean;
    readonly verbose: number;
  };
  readonly #block: LiveBlock;
  #printed: Promise<void> = Promise.resolve();
  #outputFailed: unknown;

  /**
   * @param context The terminal and the clock.
   * @param options What is said, and how.
   * @param rows The table's rows, asked for at each drawing.
   */
  constructor(
    context: Context,
    options: {
      readonly json: boolean;
      readonly quiet: boolean;
      readonly verbose: number;
    },
    rows: () => readonly TableRow[],
  ) {
    this.#context = context;
    this.#options = options;
    const { color } = context;
    this.#block = new LiveBlock({
      terminal: context.terminal,
      log: context.log,
      clock: context.clock,
      live: context.errorIsTerminal && !options.quiet && !options.json,
      lines: (cols) => tableLines(rows(), cols, color),
    });
  }

  /** True where the table is shown. */
  get live(): boolean {
    return this.#context.errorIsTerminal && !this.#options.quiet &&
      !this.#options.json;
  }

  /** Shows the table from now on. */
  start(): void {
    this.#block.start();
  }

  /** Shows the table as it is now. */
  draw(): void {
    this.#block.draw();
  }

  /** Says a line unless `--quiet` was given. */
  say(...lines: readonly string[]): void {
    for (const line of lines) noteSaid(this.#context.log, 0, line);
    if (!this.#options.quiet) this.#block.say(lines);
  }

  /** Says a line with `-v`. */
  detail(line: string): void {
    if (this.#options.verbose > 0) this.say(line);
    else noteSaid(this.#context.log, 1, line);
  }

  /** Says what happened, with the time. */
  event(line: string): void {
    const time = new Date(this.#context.clock.now()).toTimeString().slice(0, 8);
    this.say(`${time} ${line}`);
  }

  /**
   * Says why a forward failed, whatever else is said.
   * @param name Which.
   * @param error Why.
   */
  failure(name: string, error: unknown): void {
    const { message, details, hints } = describeError(error);
    this.#block.say([
      `ssm: ${name}: ${message ?? String(error)}`,
      ...details.map((line) => `  ${line}`),
      ...hints.map((hint) => `hint: ${hint}`),
    ]);
  }

  /**
   * Prints an event for a program.
   * @param event What happened.
   */
  print(event: UpEvent): void {
    if (!this.#options.json) return;
    const time = new Date(this.#context.clock.now()).toISOString();
    const line = `${JSON.stringify({ time, ...event })}\n`;
    this.#printed = this.#printed.then(() =>
      this.#context.terminal.write(new TextEncoder().encode(line))
    ).catch((error) => {
      this.#outputFailed ??= error;
    });
  }

  /**
   * Resolves when everything said so far is written.
   * @throws What writing to standard output failed with.
   */
  async written(): Promise<void> {
    await this.#printed;
    await this.#block.written();
    if (this.#outputFailed !== undefined) throw this.#outputFailed;
  }

  /** Leaves the table as it is. */
  [Symbol.dispose](): void {
    this.#block[Symbol.dispose]();
  }
}
