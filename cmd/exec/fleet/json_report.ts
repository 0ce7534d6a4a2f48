/**
 * What happens on the nodes, for programs: an object for each event, one per line, on standard
 * output.
 *
 * @module
 */

import { LineSplitter } from "./lines.ts";
import type { NodeResult, Tally } from "./outcome.ts";
import type { FleetReport } from "./report.ts";
import type { FleetNode, OutputStream } from "./run_on_node.ts";
import type { LineWriter } from "./writer.ts";

/** One node's lines. */
type Streams = Readonly<Record<OutputStream, LineSplitter>>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** {@linkcode FleetReport} for programs. */
export class JsonReport implements FleetReport {
  readonly #writer: LineWriter;
  readonly #streams = new Map<string, Streams>();

  /** @param writer Where to. */
  constructor(writer: LineWriter) {
    this.#writer = writer;
  }

  started(node: FleetNode): void {
    this.#event("started", node);
  }

  output(
    node: FleetNode,
    bytes: Uint8Array,
    stream: OutputStream,
  ): void | Promise<void> {
    let streams = this.#streams.get(node.id);
    if (streams === undefined) {
      streams = {
        stdout: this.#splitter(node, "stdout"),
        stderr: this.#splitter(node, "stderr"),
      };
      this.#streams.set(node.id, streams);
    }
    streams[stream].push(bytes);
    return this.#writer.room();
  }

  said(_node: FleetNode, _sentence: string): void {}

  cut(node: FleetNode, message: string): void {
    this.#event("truncated", node, { message });
  }

  ended({ node, outcome }: NodeResult): void {
    const streams = this.#streams.get(node.id);
    streams?.stdout.end();
    streams?.stderr.end();
    this.#streams.delete(node.id);
    const { code, reason, began, seconds } = outcome;
    this.#event(code === undefined ? "skipped" : "ended", node, {
      ...(code === undefined ? {} : { code, began }),
      ...(reason === undefined ? {} : { reason }),
      ...(seconds === undefined
        ? {}
        : { seconds: Math.round(1000 * seconds) / 1000 }),
    });
  }

  summary(tally: Tally, exitCode: number): void {
    const { total, succeeded, failed, skipped, cut, byCode } = tally;
    const codes = Object.fromEntries([...byCode].sort(([a], [b]) => a - b));
    this.#write({
      event: "summary",
      nodes: total,
      succeeded,
      failed,
      skipped,
      truncated: cut,
      codes,
      exitCode,
    });
  }

  #splitter(node: FleetNode, stream: OutputStream): LineSplitter {
    return new LineSplitter((line) => {
      this.#event("output", node, { stream, ...contents(line) });
    });
  }

  #event(
    event: string,
    node: FleetNode,
    more: Readonly<Record<string, unknown>> = {},
  ): void {
    const name = node.name === undefined ? {} : { name: node.name };
    this.#write({ event, node: node.id, ...name, ...more });
  }

  #write(value: unknown): void {
    this.#writer.write("stdout", encoder.encode(`${JSON.stringify(value)}\n`));
  }
}

/** `text` where it is UTF-8, else `base64`: together they are what the command wrote. */
function contents(
  line: Uint8Array,
): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: decoder.decode(line) };
  } catch {
    return { base64: line.toBase64() };
  }
}
