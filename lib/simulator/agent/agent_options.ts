/**
 * What an agent runs one session with, and how it says that it is over.
 *
 * @module
 */

import type { Clock } from "../../session/transport.ts";
import type { Hosts } from "../hosts.ts";
import type { AgentLink } from "./agent_channel.ts";
import type { Pace } from "./pace.ts";
import type { ConnectLoopback } from "./port_destination.ts";

/** Decrypts a data key, as KMS Decrypt; throws or rejects when KMS would refuse. */
export type DecryptDataKey = (
  ciphertextBlob: Uint8Array,
  context: Readonly<Record<string, string>>,
  keyId: string,
) => Uint8Array | Promise<Uint8Array>;

/** How an agent's worker exits that has not said Terminating. */
export interface AgentExit {
  /** `Output` of channel_closed; empty = a normal end, or a failure nobody put into words. */
  readonly output: string;
  readonly failed: boolean;
  /** True where the client asked for the end: it may be gone, and nobody waits for it. */
  readonly asked: boolean;
}

/** What an agent runs one session with. */
export interface AgentOptions {
  readonly sessionId: string;
  /** The node's id, which is part of the encryption context (handshake.md §7.1). */
  readonly targetId: string;
  /** True in a container, where commands are run without a shell (sessions.md §2.5). */
  readonly container: boolean;
  /** Four numeric parts. */
  readonly agentVersion: string;
  readonly documentName: string;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  /** The key that sessions are encrypted with; `undefined` = none. */
  readonly kmsKeyId: string | undefined;
  readonly decrypt: DecryptDataKey;
  /** The names that the node knows. */
  readonly hosts: Hosts;
  /** How the ports of this machine are reached. */
  readonly connect: ConnectLoopback;
  /** The program of a shell session; `undefined` = the user's shell. */
  readonly shell: readonly string[] | undefined;
  /** Whether the document for commands has separateOutputStream (sessions.md §3). */
  readonly separateOutput: boolean;
  /** The simulator's environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly link: AgentLink;
  /** Called at most once, and not after Terminating. */
  readonly onExit: (exit: AgentExit) => void;
  /** One line per event; holds no payload and no key. */
  readonly log: (line: string) => void;
}
