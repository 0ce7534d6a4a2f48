/**
 * What `ssm cp` does: the node, the copy, and words about both.
 *
 * @module
 */

import { noteSaid } from "../log.ts";
import type { Side } from "../../lib/copy/copy_job.ts";
import { newTally, type Tally } from "../../lib/copy/tally.ts";
import type { CommandEnd } from "../../lib/session/command_session.ts";
import type { SessionNotice } from "../../lib/session/session_report.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import { visible } from "../../lib/text.ts";
import { findOrChoose, givenTarget } from "../target/choose_target.ts";
import type { Context, StartedSession } from "../context.ts";
import type { CopyCommandOptions } from "../cp.ts";
import { CommandError, describeError, exitCodes } from "../errors.ts";
import { StatusLine } from "../status_line.ts";
import { startEcsCommand } from "../target/ecs_session.ts";
import type { FoundTarget } from "../target/find_target.ts";
import { endSession, startConfirmed } from "../target/guess.ts";
import { Places } from "../target/places.ts";
import {
  connectionArguments,
  startFailure,
  type TargetUse,
} from "../target/target.ts";
import { ProgressLine, size } from "./progress_line.ts";
import { copyWords } from "./words.ts";

/** What a session is started with where the user names none (sessions.md §1). */
const interactiveCommand = "AWS-StartInteractiveCommand";

/**
 * Copies.
 * @param options From `parseCopyCommand`.
 * @param context The world.
 * @returns The exit code.
 */
export async function runCopyCommand(
  options: CopyCommandOptions,
  context: Context,
): Promise<number> {
  return await new CopyCommand(options, context).run();
}

class CopyCommand {
  readonly #options: CopyCommandOptions;
  readonly #context: Context;
  readonly #tally: Tally = newTally();
  readonly #status: StatusLine;
  #target = "";
  #failures = 0;
  #began = false;

