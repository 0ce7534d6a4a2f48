/**
 * The nodes of one or several places, as they become known.
 *
 * @module
 */

import type {
  InventoryNode,
  InventorySource,
  InventoryUpdate,
  TagValues,
} from "../../lib/aws/mod.ts";
import type { Clock } from "../../lib/session/transport.ts";
import type { AwsAccess } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";

/** What a stock asks of a place. */
export interface StockPlace {
  /** Empty where there is one place only. */
  readonly label: string;
  readonly aws: Pick<AwsAccess, "inventory">;
}

/** A node, and where it is. */
export interface StockNode<Place extends StockPlace = StockPlace> {
  readonly place: Place;
  readonly node: InventoryNode;
}

/** Who did not answer for a place. */
export interface StockProblem<Place extends StockPlace = StockPlace> {
  readonly place: Place;
  readonly source: InventorySource;
  readonly error: Error;
}

/** What a stock is filled with. */
export interface StockFilling {
  readonly clock: Clock;
  /** Gives up; its reason is thrown. */
  readonly signal: AbortSignal;
  /** All must fit; none = every node. */
  readonly tags?: readonly TagValues[];
  /** Called after every change. */
  readonly changed?: () => void;
}

/**
 * How long one of several places may be silent before it is given up, as one that a private network
 * does not lead to. Milliseconds, as in `Places.search`.
 */
const patience = 20_000;

/** Nodes that fill up. */
export class Stock<Place extends StockPlace = StockPlace> {
  readonly #nodes = new Map<string, StockNode<Place>>();
  /** What could not be asked. */
  readonly problems: StockProblem<Place>[] = [];
  /** Grows with every change. */
  version = 0;
  /** True when nothing more will come. */
  complete = false;

  /** The nodes known so far, in the order in which they became known. */
  get nodes(): readonly StockNode<Place>[] {
    return [...this.#nodes.values()];
  }

  /** How many nodes are known so far. */
  get size(): number {
    return this.#nodes.size;
  }

  /**
   * Takes the inventory of all places at the same time.
   * @param places Each once.
   * @param filling What with.
   */
  async fill(places: readonly Place[], filling: StockFilling): Promise<void> {
    await Promise.all(
      places.map((place, at) =>
        this.#fillPlace(place, at, places.length > 1, filling)
      ),
    );
    this.complete = true;
    this.#changed(filling);
  }

  async #fillPlace(
    place: Place,
    at: number,
    several: boolean,
    filling: StockFilling,
  ): Promise<void> {
    const { clock, signal, tags = [] } = filling;
    const silent = new AbortController();
    const wait = () =>
      several
        ? clock.setTimer(patience, () => silent.abort(noAnswer()))
        : () => {};
    let cancel = wait();
    let any = false;
    try {
      const either = AbortSignal.any([signal, silent.signal]);
      for await (const update of place.aws.inventory(tags, either)) {
        cancel();
        cancel = wait();
        any = true;
        this.#take(update, place, at);
        this.#changed(filling);
      }
    } catch (error) {
      if (signal.aborted || !silent.signal.aborted) throw error;
      const { reason } = silent.signal;
      this.problems.push({ place, source: "session-manager", error: reason });
      if (!any) this.problems.push({ place, source: "ec2", error: reason });
    } finally {
      cancel();
    }
  }

  #take(update: InventoryUpdate, place: Place, at: number): void {
    if (update.kind === "problem") {
      const { source, error } = update;
      this.problems.push({ place, source, error });
      return;
    }
    for (const node of update.nodes) {
      this.#nodes.set(`${at} ${node.id}`, { place, node });
    }
  }

  #changed({ changed }: StockFilling): void {
    this.version++;
    changed?.();
  }

  /** The places of which nothing is known: neither service answered. */
  get unknownPlaces(): readonly Place[] {
    const sources = (place: Place) =>
      new Set(
        this.problems.filter((each) => each.place === place)
          .map(({ source }) => source),
      );
    return [...new Set(this.problems.map(({ place }) => place))]
      .filter((place) => sources(place).size === 2);
  }
}

function noAnswer(): CommandError {
  return new CommandError(
    `No answer came within ${patience / 1000} seconds`,
    exitCodes.failed,
  );
}
