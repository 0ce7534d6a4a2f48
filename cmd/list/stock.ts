/**
 * The nodes of one or several places, as they become known.
 *
 * @module
 */

import type {
  AwsCallError,
  InventoryNode,
  InventorySource,
  TagValues,
} from "../../lib/aws/mod.ts";
import type { AwsAccess } from "../context.ts";

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
  readonly error: AwsCallError;
}

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
   * @param tags All must fit; none = every node.
   * @param signal Gives up; its reason is thrown.
   * @param changed Called after every change.
   */
  async fill(
    places: readonly Place[],
    tags: readonly TagValues[],
    signal: AbortSignal,
    changed: () => void = () => {},
  ): Promise<void> {
    await Promise.all(places.map(async (place, at) => {
      for await (const update of place.aws.inventory(tags, signal)) {
        if (update.kind === "problem") {
          const { source, error } = update;
          this.problems.push({ place, source, error });
        } else {
          for (const node of update.nodes) {
            this.#nodes.set(`${at} ${node.id}`, { place, node });
          }
        }
        this.version++;
        changed();
      }
    }));
    this.complete = true;
    this.version++;
    changed();
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
