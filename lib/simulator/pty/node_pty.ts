/**
 * A pseudo-terminal made with npm `@lydell/node-pty`: under `deno run`, Deno 2.9 and later.
 *
 * Two things that this package does under Deno cannot be lived with, and both are handled here
 * (seen with 1.1.0 on Deno 2.9.6):
 *
 * 1. 200 ms after the program's end it destroys its socket, read or not: a reader that was
 *    waiting for the network loses up to 64 KiB of output. Here the socket is drained first.
 * 2. Its socket's writes stop for ever once the terminal's input buffer was full, that is after
 *    20 KiB typed at a program that does not read. Here write(2) is called directly.
 *
 * @module
 */

import type { IPty } from "@lydell/node-pty";
import type { TerminalSize } from "../../protocol/message/size.ts";
import { OutputQueue } from "./output_queue.ts";
import {
  clampSize,
  type Pty,
  PtyError,
  type PtyExit,
  type PtyRequest,
} from "./pty.ts";
import { endSession } from "./session_processes.ts";

/** The parts of node-pty's terminal that its types do not tell of. */
interface Internals {
  readonly _fd: number;
  readonly _pty: string;
  readonly _socket: {
    destroy: (error?: Error) => unknown;
    resume(): unknown;
    readonly readableEnded: boolean;
  };
}

/** How long a terminal must be silent after its program's end to count as drained, in ms. */
const silence = 200;

/**
 * How long to wait at most before trying again to write to a full terminal, in ms: its being writable
 * again ends the wait where the system tells.
 */
const writeRetry = 5;
/** `POLLOUT` of poll(2). */
const pollOut = 4;

/**
 * Starts a program with node-pty.
 *
 * @throws {PtyError} when the package cannot be loaded here or the program cannot be started.
 */
export async function openNodePty(request: PtyRequest): Promise<Pty> {
  const libc = openLibc();
  const size = clampSize(request.size ?? { cols: 80, rows: 24 });
  try {
    const { spawn } = await import("@lydell/node-pty");
    const [program, ...args] = request.argv;
    const terminal = spawn(program, args, {
      encoding: null,
      name: request.env.TERM ?? "xterm-256color",
      cwd: request.cwd,
      env: { ...request.env },
      ...size,
    });
    return new NodePty(terminal, libc);
  } catch (error) {
    libc.close();
    throw new PtyError(
      `Cannot start a program with node-pty: ${
        error instanceof Error ? error.message : String(error)
      }`,
      { cause: error },
    );
  }
}

type Libc = ReturnType<typeof openLibc>;

/** The C library, for write(2), and poll(2) on a thread of its own. */
function openLibc() {
  const name = Deno.build.os === "darwin" ? "libSystem.B.dylib" : "libc.so.6";
  try {
    return Deno.dlopen(name, {
      write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
      poll: {
        parameters: ["buffer", "usize", "i32"],
        result: "i32",
        nonblocking: true,
      },
    });
  } catch (error) {
    throw new PtyError(`Cannot load ${name} to write to a terminal`, {
      cause: error,
    });
  }
}

class NodePty implements Pty {
  readonly exited: Promise<PtyExit>;
  readonly #terminal: IPty;
  readonly #internals: Internals;
  readonly #libc: Libc;
  readonly #output: OutputQueue;
  /** Serialises writes: each waits for the terminal to take the one before. */
  #writing: Promise<void> = Promise.resolve();
  /** True until the file descriptor may be closed; after that its number may be another file's. */
  #open = true;
  #ended = false;
  #killed: Promise<void> | undefined;
  #lastOutput = 0;
  #destroy: () => void;

  constructor(terminal: IPty, libc: Libc) {
    this.#terminal = terminal;
    this.#internals = terminal as unknown as Internals;
    this.#libc = libc;
    this.#output = new OutputQueue((paused) => {
      if (this.#ended) return;
      if (paused) terminal.pause();
      else terminal.resume();
    });
    terminal.onData((data: unknown) => {
      this.#lastOutput = performance.now();
      // A copy: the package hands out views of a buffer it owns.
      this.#output.push(new Uint8Array(data as Uint8Array));
    });
    const socket = this.#internals._socket;
    const destroy = socket.destroy.bind(socket);
    this.#destroy = () => {
      this.#open = false;
      destroy();
    };
    socket.destroy = (error?: Error) => {
      if (error !== undefined || socket.readableEnded) {
        this.#open = false;
        return destroy(error);
      }
      this.#drain();
      return socket;
    };
    this.exited = new Promise((resolve) => {
      terminal.onExit(({ exitCode, signal }) => {
        this.#open = false;
        this.#ended = true;
        this.#output.end();
        void this.#writing.then(() => libc.close());
        resolve(
          signal ? { code: 128 + signal, signal } : { code: exitCode },
        );
      });
    });
  }

  /** The program is dead: what the terminal still holds is at most its buffer, so take it all. */
  #drain(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#lastOutput = performance.now();
    this.#internals._socket.resume();
    const look = () => {
      if (!this.#open) return;
      const rest = this.#lastOutput + silence - performance.now();
      if (rest <= 0) this.#destroy();
      else setTimeout(look, rest);
    };
    setTimeout(look, silence);
  }

  read(limit: number): Promise<Uint8Array | undefined> {
    return this.#output.read(limit);
  }

  write(bytes: Uint8Array): Promise<void> {
    const before = this.#writing;
    return this.#writing = before.then(() => this.#write(bytes));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let rest = new Uint8Array(bytes);
    while (rest.length > 0 && this.#open && this.#killed === undefined) {
      // The descriptor does not block: -1 is a full terminal, or one whose end is about to show.
      const taken = Number(
        this.#libc.symbols.write(
          this.#internals._fd,
          rest,
          BigInt(rest.length),
        ),
      );
      if (taken > 0) rest = rest.subarray(taken);
      else await this.#room();
    }
  }

  /** An agent's write blocks, and goes on the moment that the program has read. */
  async #room(): Promise<void> {
    const wanted = new DataView(new ArrayBuffer(8));
    wanted.setInt32(0, this.#internals._fd, true);
    wanted.setInt16(4, pollOut, true);
    const started = performance.now();
    await this.#libc.symbols.poll(wanted.buffer, 1n, writeRetry);
    // A terminal that counts as writable and takes nothing must not keep us busy.
    if (performance.now() - started < 0.1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  resize(size: TerminalSize): Promise<void> {
    const { cols, rows } = clampSize(size);
    if (this.#open) this.#terminal.resize(cols, rows);
    return Promise.resolve();
  }

  kill(): Promise<void> {
    return this.#killed ??= this.#kill();
  }

  async #kill(): Promise<void> {
    await endSession({
      leader: this.#terminal.pid,
      tty: this.#internals._pty,
    });
    // A process that left the session may still hold the terminal open.
    const timer = setTimeout(() => {
      if (this.#open) this.#destroy();
    }, 1000);
    this.#drain();
    await this.exited;
    clearTimeout(timer);
  }
}
