/**
 * Which group `ssm up` opens: of the user's own file and of the folder's `ssm.json`.
 *
 * @module
 */

import { shellQuote, visible } from "../../lib/text.ts";
import { didYouMean } from "../argv.ts";
import type { Group } from "../config/group_shape.ts";
import { readRepositoryFile } from "../config/repository_file.ts";
import { configError } from "../config/load.ts";
import { configPath } from "../config/place.ts";
import type { UserConfig } from "../config/user_file.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { suggest } from "../suggest.ts";
import { askChoice, tableRows } from "../target/choice.ts";
import type { UpOptions } from "../up.ts";
import {
  findRepositoryFile,
  readRepositoryText,
  type RepositoryText,
} from "./repository_file.ts";

/** A group that could be opened. */
export interface OfferedGroup {
  readonly group: Group;
  /** The repository's file that it is from; `undefined` for the user's own. */
  readonly file: RepositoryText | undefined;
  /** A repository's file with a group of the same name, which this one hides. */
  readonly hides?: string | undefined;
}

/**
 * Everything that could be opened here. A group of the user's own hides one of the repository's by
 * the same name, so that no checkout changes what the user's words mean.
 * @param options With `--file`, that file's alone.
 * @param config The user's file.
 * @param folder Where we are, as far as that is known.
 * @throws CommandError For an `ssm.json` with mistakes.
 */
export async function offeredGroups(
  { file }: Pick<UpOptions, "file">,
  config: UserConfig | undefined,
  folder: string | undefined,
): Promise<OfferedGroup[]> {
  const own = file === undefined
    ? [...config?.groups.values() ?? []].map((group) => ({
      group,
      file: undefined,
    }))
    : [];
  const path = file ??
    (folder === undefined ? undefined : await findRepositoryFile(folder));
  if (path === undefined) return own;
  const text = await readRepositoryText(path);
  const { groups, problems } = readRepositoryFile(text.text);
  if (problems.length > 0) {
    throw configError(path, problems, [
      `ssm config validate ${shellQuote(path)}`,
    ]);
  }
  return [
    ...own.map((each) => ({
      ...each,
      hides: groups.has(each.group.name) ? text.path : undefined,
    })),
    ...[...groups.values()]
      .filter(({ name }) => !own.some(({ group }) => group.name === name))
      .map((group) => ({ group, file: text })),
  ];
}

/**
 * The group to open.
 * @param name As typed; `undefined` for the only one or a choice.
 * @param offered What there is.
 * @param context The terminal.
 * @throws CommandError Where there is none of that name, or none is chosen; with the groups.
 */
export async function chooseGroup(
  name: string | undefined,
  offered: readonly OfferedGroup[],
  context: Context,
): Promise<OfferedGroup> {
  const names = offered.map(({ group }) => group.name);
  if (name !== undefined) {
    const found = offered.find(({ group }) => group.name === name);
    if (found !== undefined) return found;
    throw new CommandError(
      `There is no group ${visible(name)}` +
        didYouMean(suggest(name, names).map(visible)),
      exitCodes.failed,
      offered.length === 0 ? ["ssm config edit"] : [],
      offered.length === 0 ? noGroups(context) : rowsOf(offered),
    );
  }
  const [only, second] = offered;
  if (only === undefined) {
    throw new CommandError(
      "Cannot open a group: there is none",
      exitCodes.failed,
      ["ssm config edit", "ssm up --help"],
      noGroups(context),
    );
  }
  if (second === undefined) return only;
  if (!context.attended) {
    throw new CommandError(
      "Cannot choose a group: none is named",
      exitCodes.failed,
      [`ssm up ${shellQuote(only.group.name)}`],
      rowsOf(offered),
    );
  }
  return await askChoice(context.terminal, {
    items: offered,
    rows: rowsOf(offered),
    more: false,
    noun: "group",
    names: ({ group }) => [group.name],
  }, context.signal);
}

function rowsOf(offered: readonly OfferedGroup[]): string[] {
  return tableRows(offered.map(({ group: { name, forwards }, file }) => [
    name,
    `${forwards.length} forward${forwards.length === 1 ? "" : "s"}`,
    file === undefined ? "your own" : file.path,
  ]));
}

function noGroups(context: Pick<Context, "env">): string[] {
  return [
    `neither ${
      visible(configPath(context.env) ?? "your configuration")
    } nor an ssm.json of this folder has groups`,
  ];
}
