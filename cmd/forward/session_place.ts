/**
 * Where a forward's sessions are started. A node stays; a task of ECS is replaced by its service,
 * and a forward outlives it.
 *
 * @module
 */

import { ECS_PREFIX, parseEcsSpec } from "../../lib/aws/ecs_spec.ts";
import { ControlError } from "../../lib/session/control.ts";
import type { FoundTarget } from "../target/find_target.ts";

/** Sessions that an agent in a container runs at once, unless ECS says otherwise (ecs-agent). */
const containerSessions = 2;

/** A node, or the container that is meant at the time. */
export class SessionPlace {
  readonly #target: string;
  readonly #onMoved: (next: FoundTarget) => void;
  #node: FoundTarget;

  /**
   * @param node What was found first.
   * @param target What the user typed.
   * @param onMoved Called when another task has taken over.
   */
  constructor(
    node: FoundTarget,
    target: string,
    onMoved: (next: FoundTarget) => void,
  ) {
    this.#node = node;
    this.#target = target;
    this.#onMoved = onMoved;
  }

  /** Where sessions are started now. */
  get node(): FoundTarget {
    return this.#node;
  }

  /**
   * A session runs: what was a guess is none any more.
   * @param node Where it runs.
   */
  confirm(node: FoundTarget): void {
    if (this.#node.truth !== undefined) this.#node = node;
  }

  /**
   * How many sessions a forward has that nobody said anything about; `undefined` for as many as it
   * needs. An agent in a container runs two at once, and the other one is for a shell.
   */
  get sessions(): number | undefined {
    return this.#node.id.startsWith(ECS_PREFIX) ? 1 : undefined;
  }

  /**
   * What to say beforehand of sessions that a container will not have.
   * @param forwards How many there are to be.
   * @param sessions How many each of them has.
   */
  warning(forwards: number, sessions: number | undefined): string | undefined {
    const wanted = forwards * (sessions ?? this.sessions ?? 0);
    return this.sessions === undefined || wanted <= containerSessions
      ? undefined
      : `A container has ${containerSessions} sessions at once, and this takes ${wanted}`;
  }

  /**
   * Starts a session; where the container is gone, in the one that is meant by now.
   * @param start Starts it.
   * @param signal Gives up.
   * @throws What `start` throws.
   */
  async start<Started>(
    start: (node: FoundTarget) => Promise<Started>,
    signal: AbortSignal,
  ): Promise<Started> {
    const node = this.#node;
    try {
      return await start(node);
    } catch (error) {
      const next = await this.#successor(error, node, signal);
      if (next === undefined) throw error;
      if (this.#node === node) {
        this.#node = next;
        this.#onMoved(next);
      }
      return await start(next);
    }
  }

  /** A user who named a task means that one. */
  async #successor(
    error: unknown,
    node: FoundTarget,
    signal: AbortSignal,
  ): Promise<FoundTarget | undefined> {
    const spec = node.container && parseEcsSpec(this.#target);
    if (
      !(error instanceof ControlError) || error.failure !== "gone" ||
      spec === undefined || spec.task !== undefined
    ) return undefined;
    try {
      const container = await node.place.aws.resolveContainer(
        { ...spec, container: node.container?.spec.container },
        signal,
      );
      return container.id === node.id
        ? undefined
        : { id: container.id, name: undefined, container, place: node.place };
    } catch {
      // Two tasks while one replaces the other, or none yet: the next try tells.
      signal.throwIfAborted();
      return undefined;
    }
  }
}
