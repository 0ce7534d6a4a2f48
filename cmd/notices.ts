/**
 * What a session says on standard error while it runs: one line per event. In raw mode the
 * terminal makes CR LF of a line's end.
 *
 * @module
 */

import { type Log, noLog } from "../lib/log/log.ts";
import { reconnectLimit } from "../lib/session/resume.ts";
import type { SessionNotice } from "../lib/session/shell.ts";
import type { Terminal } from "../lib/session/transport.ts";
import { visible } from "../lib/text.ts";
import { noteSaid } from "./log.ts";

/** How much is said. */
export interface Verbosity {
  /** Nothing but what the user asked for while the session runs. */
  readonly quiet: boolean;
  /** 0: events; 1: details of the session as well. */
  readonly verbose: number;
}

/** What notices are written to. */
export type NoticeTerminal = Pick<Terminal, "interactive" | "writeError">;

/** Lines on standard error, in order. */
export class Notices {
  readonly #terminal: NoticeTerminal;
  readonly #verbosity: Verbosity;
  readonly #log: Pick<Log, "event">;
  #last: Promise<void> = Promise.resolve();

  /**
   * @param terminal Whose standard error.
   * @param verbosity How much is said.
   * @param log Hears everything, said or not.
   */
  constructor(
    terminal: NoticeTerminal,
    verbosity: Verbosity,
    log: Pick<Log, "event"> = noLog,
  ) {
    this.#terminal = terminal;
    this.#log = log;
    this.#verbosity = verbosity;
  }

  /** Says a line unless `--quiet` was given. */
  say(line: string): void {
    noteSaid(this.#log, 0, line.trimStart());
    if (!this.#verbosity.quiet) this.#write(line);
  }

  /**
   * Says a line in the middle of a session: on a terminal the cursor may stand anywhere, so the
   * line begins with a line break.
   */
  interrupt(line: string): void {
    this.say(this.#onNewLine(line));
  }

  /** Says a line with `-v`. */
  detail(line: string): void {
    if (this.#verbosity.verbose > 0) this.say(line);
    else noteSaid(this.#log, 1, line);
  }

  /**
   * Says what happened to the session.
   * @param notice What happened; its texts may come from the node.
   * @param node What the user calls the node.
   */
  session(notice: SessionNotice, node: string): void {
    switch (notice.kind) {
      case "waiting":
        return this.say(`Waiting for the agent on ${node}…`);
      case "started":
        if (notice.customerMessage !== "") {
          this.say(visible(notice.customerMessage));
        }
        return this.detail(
          [
            notice.agentVersion === undefined
              ? "Session started"
              : `Session started, agent ${visible(notice.agentVersion)}`,
            notice.encrypted ? "encrypted with KMS" : "",
          ].filter((part) => part !== "").join(", "),
        );
      case "lost":
        return this.interrupt(
          `Connection lost: ${visible(notice.reason)}; resuming for up to ` +
            `${reconnectLimit / 60_000} minutes…`,
        );
      case "resumed":
        return this.say(
          `Connection resumed after ${(notice.after / 1000).toFixed(1)} s`,
        );
      case "warning":
        return this.interrupt(visible(notice.text));
      case "help":
        // Asked for by a key, so `--quiet` does not mean it.
        return this.#write(this.#onNewLine(escapeKeys(notice.escape)));
    }
  }

  /** Resolves when everything said so far is written. Never rejects. */
  written(): Promise<void> {
    return this.#last;
  }

  #onNewLine(line: string): string {
    return this.#terminal.interactive ? `\n${line}` : line;
  }

  #write(line: string): void {
    // Nobody may read standard error any more; the session is not the worse for it.
    this.#last = this.#terminal.writeError(
      new TextEncoder().encode(`${line}\n`),
    ).catch(() => {});
  }
}

/**
 * The keys that mean something to us right after Enter.
 * @param escape The escape character.
 */
export function escapeKeys(escape: string): string {
  return `Keys, right after Enter:
  ${escape}.   end the session
  ${escape}?   list these keys
  ${escape}^Z  suspend ssm
  ${escape}${escape}   send one ${escape}`;
}
