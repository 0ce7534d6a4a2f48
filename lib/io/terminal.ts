/**
 * The terminal this process was started in: raw mode as a resource, reads that can be given up
 * without losing a byte, writes that are complete when they resolve.
 *
 * @module
 */

import type { Terminal, TerminalSize } from "../session/transport.ts";
import { stopProcessGroup } from "./process_group.ts";
import { unlessAborted } from "./unless_aborted.ts";

/** What a {@linkcode ProcessTerminal} uses of the three standard streams. */
export interface StandardStreams {
  readonly stdin: Pick<typeof Deno.stdin, "read" | "isTerminal" | "setRaw">;
  readonly stdout: Pick<typeof Deno.stdout, "write" | "isTerminal">;
  readonly stderr: Pick<
    typeof Deno.stderr,
    "write" | "writeSync" | "isTerminal"
  >;
}

/** A {@linkcode Terminal} whose raw mode can also be left from outside, on the way out. */
export interface ProcessTerminal extends Terminal {
  /** True when standard error is a terminal. */
  readonly errorIsTerminal: boolean;
  /** True when standard output is a terminal. */
  readonly outputIsTerminal: boolean;
  /**
   * Leaves raw mode now, whoever holds it, and keeps it from being entered again; the screen gets
   * what its holder wants it to have. For signals and uncaught errors, just before the process
   * ends. Never throws.
   */
  restore(): void;
}

/** Bytes asked for in one read; a paste comes in pieces of at most 4 KiB (the tty's own limit). */
const readSize = 16 * 1024;

/** Windows tells nobody that a console was resized (sessions.md §2.1). Milliseconds. */
const resizePollInterval = 500;

/** Wait before a stream that is in non-blocking mode is tried again. Milliseconds. */
const wouldBlockDelay = 5;

/**
 * The terminal on this process's standard streams.
 * @param streams Other streams, for tests.
 * @param stopProcessing What raw mode does besides `setRaw`; leaving it undoes both.
 */
export function openTerminal(
  streams: StandardStreams = Deno,
  stopProcessing: () => void = stopOutputProcessing,
): ProcessTerminal {
  return new StandardTerminal(streams, stopProcessing);
}

class StandardTerminal implements ProcessTerminal {
  readonly interactive: boolean;
  readonly errorIsTerminal: boolean;
  readonly outputIsTerminal: boolean;
  readonly #stdin: StandardStreams["stdin"];
  readonly #stdout: OrderedWriter;
  readonly #stderr: OrderedWriter;
  readonly #buffer = new Uint8Array(readSize);
  #pending: Promise<void> | undefined;
  #ready: Uint8Array | undefined;
  #ended = false;
  #rawHolders = 0;
  #rawNow = false;
  #restored = false;
  #farewell: Uint8Array | undefined;

  constructor(
    private readonly streams: StandardStreams,
    private readonly stopProcessing: () => void,
  ) {
    this.#stdin = streams.stdin;
    this.#stdout = new OrderedWriter(streams.stdout);
    this.#stderr = new OrderedWriter(streams.stderr);
    this.interactive = streams.stdin.isTerminal();
    this.errorIsTerminal = streams.stderr.isTerminal();
    this.outputIsTerminal = streams.stdout.isTerminal();
  }

  size(): TerminalSize | undefined {
    return standardSize() ?? controllingSize();
  }

