/**
 * A command on a node, with true outputs and exit code, by whatever session gives them
 * (sessions.md §3, pitfalls.md §2.10).
 *
 * 1. `plain`: a session without a terminal whose agent keeps the outputs apart and sends the code.
 * 2. `pipe`: the same, with a relay around the command that encodes what it prints: binary-safe.
 * 3. `powershell`: as `plain`, on Windows, whose agent gives commands to PowerShell.
 * 4. `terminal`: a session with a terminal that carries a relay: it takes input, gives outputs and
 *    code with any agent and document, and what it runs is in no session's parameters.
 *
 * Where an agent turns out not to keep outputs apart, `plain` runs nothing and `terminal` follows.
 *
 * @module
 */

import { agentIsAfter, exitCodesAfter } from "../protocol/message/version.ts";
import {
  type CommandEnd,
  CommandSession,
  type OutputStream,
} from "./command_session.ts";
import type { SessionControl, SessionGrant } from "./control.ts";
import { OutputGap } from "./output_gap.ts";
import { RelayError } from "./relay/decoder.ts";
import {
  pipeRelay,
  readyMark,
  type RelayCommand,
  terminalBootstrap,
  terminalRelay,
} from "./relay/program.ts";
import { type ReadInput, RelayInput } from "./relay/relay_input.ts";
import { RelayOutput } from "./relay/relay_output.ts";
import {
  powerShellArguments,
  powerShellCall,
  shellLine,
} from "./relay/words.ts";
import type { SessionNotice } from "./session_report.ts";
import type { Clock } from "./transport.ts";

/** How a command is run. */
export type CommandWay = "plain" | "pipe" | "terminal" | "powershell";

/**
 * Whether an agent can keep outputs apart and tell exit codes, as `plain` and `pipe` need.
 *
 * @param agentVersion Four numeric parts.
 */
export function tellsExitCodes(agentVersion: string): boolean {
  return agentIsAfter(agentVersion, exitCodesAfter);
}

/** What to start a way's session with. */
export interface CommandSessionRequest {
  readonly documentName: string;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
}

/** What runs in one session. */
export interface RemoteCommandOptions {
  readonly way: CommandWay;
  readonly command: Omit<RelayCommand, "input">;
  readonly grant: SessionGrant;
  readonly control: SessionControl;
  readonly clock: Clock;
  /** Takes output, as {@linkcode CommandSession} has it; `consumed` gives it back. */
  readonly onOutput: (bytes: Uint8Array, stream: OutputStream) => void;
  readonly notify: (notice: SessionNotice) => void;
  /** Input for the command; with the way `terminal` only. */
  readonly input?: ReadInput | undefined;
}

/** How a command ended, and `unseparated`: it did not run, as the agent mixes outputs. */
export type RemoteCommandEnd = CommandEnd | { readonly kind: "unseparated" };

const nonInteractive = "AWS-StartNonInteractiveCommand";
const interactive = "AWS-StartInteractiveCommand";
/** What `plain` prints in place of running anything; a command would have to know the number. */
const mark = `ssm-unseparated-${crypto.randomUUID()}`;
/** Told of a signal that the agent does not name, as a shell does of SIGKILL (sessions.md §8). */
const unknownSignal = 128 + 9;
/** What a shell tells of SIGINT. */
const interrupted = 128 + 2;
/** What a shell tells of SIGTERM. */
const terminated = 128 + 15;
/** The agent's `ErrorExitCode`, which it tells where it lost the command's own. */
const agentError = 1;

/** Program and arguments, or the text of a command line for the node's shell. */
export type CommandLine = readonly string[] | string;

/**
 * The words of a command line: a text is for `sh`.
 *
 * @param line What the user typed.
 */
export function commandLineWords(line: CommandLine): readonly string[] {
  return typeof line === "string" ? ["sh", "-c", line] : line;
}

/**
 * What to ask StartSession for.
 *
 * @param way How the command is to run.
 * @param line What; with the way `terminal` it is said later.
 */
