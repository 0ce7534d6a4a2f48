/**
 * The user's file: what it may hold, and what it holds.
 *
 * @module
 */

import { checkUser } from "../ssh/arguments.ts";
import { UsageError } from "../errors.ts";
import { aliasReason } from "../target/alias.ts";
import { checkTarget } from "../target/target.ts";
import {
  type Group,
  groupsShape,
  plainText,
  profileShape,
  readGroups,
  regionShape,
  sharedPlaces,
} from "./group_shape.ts";
import {
  type JsonNode,
  type Place,
  type Problem,
  readTree,
} from "./json_tree.ts";
import type { Setting } from "./settings.ts";
import { problemsOf, type Shape } from "./shape.ts";

/** A setting that the file has. */
export interface ConfiguredValue {
  /** As they would be typed; one unless the flag repeats. */
  readonly texts: readonly string[];
  readonly at: Place;
}

/** An alias: what a word stands for as a target. */
export interface Alias {
  readonly target: string;
  readonly profile: string | undefined;
  readonly region: string | undefined;
  /** Whom ssh logs in as. */
  readonly user: string | undefined;
}

/** What a user's file says. */
export interface UserConfig {
  readonly path: string;
  /** Settings for every profile, by the flag's name. */
  readonly defaults: ReadonlyMap<string, ConfiguredValue>;
  /** Settings for one profile, which come before those. */
  readonly profiles: ReadonlyMap<string, ReadonlyMap<string, ConfiguredValue>>;
  readonly aliases: ReadonlyMap<string, Alias>;
  readonly groups: ReadonlyMap<string, Group>;
}

/** What a mistyped alias, profile or group costs is read again; more than these are no file of a person. */
const mostEntries = 1000;

/**
 * The shape of the file.
 * @param settings What can be set.
 */
export function userShape(settings: readonly Setting[]): Shape {
  const members = Object.fromEntries(
    settings.flatMap((each) =>
      each.keys.map((key) => [key, settingShape(each)] as const)
    ),
  );
  const { profile: _, ...ofProfile } = members;
  return {
    kind: "object",
    members: {
      $schema: { kind: "text", what: "the address of this file's schema" },
      defaults: {
        kind: "object",
        description: "Flags that are given wherever a command has them",
        members,
        refused: secrets,
      },
      profiles: {
        kind: "record",
        description: "The same for one AWS profile, by its name",
        names: "^\\S.{0,127}$",
        namesAre: "it is the name of an AWS profile",
        most: mostEntries,
        value: {
          kind: "object",
          members: ofProfile,
          refused: {
            ...secrets,
            profile: "the section is already one profile's",
          },
        },
      },
      aliases: {
        kind: "record",
        description: "Words that stand for a target",
        names: aliasPattern,
        namesAre:
          "an alias begins with a letter and has letters, digits, dots, dashes and underscores",
        checkName: aliasReason,
        most: mostEntries,
        value: {
          kind: "either",
          shapes: [aliasTarget, {
            kind: "object",
            members: {
              target: aliasTarget,
              profile: profileShape,
              region: regionShape,
              user: {
                kind: "text",
                what: "the name of a user of the node",
                pattern: "^\\S+$",
                check: (text) => refusal(() => checkUser(text)),
                description: "Whom ssm ssh logs in as",
              },
            },
            required: ["target"],
          }],
        },
      },
      groups: groupsShape("own"),
    },
  };
}

const aliasPattern = "^[A-Za-z][A-Za-z0-9._-]{0,63}$";

const aliasTarget: Shape = {
  kind: "text",
  what: "a target, as name:web-server or i-0123456789abcdef0",
  pattern: "^[^-\\s].{0,299}$",
  check: (text) => refusal(() => checkTarget(text)),
  description: "A target as it would be typed",
};

const noSecrets = "secrets are no settings; they belong to the AWS CLI's files";

/** What somebody may think belongs here. */
const secrets: Readonly<Record<string, string>> = {
  "access-key-id": noSecrets,
  "secret-access-key": noSecrets,
  "session-token": noSecrets,
  aws_access_key_id: noSecrets,
  aws_secret_access_key: noSecrets,
  aws_session_token: noSecrets,
  password: noSecrets,
};

function refusal(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.replace(/^Cannot use .*?: /, "");
  }
}

function settingShape(setting: Setting): Shape {
  const { kind, brief, values, repeats } = setting;
  const description = brief;
  const check = (text: string) => setting.check(text);
  if (kind === "boolean") return { kind, description };
  if (kind === "counter") {
    return { kind: "number", least: 0, most: 3, description };
  }
  if (kind === "word") return { kind, values, description };
  const text: Shape = { kind: "text", what: "a text", pattern: "^.+$", check };
  if (repeats) {
    return { kind: "list", item: text, most: 100, description };
  }
  return {
    kind: "either",
    shapes: [text, {
      kind: "number",
      least: 0,
      most: Number.MAX_SAFE_INTEGER,
      check,
    }],
    description,
  };
}

/**
 * Reads the text of a user's file.
 * @param text The text.
 * @param path Where it is from.
 * @param settings What can be set.
 * @returns What it says, and everything that is wrong with it.
 */
export function readUserFile(
  text: string,
  path: string,
  settings: readonly Setting[],
): { readonly config: UserConfig; readonly problems: readonly Problem[] } {
  // A file that somebody has emptied says nothing, which is no mistake.
  const source = text.trim() === "" ? "{}" : text;
  const { tree, problems } = readTree(source);
  if (tree === undefined || problems.length > 0) {
    return { config: { ...nothing, path }, problems };
  }
  const found = problemsOf(tree, userShape(settings));
  if (found.length > 0) {
    return { config: { ...nothing, path }, problems: found };
  }
  const section = (name: string) =>
    tree.kind === "object" ? tree.members.get(name)?.value : undefined;
  const groups = readGroups(section("groups"), "own");
  const profiles = new Map(
    membersOf(section("profiles")).map(([name, node]) =>
      [name, settingsIn(node, settings)] as const
    ),
  );
  return {
    config: {
      path,
      defaults: settingsIn(section("defaults"), settings),
      profiles,
      aliases: new Map(
        membersOf(section("aliases")).map(([name, node]) =>
          [name, readAlias(node)] as const
        ),
      ),
      groups,
    },
    problems: sharedPlaces(groups),
  };
}

const nothing: Omit<UserConfig, "path"> = {
  defaults: new Map(),
  profiles: new Map(),
  aliases: new Map(),
  groups: new Map(),
};

function membersOf(node: JsonNode | undefined): [string, JsonNode][] {
  return node?.kind === "object"
    ? [...node.members].map(([name, { value }]) => [name, value])
    : [];
}

function settingsIn(
  node: JsonNode | undefined,
  settings: readonly Setting[],
): Map<string, ConfiguredValue> {
  const values = new Map<string, ConfiguredValue>();
  if (node?.kind !== "object") return values;
  for (const [name, { at, value }] of node.members) {
    if (!settings.some(({ keys }) => keys.includes(name))) continue;
    const items = value.kind === "array" ? value.items : [value];
    values.set(name, {
      texts: items.flatMap((item) => plainText(item) ?? []),
      at,
    });
  }
  return values;
}

function readAlias(node: JsonNode): Alias {
  const text = (name: string) =>
    node.kind === "object"
      ? plainText(node.members.get(name)?.value)
      : undefined;
  return {
    target: plainText(node) ?? text("target") ?? "",
    profile: text("profile"),
    region: text("region"),
    user: text("user"),
  };
}
