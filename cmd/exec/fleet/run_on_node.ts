/**
 * The door to whatever runs a command on one node by a session.
 *
 * @module
 */

import type {
  CommandEnd,
  OutputStream,
} from "../../../lib/session/command_session.ts";

import type { Place } from "../../target/places.ts";

export type { CommandEnd, OutputStream };

/** A node of a fleet. */
export interface FleetNode {
  readonly id: string;
  /** What it is called, if that is known. */
  readonly name: string | undefined;
  /** What stands in front of its lines; by default the name, or the id where there is none. */
  readonly title?: string;
  /** `Linux`, `Windows` or `MacOS`, if that is known. */
  readonly platform?: string | undefined;
  /** Its agent's version, if that is known. */
  readonly agentVersion?: string | undefined;
}

/** A node whose place is known: the session's calls are made there. */
export interface PlacedNode extends FleetNode {
  readonly place: Place;
}

/**
 * Runs a command on a node.
 * @param node The node.
 * @param onOutput Called at once and in order; the bytes are valid during the call only. It returns a
 * promise while what it was given before is not written: whoever can wait for it, should.
 * @param signal Ends it: rejects with the reason, or resolves with a signal's end.
 * @param say Says a sentence about the node, in a line of its own.
 */
export type RunOnNode = (
  node: PlacedNode,
  onOutput: (bytes: Uint8Array, stream: OutputStream) => void | Promise<void>,
  signal: AbortSignal,
  say: (sentence: string) => void,
) => Promise<CommandEnd>;
