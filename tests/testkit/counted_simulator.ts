/**
 * `ssm simulate` as a program of its own whose calls are counted, for benchmarks: its log has a line
 * for each.
 *
 * @module
 */

const decoder = new TextDecoder();

/** Calls of one operation. */
export interface CountedCalls {
  /** When each came, in milliseconds. */
  readonly at: number[];
  refused: number;
}

/** A simulator whose calls are counted. */
export class CountedSimulator {
  /** What leads clients to it. */
  readonly env: Record<string, string> = {};
  /** By operation. */
  readonly calls = new Map<string, CountedCalls>();
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  /**
   * Starts it.
   * @param args More flags of `ssm simulate`.
   */
  static async start(args: readonly string[]): Promise<CountedSimulator> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "main.ts", "simulate", "-v", ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const simulator = new CountedSimulator(child);
    void simulator.#count();
    let text = "";
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk);
      if (/^export [\s\S]*\n$/m.test(text)) break;
    }
    for (
      const [, name = "", value = ""] of text.matchAll(/^export (\w+)=(.*)$/gm)
    ) {
      simulator.env[name] = value.replace(/^'(.*)'$/, "$1");
    }
    return simulator;
  }

  async #count(): Promise<void> {
    let rest = "";
    for await (const chunk of this.#child.stderr) {
      const lines = (rest + decoder.decode(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, name = "", error] =
          /^api: \S+ \w+ (\w+)(?:: (\w+))?/.exec(line) ??
            [];
        if (name === "") continue;
        const calls = this.calls.get(name) ?? { at: [], refused: 0 };
        calls.at.push(performance.now());
        if (error === "ThrottlingException") calls.refused++;
        this.calls.set(name, calls);
      }
    }
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#child.kill("SIGINT");
    await this.#child.status;
  }
}

/**
 * A field of /proc/…/status in MiB; 0 when the process is gone (Linux).
 * @param pid The process.
 * @param field `VmRSS`, or `VmHWM` for the most it ever was.
 */
export async function processMemory(
  pid: number,
  field: string,
): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) /
    1024;
}
