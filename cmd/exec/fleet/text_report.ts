/**
 * What the nodes write, for people: each line behind the name of its node, on the stream it came
 * from.
 *
 * @module
 */

import { visible } from "../../../lib/text.ts";
import { LineSplitter } from "./lines.ts";
import type { NodeResult, Tally } from "./outcome.ts";
import { type FleetReport, nodeTitle } from "./report.ts";
import type { FleetNode, OutputStream } from "./run_on_node.ts";
import { countsLine, outcomeTable } from "./table.ts";
import type { LineWriter } from "./writer.ts";

/** A name that is longer is not waited for by the others. */
const widestColumn = 32;

/** Colours that are told apart on dark and light (ECMA-48 SGR 31–36), red last. */
const colors = [36, 33, 32, 35, 34, 31];

const encoder = new TextEncoder();
const newline = encoder.encode("\n");

/** What it is shown with. */
export interface TextReportOptions {
  readonly writer: LineWriter;
  /** True where names on standard output, and on standard error, are coloured. */
  readonly color: Readonly<Record<OutputStream, boolean>>;
  /** Says sentences above the live line. */
  readonly say: (lines: readonly string[]) => void;
  /** The nodes, as far as they are known: their names are aligned. */
  readonly nodes: readonly FleetNode[];
  readonly quiet: boolean;
}

/** One node's lines. */
type Streams = Readonly<Record<OutputStream, LineSplitter>>;

/** {@linkcode FleetReport} for people. */
export class TextReport implements FleetReport {
  readonly #options: TextReportOptions;
  readonly #streams = new Map<string, Streams>();
  #width = 0;
  #seen = 0;

  /** @param options Where to. */
  constructor(options: TextReportOptions) {
    this.#options = options;
    for (const node of options.nodes) this.#widen(visible(nodeTitle(node)));
  }

  started(_node: FleetNode): void {}

  output(
    node: FleetNode,
    bytes: Uint8Array,
    stream: OutputStream,
  ): void | Promise<void> {
    this.#of(node)[stream].push(bytes);
    return this.#options.writer.room();
  }

  said(node: FleetNode, sentence: string): void {
    if (!this.#options.quiet) this.cut(node, sentence);
  }

  cut(node: FleetNode, message: string): void {
    this.#options.say([`${visible(nodeTitle(node))}: ${visible(message)}`]);
  }

  ended({ node }: NodeResult): void {
    const streams = this.#streams.get(node.id);
    streams?.stdout.end();
    streams?.stderr.end();
    this.#streams.delete(node.id);
  }

  summary(tally: Tally): void {
    const { quiet, say } = this.#options;
    if (!quiet) say(outcomeTable(tally));
    else if (tally.succeeded < tally.ended) say([countsLine(tally)]);
  }

  #of(node: FleetNode): Streams {
    const known = this.#streams.get(node.id);
    if (known !== undefined) return known;
    const color = colors[this.#seen++ % colors.length] ?? 36;
    const streams = {
      stdout: this.#splitter(node, "stdout", color),
      stderr: this.#splitter(node, "stderr", color),
    };
    this.#streams.set(node.id, streams);
    return streams;
  }

  #splitter(
    node: FleetNode,
    stream: OutputStream,
    color: number,
  ): LineSplitter {
    const title = visible(nodeTitle(node));
    this.#widen(title);
    const { writer } = this.#options;
    const painted = (text: string) =>
      this.#options.color[stream] ? `\x1b[${color}m${text}\x1b[0m` : text;
    const prefix = encoder.encode(
      painted(`${title.padEnd(this.#width)} |`) + " ",
    );
    return new LineSplitter((line) => {
      const whole = line.at(-1) === newline[0];
      writer.write(
        stream,
        prefix,
        line,
        ...(whole ? [] : [newline]),
      );
    });
  }

  #widen(title: string): void {
    if (title.length <= widestColumn) {
      this.#width = Math.max(this.#width, title.length);
    }
  }
}
