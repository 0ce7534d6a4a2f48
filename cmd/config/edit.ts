/**
 * `ssm config edit`: the file in the user's editor.
 *
 * @module
 */

import type { RouteMap } from "@stricli/core";
import { editFile } from "../../lib/io/edit_file.ts";
import { visible } from "../../lib/text.ts";
import { runChild } from "../child.ts";
import type { CommandWorld, Context } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import type { GeneralFlags } from "../flags.ts";
import { validateFile } from "./commands.ts";
import { requireConfigPath } from "./place.ts";

/** What a new file has in it: examples that say nothing until they are uncommented. */
export const template = `// ssm's configuration: JSON with comments.
// A setting is any flag that has a variable in its help, by its name without the
// leading dashes, or one command's: "list.output".
// A flag comes before its variable, and that before this file.
{
  // For every profile:
  "defaults": {
    // "region": "eu-west-1",
    // "escape": "none"
  },

  // For one AWS profile:
  "profiles": {
    // "prod": { "reason": "on call" }
  },

  // Words that stand for a target: ssm shell db
  "aliases": {
    // "db": "i-0123456789abcdef0",
    // "bastion": { "target": "name:bastion-1", "profile": "prod", "user": "ec2-user" }
  },

  // Forwards that are opened together: ssm up dev
  "groups": {
    // "dev": [
    //   { "name": "postgres", "target": "bastion", "remote": "db.internal:5432", "local": 5432 },
    //   { "target": "web-server", "remote": 80, "local": 8080 }
    // ]
  }
}
`;

/**
 * Runs the editor, and checks what it left.
 * @param flags How much is said.
 * @param root Every command.
 * @param context The world.
 * @returns The exit code.
 * @throws CommandError Where there is no terminal or editor, or that failed.
 */
export async function editConfig(
  flags: GeneralFlags,
  root: RouteMap<CommandWorld>,
  context: Context,
): Promise<number> {
  const path = requireConfigPath(context.env);
  if (!context.attended) {
    throw new CommandError(
      `Cannot edit ${visible(path)}: there is no terminal for the editor`,
      exitCodes.failed,
      ["ssm config set region us-east-1", "ssm config path"],
    );
  }
  await editFile(
    path,
    (bytes) => bytes.length === 0 ? new TextEncoder().encode(template) : bytes,
  );
  const editor = context.env("VISUAL") ?? context.env("EDITOR") ??
    (Deno.build.os === "windows" ? "notepad" : "vi");
  // As git and others have it, an editor may have arguments of its own: `code --wait`.
  const words = editor.trim().split(/\s+/);
  const code = await runChild([...words, path], {}, context);
  if (code !== 0) {
    throw new CommandError(
      `The editor ${visible(editor)} ended with ${code}`,
      exitCodes.failed,
    );
  }
  const result = await validateFile(undefined, flags, root, context);
  if (result !== exitCodes.success) {
    throw new CommandError(
      "The configuration has the mistakes above; until they are mended, no command uses it",
      exitCodes.sessionFailed,
      ["ssm config edit"],
    );
  }
  return result;
}
