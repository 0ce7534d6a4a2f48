/**
 * What a session type is to the agent. One file each implements it; session_plugins.ts lists them.
 *
 * @module
 */

import type { SessionType } from "../../protocol/message/handshake.ts";
import type { TerminalSize } from "../../protocol/message/size.ts";
import type { AgentChannel } from "./agent_channel.ts";
import type { Pace } from "./pace.ts";

/** What a plugin does with what the client sends. */
export interface PluginInput {
  /** Takes input; give its length back with `channel.consumed`. */
  payload(bytes: Uint8Array, payloadType: number): void;
  /** The client's terminal has this size. */
  size(size: TerminalSize): void;
  /** The client raised a flag (sessions.md §4). */
  flag(flag: number): void;
}

/** What a plugin runs with. */
export interface PluginContext {
  /** Wait for `channel.writable()` before each `channel.send`. */
  readonly channel: AgentChannel;
  /** Names who gets input and accepts it from now on. */
  readonly serve: (input: PluginInput) => void;
  /** The document's parameters as the caller gave them. */
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  /** The program of a shell session; `undefined` = the user's shell. */
  readonly shell: readonly string[] | undefined;
  /** The simulator's environment, from which the program's is made. */
  readonly environment: Readonly<Record<string, string>>;
  readonly pace: Pace;
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** Waits so many milliseconds; goes on at once when the session is terminated. */
  readonly sleep: (delay: number) => Promise<void>;
  /** Work that may go on after the session's end was reported, but has to end with the agent. */
  readonly cleanup: (work: Promise<void>) => void;
  /** Aborted when the session is terminated: end the program now. */
  readonly signal: AbortSignal;
}

/** One session type. */
export interface SessionPlugin {
  readonly sessionType: SessionType;
  /** True where the agent always does a handshake; else only for KMS (handshake.md §1). */
  readonly requireHandshake: boolean;
  /** False where sessions of this type are never encrypted (handshake.md §1). */
  readonly encryption: boolean;
  /** Properties of the SessionType action; `null` for terminals (handshake.md §3). */
  properties(
    parameters: Readonly<Record<string, readonly string[]>>,
  ): Readonly<Record<string, string>> | null;
  /**
   * Runs the session to its end, begun after the handshake. Resolves when the program has ended
   * and its last output was handed to the channel.
   *
   * @throws {StartError} when the program cannot be started.
   */
  run(context: PluginContext): Promise<void>;
}

/** The program of a session could not be started; the message is for the client. */
export class StartError extends Error {
  override name = "StartError";
}