export function commandSessionRequest(
  way: CommandWay,
  line: CommandLine,
): CommandSessionRequest {
  const words = commandLineWords(line);
  switch (way) {
    case "plain":
      // The agent gives a pipe where it keeps outputs apart, and a file where it does not.
      return request(
        nonInteractive,
        shellLine([
          "sh",
          "-c",
          `[ -p /dev/stdout ]||exec printf %s ${mark};exec "$@"`,
          "sh",
          ...words,
        ]),
      );
    case "pipe":
      return request(
        nonInteractive,
        shellLine(["sh", "-c", pipeRelay, "sh", ...words]),
      );
    case "powershell":
      return request(
        nonInteractive,
        shellLine(powerShellArguments(
          typeof line === "string" ? line : powerShellCall(line),
        )),
      );
    case "terminal":
      return request(interactive, terminalBootstrap);
  }
}

function request(documentName: string, command: string): CommandSessionRequest {
  return { documentName, parameters: { command: [command] } };
}

/** A command that can be run, as far as its user sees it. */
export type RemoteCommandRun = Pick<
  RemoteCommand,
  "run" | "consumed" | "interrupt"
>;

/** One command in one session. */
export class RemoteCommand implements AsyncDisposable {
  readonly #options: RemoteCommandOptions;
  readonly #session: CommandSession;
  readonly #relay: RelayOutput | undefined;
  readonly #input: RelayInput | undefined;
  readonly #failed = Promise.withResolvers<never>();
  #code: number | undefined;
  #missing: string | undefined;
  #ready = false;
  #interrupted = false;
  /** Of a session without a terminal. */
  readonly #outputGap: OutputGap | undefined;
  /** Of `plain`, what may become {@linkcode mark}. */
  #held: Uint8Array | undefined;

