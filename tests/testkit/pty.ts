/**
 * A command under a real pseudo-terminal, for tests of what a user sees. `script(1)` makes the
 * terminal: it works on both supported Deno versions and needs no native module.
 *
 * @module
 */

import { shellWords } from "./shell_words.ts";

/** A safety net for a test that would hang; far longer than anything here takes. Milliseconds. */
const deadline = 60_000;

/** What {@linkcode openPty} takes. */
export interface PtyOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly clearEnv?: boolean;
  readonly cwd?: string;
  /** Default 80 × 24. */
  readonly size?: { readonly cols: number; readonly rows: number };
}

/** A program on its own terminal. */
export interface Pty {
  /** The program's own process id. */
  readonly pid: number;
  /** The path of its terminal, as `/dev/pts/3`. */
  readonly device: string;
  /** Everything it printed so far, CR LF as it came. */
  readonly text: string;
  /** Types. */
  write(text: string): Promise<void>;
  /** Gives the terminal another size; the program gets SIGWINCH. */
  resize(cols: number, rows: number): Promise<void>;
  /**
   * Resolves with everything up to the end of the first match after what earlier calls matched.
   * Rejects when the program ends or a minute passes without one, and says what was printed.
   */
  until(pattern: RegExp | string): Promise<string>;
  /** Sends the program a signal. */
  kill(signal: Deno.Signal): void;
  /** `stty -a` of its terminal, without the size. */
  settings(): Promise<string>;
  /** Resolves with the program's exit code, 128+n when a signal ended it, once all is printed. */
  readonly exited: Promise<number>;
  /** Ends whatever still runs. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** True where {@linkcode openPty} works: Linux with util-linux's `script`. */
export const hasPty = Deno.build.os === "linux" && hasScript();

function hasScript(): boolean {
  try {
    const { stdout } = new Deno.Command("script", { args: ["--version"] })
      .outputSync();
    return new TextDecoder().decode(stdout).includes("util-linux");
  } catch {
    return false;
  }
}

/**
 * Starts a command on a new pseudo-terminal.
 * @param command argv.
 */
export async function openPty(
  command: readonly string[],
  options: PtyOptions = {},
): Promise<Pty> {
  const { cols, rows } = options.size ?? { cols: 80, rows: 24 };
  // The first line tells the terminal and the pid that exec keeps.
  const start = `stty cols ${cols} rows ${rows}; ` +
    `printf 'PTY %s %s\\n' "$(tty)" "$$"; exec ${shellWords(command)}`;
  const child = new Deno.Command("script", {
    // -e: its exit code is the command's; -f: no buffering; -E never: no second echo of input.
    args: ["-qefE", "never", "-c", start, "/dev/null"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    env: { TERM: "xterm-256color", SHELL: "/bin/sh", ...options.env },
    clearEnv: options.clearEnv ?? false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  }).spawn();

  let text = "";
  let matchedTo = 0;
  let ended = false;
  let wake = () => {};
  const pump = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      wake();
    }
    ended = true;
    wake();
  })();
  const writer = child.stdin.getWriter();
  const exited = (async () => {
    await pump;
    const { code } = await child.status;
    await writer.close().catch(() => {});
    return code;
  })();

  async function until(pattern: RegExp | string): Promise<string> {
    const giveUp = Date.now() + deadline;
    for (;;) {
      const rest = text.slice(matchedTo);
      const end = matchEnd(rest, pattern);
      if (end !== undefined) {
        matchedTo += end;
        return rest.slice(0, end);
      }
      if (ended || Date.now() > giveUp) {
        throw new Error(
          `${
            ended ? "The program ended" : "A minute passed"
          } without ${pattern}; it printed ` +
            JSON.stringify(rest),
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, giveUp - Date.now() + 1);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  const first = await until(/PTY (\S+) (\d+)\r?\n/);
  const [, device = "", pidText = ""] = /PTY (\S+) (\d+)/.exec(first) ?? [];
  text = text.slice(matchedTo);
  matchedTo = 0;
  const pid = Number(pidText);

  const stty = async (...args: string[]) => {
    const { stdout } = await new Deno.Command("stty", {
      args: ["-F", device, ...args],
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout);
  };

  return {
    pid,
    device,
    get text() {
      return text;
    },
    write: (typed) =>
      inTime(writer.write(new TextEncoder().encode(typed)), "take input"),
    async resize(cols, rows) {
      await stty("cols", `${cols}`, "rows", `${rows}`);
    },
    until,
    kill: (signal) => Deno.kill(pid, signal),
    settings: async () =>
      (await stty("-a")).replace(/rows \d+; columns \d+;/, ""),
    exited,
    async [Symbol.asyncDispose]() {
      for (const target of [pid, child.pid]) {
        try {
          if (!ended) Deno.kill(target, "SIGKILL");
        } catch {
          // Gone already.
        }
      }
      await inTime(exited, "end");
    },
  };
}

/** Fails a test that would hang. */
async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`The program did not ${what} within a minute`)),
    deadline,
  );
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function matchEnd(text: string, pattern: RegExp | string): number | undefined {
  if (typeof pattern === "string") {
    const at = text.indexOf(pattern);
    return at < 0 ? undefined : at + pattern.length;
  }
  const match = pattern.exec(text);
  return match === null ? undefined : match.index + match[0].length;
}