  constructor(options: CopyCommandOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    const { terminal, clock } = context;
    const line = new ProgressLine();
    this.#status = new StatusLine({
      terminal,
      clock,
      log: context.log,
      live: context.errorIsTerminal && !options.quiet,
      status: (seconds) =>
        // The last column stays free, so that nothing wraps.
        line.next(this.#tally, seconds, (terminal.size()?.cols ?? 80) - 1),
    });
  }

  async run(): Promise<number> {
    try {
      return await this.#run();
    } finally {
      this.#status[Symbol.dispose]();
      await this.#status.written();
    }
  }

  async #run(): Promise<number> {
    const { request, connection } = this.#options;
    const { signal, clock } = this.#context;
    const typed = (target: string) => copyWords(this.#options, target);
    const again = { command: "ssm cp", typed, connection };
    using places = await Places.open(this.#context, connection, {
      say: (line) => this.#say(line),
      detail: (line) => this.#detail(line),
    });
    const given = request.target === "" ? undefined : request.target;
    const target = givenTarget(given, this.#context);
    const node = await findOrChoose(
      this.#context,
      places,
      { ...again, target, mayGuess: true },
      signal,
    );
    this.#target = target ?? node.id;
    const use = {
      ...again,
      target: this.#target,
      connection: node.place.connection,
    };
    if (node.container?.platform === "Windows") {
      throw new CommandError(
        `Cannot copy: ${
          visible(this.#target)
        } runs Windows, which has no POSIX shell`,
        exitCodes.failed,
      );
    }
    const start = clock.now();
    try {
      await this.#copy(node, use);
    } catch (error) {
      throw this.#failure(error);
    }
    this.#status[Symbol.dispose]();
    this.#summary((clock.now() - start) / 1000);
    return this.#failures > 0 ? exitCodes.sessionFailed : exitCodes.success;
  }

  async #copy(node: FoundTarget, use: TargetUse): Promise<void> {
    const { request, recursive, preserve, sessions } = this.#options;
    const { terminal, clock, signal } = this.#context;
    let first = true;
    let where = node;
    await this.#context.copy({
      direction: request.direction,
      sources: request.sources,
      destination: request.destination,
      recursive,
      preserve,
      sessions,
      clock,
      signal,
      tally: this.#tally,
      read: () => terminal.read(signal),
      write: (bytes) => terminal.write(bytes),
      start: async (command, either) => {
        const wasFirst = first;
        first = false;
        try {
          const session = await startConfirmed(
            where,
            (node) => this.#start(node, command, use, either),
            ({ grant, control }) =>
              endSession(
                grant.sessionId,
                control,
                (line) => this.#say(line),
                where.place.connection,
              ),
          );
          where = session.node;
          return session.started;
        } catch (error) {
          throw wasFirst
            ? await startFailure(error, where, use, signal)
            : error;
        }
      },
      began: () => {
        this.#began = true;
        this.#status.start();
      },
      failed: (side, path, reason, target) =>
        this.#failed(side, path, reason, target),
      notify: (notice) => this.#notice(notice),
      opened: (count) => this.#detail(`${count} sessions`),
      missed: (error) =>
        this.#detail(
          `One session less: ${visible(describeError(error).message ?? "")}`,
        ),
    });
  }

  async #start(
    node: FoundTarget,
    command: string,
    use: TargetUse,
    signal: AbortSignal,
  ): Promise<StartedSession> {
    const { documentName, reason } = this.#options;
    const notice = (message: string) => this.#detail(visible(message));
    const typed = (target: string) => copyWords(this.#options, target);
    const started = node.container === undefined
      ? await node.place.aws.startSession(
        {
          target: node.id,
          documentName: documentName ?? interactiveCommand,
          parameters: { command: [command] },
          reason,
          command: "ssm cp",
          typed,
          ...(node.truth === undefined ? {} : { sent: node.truth }),
        },
        notice,
        signal,
      )
      : await startEcsCommand(node.container, command, use, {
        aws: node.place.aws,
        notice,
        signal,
      });
    this.#detail(
      `Session ${visible(started.grant.sessionId)} on ${visible(node.id)}`,
    );
    return started;
  }

  // ── words ─────────────────────────────────────────────────────────────────────────────────

  #failed(side: Side, path: string, reason: string, target?: string): void {
    this.#failures++;
    const onNode = (name: string) =>
      `${visible(this.#target)}:${visible(name)}`;
    const from = side === "node" ? onNode(path) : visible(path);
    const to = target === undefined
      ? ""
      : ` to ${side === "node" ? visible(target) : onNode(target)}`;
    this.#status.say([`ssm: Cannot copy ${from}${to}: ${visible(reason)}`]);
  }

  #notice(notice: SessionNotice): void {
    switch (notice.kind) {
      case "waiting":
        return this.#say(`Waiting for the agent on ${visible(this.#target)}…`);
      case "started":
        // Every session says the same.
        if (notice.customerMessage !== "" && !this.#began) {
          this.#say(visible(notice.customerMessage));
        }
        return;
      case "lost":
        return this.#say(
          `Connection lost: ${visible(notice.reason)}; resuming…`,
        );
      case "resumed":
        return this.#say(
          `Connection resumed after ${(notice.after / 1000).toFixed(1)} s`,
        );
      case "warning":
        return this.#say(visible(notice.text));
    }
  }

  #summary(seconds: number): void {
    const { filesDone, done, found } = this.#tally;
    if (filesDone === 0) return;
    const moved = done - found;
    this.#say(
      `Copied ${filesDone === 1 ? "1 file" : `${filesDone} files`}, ` +
        `${size(done)}` +
        (found > 0 ? ` (${size(found)} of it before)` : "") +
        ` in ${seconds.toFixed(1)} s, ${
          size(moved / Math.max(seconds, 0.001))
        }/s`,
    );
  }

  #say(line: string): void {
    noteSaid(this.#context.log, 0, line);
    if (!this.#options.quiet) this.#status.say([line]);
  }

  #detail(line: string): void {
    if (this.#options.verbose > 0) this.#say(line);
    else noteSaid(this.#context.log, 1, line);
  }

  // ── ends ──────────────────────────────────────────────────────────────────────────────────

  /** What to throw for an error of the copy. */
  #failure(error: unknown): unknown {
    const { signal } = this.#context;
    this.#status[Symbol.dispose]();
    if (signal.aborted) {
      if (signal.reason instanceof SignalError) this.#sayStopped();
      return signal.reason;
    }
    if (!(error instanceof Error)) return error;
    if (error.name === "CopySessionLostError") {
      const end = "end" in error
        ? error.end as CommandEnd | undefined
        : undefined;
      return this.#lost(error, end);
    }
    const names = ["CopyError", "RemoteError", "ShellLostError"];
    if (!names.includes(error.name)) {
      return this.#began ? this.#duringSession(error) : error;
    }
    return new CommandError(
      `Cannot copy: ${error.message}`,
      this.#began ? exitCodes.sessionFailed : exitCodes.failed,
      [],
      [],
      { cause: error },
    );
  }

  #duringSession(error: Error): Error {
    const { message, exitCode, hints, details } = describeError(error);
    return exitCode === exitCodes.failed && message !== undefined
      ? new CommandError(message, exitCodes.sessionFailed, hints, details, {
        cause: error,
      })
      : error;
  }

  #lost(error: Error, end: CommandEnd | undefined): Error {
    const exitCode = end?.kind === "lost"
      ? exitCodes.lost
      : this.#began
      ? exitCodes.sessionFailed
      : exitCodes.failed;
    const details = this.#began || end?.kind === "lost"
      ? []
      : ["ssm cp needs a POSIX shell with stty and dd on the node"];
    return new CommandError(
      `Cannot copy: ${error.message}`,
      exitCode,
      this.#canGoOn ? [this.#again] : [],
      details,
      { cause: error },
    );
  }

  /** True where the same command would find what there is by now. */
  get #canGoOn(): boolean {
    return this.#tally.partial;
  }

  get #again(): string {
    return copyWords(this.#options, this.#target) +
      `${connectionArguments(this.#options.connection)} goes on where it was`;
  }

  #sayStopped(): void {
    if (this.#canGoOn) this.#say(`hint: ${this.#again}`);
  }
}
