/**
 * What was found, for people line by line, for programs in one piece.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { wrap } from "../wrap.ts";
import { type CheckResult, type CheckStatus, worst } from "./check.ts";

/** How statuses are coloured (ECMA-48, SGR). */
const colors: Readonly<Record<CheckStatus, number>> = {
  ok: 32,
  warning: 33,
  error: 31,
  unknown: 36,
  skipped: 2,
};

/** Widths of the columns in front of the text. */
const statusWidth = 9;
const idWidth = 13;

/** In a terminal with fewer columns than this the text stands below. */
const narrow = 64;

/** What a report needs. */
export interface ReportOptions {
  readonly json: boolean;
  readonly target: string | undefined;
  readonly noColor: boolean;
  /** Only what is not as it should be. */
  readonly quiet: boolean;
}

/** A report on standard output. */
export class Report {
  readonly #options: ReportOptions;
  readonly #context: Pick<Context, "terminal" | "outputIsTerminal">;
  readonly #color: boolean;

  /**
   * @param options What it is to be.
   * @param context The terminal.
   */
  constructor(
    options: ReportOptions,
    context: Pick<Context, "terminal" | "outputIsTerminal" | "outputColor">,
  ) {
    this.#options = options;
    this.#context = context;
    this.#color = context.outputColor && !options.noColor;
  }

  /** Says a result, as soon as it is known. */
  async check(found: CheckResult): Promise<void> {
    if (this.#options.json) return;
    if (this.#options.quiet && !isTrouble(found)) return;
    await this.#write(checkText(found, this.#columns(), this.#color));
  }

  /** Says what there was. */
  async end(results: readonly CheckResult[]): Promise<void> {
    const { json, target, quiet } = this.#options;
    if (json) {
      await this.#write(
        JSON.stringify(
          {
            status: worst(results),
            ...(target === undefined ? {} : { target }),
            checks: results,
          },
          undefined,
          2,
        ) + "\n",
      );
    } else if (!quiet) await this.#write(`\n${summary(results)}\n`);
  }

  #columns(): number {
    const { terminal, outputIsTerminal } = this.#context;
    return outputIsTerminal ? terminal.size()?.cols ?? 80 : 80;
  }

  async #write(text: string): Promise<void> {
    await this.#context.terminal.write(new TextEncoder().encode(text));
  }
}

function isTrouble({ status }: CheckResult): boolean {
  return status === "error" || status === "warning";
}

/**
 * A result as lines.
 * @param found The result.
 * @param columns The terminal's width.
 * @param color True when it may be coloured.
 */
export function checkText(
  found: CheckResult,
  columns: number,
  color: boolean,
): string {
  const { id, status, summary, details, hints } = found;
  const paint = (code: number, text: string) =>
    color ? `\x1b[${code}m${text}\x1b[0m` : text;
  const stacked = columns < narrow;
  const indent = stacked ? 2 : statusWidth + idWidth;
  const space = Math.max(columns - indent - 1, 20);
  const front = paint(colors[status], status.padEnd(statusWidth)) +
    (stacked ? id : id.padEnd(idWidth));
  const below = " ".repeat(indent);
  const first = wrap(summary, space);
  const lines = stacked
    ? [front, ...first.map((line) => below + line)]
    : first.map((line, at) => (at === 0 ? front : below) + line);
  for (const detail of details) {
    for (const [at, line] of wrap(detail, space - 2).entries()) {
      lines.push(below + paint(2, (at === 0 ? "- " : "  ") + line));
    }
  }
  // A command is not broken: it is there to be pasted.
  for (const hint of hints) lines.push(`${below}${paint(36, "hint:")} ${hint}`);
  return lines.join("\n") + "\n";
}

function summary(results: readonly CheckResult[]): string {
  const count = (status: CheckStatus, noun: string) => {
    const found = results.filter((each) => each.status === status).length;
    return found === 0 ? [] : [`${found} ${noun}${found === 1 ? "" : "s"}`];
  };
  const parts = [
    ...count("error", "error"),
    ...count("warning", "warning"),
  ];
  const open =
    results.filter(({ status }) => status === "unknown" || status === "skipped")
      .length;
  return (parts.length === 0 ? "Nothing is wrong" : parts.join(", ")) +
    (open === 0 ? "" : `; ${open} not known`);
}