  constructor(options: RemoteCommandOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => {});
    // A terminal's agent waits for its client.
    this.#outputGap = options.way === "terminal"
      ? undefined
      : new OutputGap(options.clock);
    const { way, grant, control, clock, notify, input } = options;
    this.#session = new CommandSession({
      grant,
      control,
      clock,
      sessionType: way === "terminal"
        ? "InteractiveCommands"
        : "NonInteractiveCommands",
      onOutput: (bytes, stream, createdDate) => {
        this.#outputGap?.printed(createdDate);
        this.#output(bytes, stream);
      },
      notify: (notice) => {
        if (notice.kind === "started") this.#outputGap?.started();
        if (notice.kind === "lost") this.#outputGap?.lost();
        if (notice.kind === "resumed") this.#outputGap?.resumed();
        notify(notice);
      },
    });
    if (way === "plain") this.#held = new Uint8Array();
    else if (way !== "powershell") {
      this.#relay = new RelayOutput({
        onOutput: options.onOutput,
        consumed: (bytes) => this.#session.consumed(bytes),
        onWanted: () => this.#input?.wanted(),
        onCommandEnd: () => this.#input?.stop(),
        onMessage: (text) => this.#message(text),
        lenient: way === "terminal",
      });
    }
    if (input !== undefined) {
      this.#input = new RelayInput(
        input,
        (bytes) => this.#session.write(bytes),
        (error) => this.#failed.reject(error),
      );
    }
  }

  /**
   * Runs it to its end; the session has ended then, too.
   *
   * @param signal Ends it.
   * @throws {TransportError | ControlError} If there is no connection to be had.
   * @throws {RelayError} If the node writes what no relay does.
   */
  async run(signal: AbortSignal): Promise<RemoteCommandEnd> {
    try {
      await this.#session.start(signal);
      const end = await Promise.race([
        this.#session.ended,
        this.#failed.promise,
        ...this.#outputGap === undefined
          ? []
          : [this.#outputGap.stopped.then(gap)],
      ]);
      return this.#judge(end);
    } finally {
      this.#outputGap?.close();
      this.#input?.stop();
      await this.#session.close();
    }
  }

  /** So many bytes of output are done with. */
  consumed(bytes: number): void {
    if (this.#relay !== undefined) this.#relay.consumed(bytes);
    else this.#session.consumed(bytes);
  }

  /**
   * Sends the command what Ctrl-C means: SIGINT, or, with the way `pipe`, SIGTERM.
   *
   * @returns False when it has had that and takes no other, or is not there yet: before the node
   * is ready the key could end the agent's reader (handshake.md §2).
   */
  interrupt(): boolean {
    if (this.#options.way === "terminal" && !this.#ready) return false;
    this.#interrupted = true;
    return this.#session.interrupt();
  }

  #output(bytes: Uint8Array, stream: OutputStream): void {
    if (this.#relay !== undefined && stream === "stdout") {
      try {
        this.#relay.push(bytes);
      } catch (error) {
        if (!(error instanceof RelayError)) throw error;
        this.#failed.reject(error);
      }
      return;
    }
    if (this.#relay !== undefined) {
      // A relay's own complaint, of a shell that cannot run it.
      this.#session.consumed(bytes.length);
      return;
    }
    if (this.#held !== undefined && stream === "stdout") {
      return this.#hold(bytes);
    }
    this.#options.onOutput(bytes, stream);
  }

  /** Keeps the beginning back as long as it may be the mark. */
  #hold(bytes: Uint8Array): void {
    const seen = new Uint8Array([...this.#held!, ...bytes.subarray(0, 64)]);
    const text = new TextDecoder().decode(seen);
    if (bytes.length <= 64 && mark.startsWith(text)) {
      this.#held = seen;
      return;
    }
    const { onOutput } = this.#options;
    const before = this.#held!;
    this.#held = undefined;
    if (before.length > 0) onOutput(before, "stdout");
    onOutput(bytes, "stdout");
  }

  #message(text: string): void {
    if (text === readyMark && !this.#ready) {
      this.#ready = true;
      const { command, input } = this.#options;
      this.#session
        .write(terminalRelay({ ...command, input: input !== undefined }))
        .catch((error) => this.#failed.reject(error));
      this.#input?.start();
    } else if (text.startsWith("!")) {
      this.#missing = text.slice(1);
    } else if (/^\d{1,3}$/.test(text)) {
      this.#code = Number(text);
    } else {
      this.#failed.reject(new RelayError("The relay's message is none"));
    }
  }

  #judge(end: CommandEnd): RemoteCommandEnd {
    if (this.#relay === undefined) return this.#judgePlain(end);
    // The relay's last word: all that was before it is here.
    if (this.#code !== undefined) {
      // SIGTERM was in place of the SIGINT that Ctrl-C is.
      const signalled = this.#options.way === "pipe" && this.#interrupted &&
        this.#code === terminated;
      return { kind: "exited", code: signalled ? interrupted : this.#code };
    }
    if (this.#missing !== undefined) {
      return {
        kind: "refused",
        message: `The node has no ${this.#missing}, which this way needs`,
      };
    }
    if (end.kind === "timed-out") return this.#endedAway(end);
    if (end.kind !== "exited" && end.kind !== "ended") return end;
    if (this.#session.resumed > 0) return gap();
    // It ended the relay before that could leave it to the command, or the agent closed the pipe
    // with the last word in it.
    if (this.#interrupted) return { kind: "signal", signal: "SIGINT" };
    const noise = this.#relay.noise.trim();
    return {
      kind: "failed",
      message: "The command's end was not told" +
        (noise === "" ? "" : `: ${noise}`),
    };
  }

  #judgePlain(end: CommandEnd): RemoteCommandEnd {
    const held = new TextDecoder().decode(this.#held);
    if (held === mark && end.kind !== "exited") return { kind: "unseparated" };
    if (this.#held !== undefined && this.#held.length > 0) {
      this.#options.onOutput(this.#held, "stdout");
    }
    this.#held = undefined;
    if (end.kind === "ended") {
      return this.#session.resumed > 0 ? gap() : {
        kind: "failed",
        message: "The agent did not tell the command's exit code",
      };
    }
    if (end.kind === "timed-out") return this.#endedAway(end);
    if (end.kind !== "exited") return end;
    if (this.#outputGap?.possible) return gap();
    // Of a command that was signalled the agent mostly tells 1, whatever its code was.
    if (this.#interrupted && (end.code < 0 || end.code === agentError)) {
      return { kind: "exited", code: interrupted };
    }
    if (end.code >= 0) return end;
    this.#options.notify({
      kind: "warning",
      text: "The command was ended by a signal; its agent does not say which",
    });
    return { kind: "exited", code: unknownSignal };
  }

  /** While its client is away an agent tells no exit code; a terminal's does not go on without. */
  #endedAway(end: CommandEnd): CommandEnd {
    return this.#options.way === "terminal" ? end : {
      kind: "lost",
      message: "The session ended while the connection was lost: the " +
        "command's exit code is not known, and some output may be missing",
    };
  }

  /** Ends the session if it lives. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
  }
}

/** The agent reads no more output once its client was away (pitfalls.md §2.13). */
function gap(): CommandEnd {
  return {
    kind: "lost",
    message: "The connection was lost while the command ran, and its agent " +
      "keeps no output meanwhile: some may be missing",
  };
}
