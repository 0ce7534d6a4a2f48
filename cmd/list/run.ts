/**
 * `ssm list`: the inventory of all places, and its text.
 *
 * @module
 */

import { hasWord, parseQuery } from "../choose/query.ts";
import { searchedOf } from "../choose/searched.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../errors.ts";
import { tagFilters } from "../exec/fleet/nodes.ts";
import type { ListOptions } from "../list.ts";
import { Notices } from "../notices.ts";
import { StatusLine } from "../status_line.ts";
import { rememberNodes } from "../target/guess.ts";
import { type Place, Places } from "../target/places.ts";
import { present } from "../../lib/aws/present.ts";
import { visible } from "../../lib/text.ts";
import { usualColumns } from "./node_columns.ts";
import { sortedNodes } from "./order.ts";
import {
  csvText,
  idsText,
  jsonText,
  type NodeOrigin,
  tableText,
} from "./output.ts";
import { problemLines } from "./problems.ts";
import { Stock, type StockNode, type StockPlace } from "./stock.ts";

/**
 * Lists the nodes on standard output; on standard error, what could not be asked and what is not
 * shown.
 * @param options From `parseList`.
 * @param context The world.
 * @returns The exit code.
 * @throws AwsCallError where nothing could be asked.
 */
export async function runList(
  options: ListOptions,
  context: Context,
): Promise<number> {
  const { terminal, signal } = context;
  const notices = new Notices(terminal, options, context.log);
  let missed = false;
  using opened = await Places.open(context, options.connection, {
    detail: (line) => notices.detail(line),
    say(line) {
      // A profile that is of no use.
      missed = true;
      notices.say(line);
    },
  });
  const places = await opened.all(signal);
  const stock = await filled(options, places, context);
  const { unknownPlaces, problems } = stock;
  const [problem] = problems;
  if (problem !== undefined && unknownPlaces.length === places.length) {
    throw problem.error;
  }
  const words = options.filter.flatMap((word) =>
    // As one word: the shell has taken the quotes away.
    parseQuery(/\s/.test(word) ? quoted(word) : word)
  );
  const found = stock.nodes.filter((node) => {
    const searched = searchedOf(node);
    return words.every((word) => hasWord(word, searched) !== word.negated);
  });
  const shown = sortedNodes(
    options.all
      ? found
      : found.filter(({ node }) => node.reach !== "unreachable"),
    options.order,
  );
  await terminal.write(
    new TextEncoder().encode(
      await textOf(shown, places, options, context),
    ),
  );
  await rememberNodes(
    context,
    opened,
    stock.nodes.filter(({ node }) => node.reach !== "unreachable")
      .map(({ node, place }) => ({
        id: node.id,
        name: node.name,
        platform: node.platform,
        agentVersion: node.agentVersion,
        place,
      })),
    signal,
  );
  for (const line of problemLines(stock, places)) notices.say(line);
  for (const line of restLines(found, shown)) notices.say(line);
  await notices.written();
  signal.throwIfAborted();
  return problems.length > 0 || missed
    ? exitCodes.sessionFailed
    : exitCodes.success;
}

async function filled(
  options: ListOptions,
  places: readonly Place[],
  context: Context,
): Promise<Stock<Place>> {
  const stock = new Stock<Place>();
  using status = new StatusLine({
    terminal: context.terminal,
    clock: context.clock,
    live: context.errorIsTerminal && !options.quiet,
    status: () => stock.size === 0 ? "" : `${stock.size} nodes…`,
  });
  using _log = context.log.redirect((line) => status.say([line]));
  status.start();
  const tags = tagFilters(options.tags).map(({ key, values }) => ({
    key: key.replace(/^tag:/, ""),
    values,
  }));
  const { clock, signal } = context;
  await stock.fill(places, { clock, signal, tags });
  return stock;
}

function quoted(word: string): string {
  const [, mark = "", rest = ""] = /^(!?)(.*)$/s.exec(word) ?? [];
  return `${mark}"${rest.replaceAll('"', "")}"`;
}

async function textOf(
  nodes: readonly StockNode<Place>[],
  places: readonly Place[],
  { output, columns: asked, noColor }: ListOptions,
  context: Context,
): Promise<string> {
  const reasons = nodes.some(({ node }) => node.reason !== undefined);
  const columns = asked ?? usualColumns(places.length > 1, reasons)
    .filter(({ cell }) =>
      output !== "table" || nodes.some((node) => cell(node) !== "")
    );
  switch (output) {
    case "json":
      return jsonText(nodes, await origins(places));
    case "ids":
      return idsText(nodes);
    case "csv":
      return csvText(nodes, columns, context.outputIsTerminal);
    case "table":
      return nodes.length === 0 ? "" : tableText(
        nodes,
        columns,
        context.outputIsTerminal
          ? context.terminal.size()?.cols ?? Infinity
          : Infinity,
        context.outputColor && !noColor,
      );
  }
}

/** Where each place is. */
async function origins(
  places: readonly Place[],
): Promise<ReadonlyMap<StockPlace, NodeOrigin>> {
  return new Map(
    await Promise.all(
      places.map(async (place) => {
        const { region } = await place.aws.origin();
        const { profile } = place.connection;
        return [place, { region, ...present({ profile }) }] as const;
      }),
    ),
  );
}

/** What is not shown: how many nodes, and why. */
function restLines(
  found: readonly StockNode[],
  shown: readonly StockNode[],
): string[] {
  const there = new Set(shown);
  const hidden = found.filter((node) => !there.has(node));
  const none = shown.length > 0
    ? []
    : [hidden.length > 0 ? "No node that can be reached" : "No nodes"];
  if (hidden.length === 0) return none;
  const counts = new Map<string, number>();
  for (const { node } of hidden) {
    // The time since when is another one for each.
    const reason = (node.reason ?? "").replace(/ since [^,]*/, "");
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const reasons = [...counts].toSorted(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${count} ${visible(reason)}`).join("; ");
  return [
    ...none,
    `${hidden.length} more that Session Manager cannot reach (${reasons}); --all shows them`,
  ];
}
