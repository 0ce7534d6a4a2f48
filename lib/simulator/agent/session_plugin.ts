/**
 * What a session type is to the agent. One file each implements it; session_plugins.ts lists them.
 *
 * @module
 */

import type { SessionType } from "../../protocol/message/handshake.ts";
import type { TerminalSize } from "../../protocol/message/size.ts";
import type { Clock } from "../../session/transport.ts";
import type { Hosts } from "../hosts.ts";
import type { AgentChannel } from "./agent_channel.ts";
import type { Pace } from "./pace.ts";
import type { ConnectLoopback } from "./port_destination.ts";

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
  /**
   * Names who gets input and accepts it from now on.
   *
   * @param limit While so many bytes of it are not `consumed`, the agent takes nothing from the
   *   service, acknowledgements included: the official one's reader is blocked (pitfalls.md §2.18).
   */
  readonly serve: (input: PluginInput, limit?: number) => void;
  /** The document's parameters as the caller gave them. */
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  /** The document's properties, parameters put in; empty where it has none. */
  readonly properties: Readonly<Record<string, string>>;
  /** True in a container, where commands are run without a shell (sessions.md §2.5). */
  readonly container: boolean;
  /** The agent's own version, four numeric parts. */
  readonly agentVersion: string;
  /** The client's, from its handshake; empty without one. */
  readonly clientVersion: string;
  /** The names that the node knows. */
  readonly hosts: Hosts;
  readonly connect: ConnectLoopback;
  /** The program of a shell session; `undefined` = the user's shell. */
  readonly shell: readonly string[] | undefined;
  /** Whether commands without a terminal keep their outputs apart (sessions.md §3). */
  readonly separateOutput: boolean;
  /** The simulator's environment, from which the program's is made. */
  readonly environment: Readonly<Record<string, string>>;
  readonly pace: Pace;
  readonly clock: Clock;
  /** Waits so many milliseconds; goes on at once when the session is terminated. */
  readonly sleep: (delay: number) => Promise<void>;
  /** Work that may go on after the session's end was reported, but has to end with the agent. */
  readonly cleanup: (work: Promise<void>) => void;
  /** Aborted when the session is terminated: end the program now. */
  readonly signal: AbortSignal;
  /** One line per event; holds no payload. */
  readonly log: (line: string) => void;
}

/**
 * How a session came to its end: by itself, or because the client asked for it with a flag, and so
 * waits for no more output.
 */
export type PluginEnd = "ended" | "asked";

/** One session type. */
export interface SessionPlugin {
  readonly sessionType: SessionType;
  /** True where the agent always does a handshake; else only for KMS (handshake.md §1). */
  readonly requireHandshake: boolean;
  /** False where sessions of this type are never encrypted (handshake.md §1). */
  readonly encryption: boolean;
  /** Whether the agent tells the service Terminating at the end (data-channel.md §9). */
  readonly reportsEnd: boolean;
  /**
   * Runs the session to its end, begun after the handshake. Resolves when the program has ended
   * and its last output was handed to the channel.
   *
   * @throws {StartError} when the program cannot be started.
   * @throws {SessionFailure} when the session fails in another way.
   */
  run(context: PluginContext): Promise<PluginEnd>;
}

/** The program of a session could not be started; the message is for the client. */
export class StartError extends Error {
  override name = "StartError";
}

/**
 * The session failed, and the message alone, which may be empty, is the Output of channel_closed:
 * where the agent sets it by itself (`port.go`), there is no title before it.
 */
export class SessionFailure extends Error {
  override name = "SessionFailure";
}
