/**
 * The JSON Schemas of the user's file and of a repository's, from what their checkers use.
 *
 * @module
 */

import type { RouteMap } from "@stricli/core";
import type { CommandWorld, Context } from "../context.ts";
import { exitCodes } from "../errors.ts";
import { printLines } from "./commands.ts";
import { checkedInShape } from "./group_shape.ts";
import { repositoryFileName } from "./repository_file.ts";
import { settingsOf } from "./settings.ts";
import { type JsonSchema, schemaOf, type Shape } from "./shape.ts";
import { userShape } from "./user_file.ts";

function document(title: string, shape: Shape): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    // What VS Code asks for beyond the standard, as both files may have them.
    allowComments: true,
    allowTrailingCommas: true,
    ...schemaOf(shape),
  };
}

/**
 * The schema of the user's file.
 * @param root Every command.
 */
export function configSchema(root: RouteMap<CommandWorld>): JsonSchema {
  return document("Configuration of ssm", userShape(settingsOf(root)));
}

/** The schema of an `ssm.json`. */
export function repositorySchema(): JsonSchema {
  return document(
    "Groups of forwards that a repository brings for ssm up",
    checkedInShape,
  );
}

/**
 * A schema's text, as it is in the folder `schema`.
 * @param schema The schema.
 */
export function schemaText(schema: JsonSchema): string {
  return JSON.stringify(schema, null, 2);
}

/**
 * `ssm config schema`.
 * @param file The name of the file that it is for; `undefined` for the user's own.
 * @param root Every command.
 * @param context The world.
 * @returns The exit code.
 */
export async function printSchema(
  file: string | undefined,
  root: RouteMap<CommandWorld>,
  context: Context,
): Promise<number> {
  const schema = file?.split(/[/\\]/).at(-1) === repositoryFileName
    ? repositorySchema()
    : configSchema(root);
  await printLines([schemaText(schema)], context);
  return exitCodes.success;
}
