/**
 * `deno task demo`: `ssm shell web-server` on the simulator, in this process. In a terminal the
 * user has the shell; elsewhere a few commands are typed and what comes back is shown.
 *
 * @module
 */

import type {
  Clock,
  Terminal,
  TerminalSize,
} from "../lib/session/transport.ts";
import type { Context } from "./context.ts";
import { runShellCommand } from "./shell/run.ts";

/** The commands typed where nobody can type; the last one ends the shell. */
export const demoCommands = [
  "uname -sr",
  "stty size",
  "exit",
] as const;

/** Output silent for this long means that the shell waits for a command. Milliseconds. */
const quietTime = 400;

/**
 * Runs the demo; the environment leads to the simulator already.
 * @param context The world.
 * @returns The exit code.
 */
export async function runDemo(context: Context): Promise<number> {
  const terminal = context.terminal.interactive
    ? context.terminal
    : new TypingTerminal(context.terminal, context.clock);
  return await runShellCommand({
    target: "web-server",
    connection: {
      profile: undefined,
      region: undefined,
      endpointUrl: undefined,
      transport: "native",
      streamHosts: [],
    },
    command: undefined,
    documentName: undefined,
    parameters: undefined,
    reason: "demo",
    escape: "~",
    timeout: undefined,
    record: undefined,
    quiet: false,
    verbose: 0,
  }, { ...context, terminal });
}

/** Stands in for a user: types each command once the shell has fallen silent. */
class TypingTerminal implements Terminal {
  readonly interactive = true;
  readonly #real: Terminal;
  readonly #clock: Clock;
  readonly #waiting: string[] = [...demoCommands];
  #cancel = () => {};
  #type = () => {};
  #silent = false;

  constructor(real: Terminal, clock: Clock) {
    this.#real = real;
    this.#clock = clock;
  }

  size(): TerminalSize {
    return { cols: 80, rows: 24 };
  }

  raw(): Disposable {
    return { [Symbol.dispose]() {} };
  }

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    if (!this.#silent) await this.#silence(signal);
    this.#silent = false;
    const command = this.#waiting.shift();
    return command === undefined
      ? undefined
      : new TextEncoder().encode(`${command}\r`);
  }

  /** Nothing was typed by anybody. */
  unread(): void {}

  #silence(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => {
      this.#cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#type = resolve;
    return promise.finally(() => signal?.removeEventListener("abort", onAbort));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#real.write(bytes);
    this.#cancel();
    this.#silent = false;
    this.#cancel = this.#clock.setTimer(quietTime, () => {
      this.#silent = true;
      this.#type();
    });
  }

  writeError(bytes: Uint8Array): Promise<void> {
    return this.#real.writeError(bytes);
  }

  onResize(): Disposable {
    return { [Symbol.dispose]() {} };
  }

  suspend(): Promise<void> {
    return Promise.resolve();
  }
}
