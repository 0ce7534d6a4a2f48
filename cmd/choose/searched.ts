/**
 * What a filter finds nodes by.
 *
 * @module
 */

import type { StockNode } from "../list/stock.ts";
import type { Searched } from "./query.ts";

/**
 * The texts of a node.
 * @param node The node.
 */
export function searchedOf({ node, place }: StockNode): Searched {
  const some = (texts: readonly (string | undefined)[]) =>
    texts.flatMap((text) => text ? [text.toLowerCase()] : []);
  return {
    id: node.id,
    name: node.name?.toLowerCase() ?? "",
    host: node.computerName?.toLowerCase() ?? "",
    addresses: some([node.address, node.publicAddress]),
    tags: node.tags,
    others: some([
      node.privateDnsName,
      node.publicDnsName,
      node.platform,
      place.label,
    ]),
  };
}
