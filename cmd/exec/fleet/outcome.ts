/**
 * What became of the nodes of a fleet, and the exit code that makes. Thousands of nodes are counted,
 * not kept.
 *
 * @module
 */

import { exitCodes } from "../../errors.ts";
import { ownExitCode } from "../command_end.ts";
import type { FleetNode } from "./run_on_node.ts";

/** What became of a node. */
export interface NodeOutcome {
  /** The exit code; `undefined` where the command was not to begin any more. */
  readonly code: number | undefined;
  /** Why it is not the command's own, as a phrase; `undefined` where it is. */
  readonly reason: string | undefined;
  /** False when the command never began. */
  readonly began: boolean;
  /** Seconds, where they are known. */
  readonly seconds: number | undefined;
}

/** A node and what became of it. */
export interface NodeResult {
  readonly node: FleetNode;
  readonly outcome: NodeOutcome;
}

/** Up to so many nodes have a line each in the table. */
export const tableLimit = 50;

/** Of more nodes so many that failed have one. */
export const failureLimit = 20;

/** The outcomes, counted. */
export class Tally {
  /** Nodes in all, as far as they are known. */
  total = 0;
  /** How many sessions run. */
  running = 0;
  /** Nodes that are over as Run Command counts them; what became of them may not be known yet. */
  over = 0;
  /** Ends by exit code. */
  readonly byCode = new Map<number, number>();
  /** Nodes on which the command was not to begin any more. */
  skipped = 0;
  /** Nodes whose command never began for a reason of their own. */
  unreached = 0;
  /** Nodes whose output is not all there. */
  cut = 0;
  /** True where one node was asked for by itself: the exit code is its command's own. */
  readonly alone: boolean;
  /** The first results. */
  readonly first: NodeResult[] = [];
  readonly #failures: NodeResult[] = [];
  readonly #unreached: NodeResult[] = [];
  #ended = 0;

  /** @param alone One node was asked for by itself, not by what it has in common with others. */
  constructor(alone = false) {
    this.alone = alone;
  }

  /** Takes a result. */
  add(result: NodeResult): void {
    const { outcome } = result;
    this.#ended++;
    if (this.first.length < tableLimit) this.first.push(result);
    if (outcome.code === undefined) {
      this.skipped++;
      return;
    }
    this.byCode.set(
      outcome.code,
      (this.byCode.get(outcome.code) ?? 0) + 1,
    );
    if (outcome.code === 0) return;
    if (!outcome.began) this.unreached++;
    const list = outcome.began ? this.#failures : this.#unreached;
    if (list.length < failureLimit) list.push(result);
  }

  /** Some nodes that failed, at most {@linkcode failureLimit}: those on which the command ran first. */
  get failures(): readonly NodeResult[] {
    return [...this.#failures, ...this.#unreached].slice(0, failureLimit);
  }

  /** Nodes of which it is known what became of them. */
  get ended(): number {
    return this.#ended;
  }

  /** Those with exit code 0. */
  get succeeded(): number {
    return this.byCode.get(0) ?? 0;
  }

  /** Those with another one, or without one of their own. */
  get failed(): number {
    return this.ended - this.succeeded - this.skipped;
  }

  /**
   * Those that count against `--max-errors`: as with Run Command, a node that could not be reached
   * does not.
   */
  get errors(): number {
    return this.failed - this.unreached;
  }

  /**
   * 0 when all were 0 and no output is missing; 125 when the command began nowhere; else 1. The
   * nodes' own codes are in the table: one of them would say too little of the others. Of a node that
   * was asked for by itself it is the command's own.
   */
  get exitCode(): number {
    const [only] = this.first;
    if (this.alone && only?.outcome.code !== undefined) {
      const code = ownExitCode(only.outcome.code);
      return code === exitCodes.success && this.cut > 0
        ? exitCodes.sessionFailed
        : code;
    }
    if (this.ended === this.succeeded && this.cut === 0) {
      return exitCodes.success;
    }
    const began = this.ended - this.skipped - this.unreached;
    return began === 0 ? exitCodes.failed : exitCodes.sessionFailed;
  }
}