  raw(farewell?: Uint8Array): Disposable {
    if (!this.interactive) return { [Symbol.dispose]() {} };
    this.#rawHolders++;
    this.#setRaw(true);
    this.#farewell = farewell;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#farewell = undefined;
        if (--this.#rawHolders === 0) this.#setRaw(false);
      },
    };
  }

  restore(): void {
    const farewell = this.#farewell;
    this.#farewell = undefined;
    try {
      this.#setRaw(false);
      if (farewell !== undefined) this.streams.stderr.writeSync(farewell);
    } catch {
      // The terminal is gone, as after SIGHUP: nothing is left to restore.
    }
    this.#restored = true;
  }

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      const ready = this.#ready;
      if (ready !== undefined) {
        this.#ready = undefined;
        return ready;
      }
      if (this.#ended) return undefined;
      // A pending read cannot be cancelled (it would take the next key with it), so there is one
      // at most, and its bytes go to whoever asks next.
      this.#pending ??= this.#fill();
      await unlessAborted(this.#pending, signal);
    }
  }

  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const behind = this.#ready ?? new Uint8Array();
    this.#ready = new Uint8Array([...bytes, ...behind]);
  }

  async #fill(): Promise<void> {
    try {
      const count = await retryWouldBlock(() => this.#stdin.read(this.#buffer));
      if (count === null) this.#ended = true;
      else if (count > 0) {
        // What was put back meanwhile comes first.
        const before = this.#ready ?? new Uint8Array();
        const read = this.#buffer.subarray(0, count);
        this.#ready = new Uint8Array([...before, ...read]);
      }
    } finally {
      this.#pending = undefined;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#stdout.write(bytes);
  }

  writeError(bytes: Uint8Array): Promise<void> {
    const translate = this.#rawNow && this.errorIsTerminal;
    return this.#stderr.write(translate ? withCarriageReturns(bytes) : bytes);
  }

  onResize(changed: () => void): Disposable {
    if (Deno.build.os === "windows") {
      let last = sizeKey(standardSize());
      const timer = setInterval(() => {
        const next = sizeKey(standardSize());
        if (next === last) return;
        last = next;
        changed();
      }, resizePollInterval);
      return { [Symbol.dispose]: () => clearInterval(timer) };
    }
    Deno.addSignalListener("SIGWINCH", changed);
    return {
      [Symbol.dispose]: () => Deno.removeSignalListener("SIGWINCH", changed),
    };
  }

  async suspend(): Promise<void> {
    if (Deno.build.os === "windows" || !this.interactive) return;
    this.#setRaw(false);
    await stopProcessGroup();
    if (this.#rawHolders > 0) this.#setRaw(true);
  }

  #setRaw(raw: boolean): void {
    if (raw === this.#rawNow || (raw && this.#restored)) return;
    this.#stdin.setRaw(raw);
    this.#rawNow = raw;
    if (raw) this.stopProcessing();
  }
}

/** Writes whole chunks, one after the other, whatever the stream takes at a time. */
class OrderedWriter {
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly stream: { write(bytes: Uint8Array): Promise<number> },
  ) {}

  write(bytes: Uint8Array): Promise<void> {
    const turn = this.#last.then(() => this.#writeAll(bytes));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length;) {
      const rest = bytes.subarray(offset);
      offset += await retryWouldBlock(() => this.stream.write(rest));
    }
  }
}

/** A parent may have left our streams in non-blocking mode; then "not now" is an error. */
async function retryWouldBlock<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await new Promise((resolve) => setTimeout(resolve, wouldBlockDelay));
    }
  }
}

/**
 * Puts a CR before each NL that has none: in raw mode the terminal adds none.
 * @param bytes Text for a terminal.
 */
export function withCarriageReturns(bytes: Uint8Array): Uint8Array {
  const text: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x0a && bytes[at - 1] !== 0x0d) text.push(0x0d);
    text.push(byte);
  }
  return Uint8Array.from(text);
}

/** The size of the terminal on a standard stream; 0 × 0, as a bare pty says, is no size. */
function standardSize(): TerminalSize | undefined {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { cols: columns, rows } : undefined;
  } catch {
    return undefined; // None of the three streams is a terminal.
  }
}

/** The size of the controlling terminal, where all three streams lead elsewhere. */
function controllingSize(): TerminalSize | undefined {
  if (Deno.build.os === "windows") return undefined;
  try {
    Deno.openSync("/dev/tty").close();
    const { success, stdout } = new Deno.Command("/bin/sh", {
      args: ["-c", "exec stty size </dev/tty"],
      stdin: "null",
      stderr: "null",
    }).outputSync();
    if (!success) return undefined;
    const [rows, cols] = new TextDecoder().decode(stdout).split(" ").map(
      Number,
    );
    return rows && cols ? { rows, cols } : undefined;
  } catch {
    return undefined; // No controlling terminal, as in a service or a CI job.
  }
}

function sizeKey(size: TerminalSize | undefined): string {
  return size === undefined ? "" : `${size.cols}x${size.rows}`;
}

/**
 * Deno's raw mode leaves OPOST on, so a bare NL from a full-screen program would also return the
 * carriage. Leaving raw mode restores what was saved before, this flag too. Without stty, programs
 * that rely on a bare NL draw wrongly; the shell itself is usable.
 */
function stopOutputProcessing(): void {
  if (Deno.build.os === "windows") return;
  try {
    new Deno.Command("stty", {
      args: ["-opost"],
      stdin: "inherit",
      stdout: "null",
      stderr: "null",
    }).outputSync();
  } catch {
    // No stty.
  }
}
