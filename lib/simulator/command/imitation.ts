/**
 * A stand-in for the shell of nodes that come by the thousands: a few commands of a script, worked
 * out in memory, without a process. The same script on the same node always does the same.
 *
 * It knows `echo`, `true`, `:`, `false`, `exit`, `sleep`, `hostname`, `seq`, `test` and `[`, `cd`,
 * `exec`, `sh -c`, assignments and `export`; quotes, `$NAME`, `$?` and `$(hostname)`; `;`, `&&`, `||`, line breaks and
 * `>&2`. Anything else is a command that was not found: 127.
 *
 * @module
 */

import {
  streamLimit,
  streamOf,
  type StreamOutput,
  withText,
} from "./output.ts";
import { agentWords, type ScriptResult } from "./script.ts";
import { type ShellCommand, shellCommands } from "./shell_words.ts";

/** How an imitated script ends, and how long it takes. */
export interface Imitation extends ScriptResult {
  /** What it slept, in milliseconds. */
  readonly duration: number;
}

/** Ends a script early. */
class Exit extends Error {
  constructor(readonly code: number) {
    super("exit");
  }
}

/**
 * Works a script out.
 * @param lines The script.
 * @param env The node's environment; `HOSTNAME` is its name.
 */
export function imitate(
  lines: readonly string[],
  env: Readonly<Record<string, string>>,
): Imitation {
  const shell = new ImitatedShell(env);
  const code = shell.run(lines.join("\n"));
  const { stdout, stderr, duration } = shell;
  return {
    code,
    stdout: stdout.output(),
    stderr: code === 0
      ? stderr.output()
      : withText(stderr.output(), agentWords(code)),
    duration,
  };
}

/** Keeps the beginning of what is written, and counts the rest. */
class Sink {
  #text = "";
  #more = 0;

  write(text: string): void {
    if (this.#text.length <= streamLimit) this.#text += text;
    else this.#more += text.length;
  }

  output(): StreamOutput {
    const { head, total } = streamOf(this.#text);
    return { head, total: total + this.#more };
  }
}

class ImitatedShell {
  readonly stdout = new Sink();
  readonly stderr = new Sink();
  duration = 0;
  readonly #variables: Map<string, string>;
  #last = 0;

  constructor(env: Readonly<Record<string, string>>) {
    this.#variables = new Map(Object.entries(env));
  }

  /** The exit code of a script. */
  run(script: string): number {
    try {
      return this.#list(script);
    } catch (error) {
      if (error instanceof Exit) return error.code;
      this.stderr.write(`_script.sh: ${(error as Error).message}\n`);
      return 2;
    }
  }

  #list(script: string): number {
    const lookUp = (name: string) =>
      name === "?" ? String(this.#last) : this.#variables.get(name) ?? "";
    for (const command of shellCommands(script, lookUp)) {
      const skip = command.after === "&&"
        ? this.#last !== 0
        : command.after === "||" && this.#last === 0;
      if (!skip) this.#last = this.#command(command);
    }
    return this.#last;
  }

  #command({ words: all, toError }: ShellCommand): number {
    const words = [...all()];
    const print = (text: string) =>
      (toError ? this.stderr : this.stdout).write(text);
    while (/^[A-Za-z_]\w*=/.test(words[0] ?? "")) {
      this.#assign(words.shift() as string);
    }
    const [name, ...args] = words;
    switch (name) {
      case undefined:
      case "true":
      case ":":
      case "cd":
      case "set":
        return 0;
      case "false":
        return 1;
      case "exit":
        throw new Exit(Number(args[0] ?? this.#last) & 255);
      case "exec":
        throw new Exit(
          this.#command({ after: ";", words: () => args, toError }),
        );
      case "export":
        for (const each of args) {
          if (each.includes("=")) this.#assign(each);
        }
        return 0;
      case "echo":
        print(
          args[0] === "-n" ? args.slice(1).join(" ") : args.join(" ") + "\n",
        );
        return 0;
      case "hostname":
        print(`${this.#variables.get("HOSTNAME") ?? ""}\n`);
        return 0;
      case "sleep":
        this.duration += 1000 * (Number(args[0]) || 0);
        return 0;
      case "seq":
        for (let n = 1; n <= Math.min(Number(args[0]), 1e6); n++) {
          print(`${n}\n`);
        }
        return 0;
      case "test":
      case "[":
        return test(name === "[" ? args.slice(0, -1) : args) ? 0 : 1;
      case "sh":
      case "bash":
        return this.#shell(name, args);
    }
    this.stderr.write(`_script.sh: 1: ${name}: not found\n`);
    return 127;
  }

  #shell(name: string, args: readonly string[]): number {
    const at = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
    if (at < 0) {
      this.stderr.write(`_script.sh: 1: ${name}: not found\n`);
      return 127;
    }
    return this.run(args[at + 1] ?? "");
  }

  #assign(text: string): void {
    const at = text.indexOf("=");
    this.#variables.set(text.slice(0, at), text.slice(at + 1));
  }
}

/** `test` of one word, or of two words with `=` or `!=` between them. */
function test(args: readonly string[]): boolean {
  if (args[0] === "!") return !test(args.slice(1));
  const [left, operator, right] = args;
  switch (operator) {
    case "=":
      return left === right;
    case "!=":
      return left !== right;
    default:
      return (left ?? "") !== "";
  }
}
