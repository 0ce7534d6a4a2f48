/**
 * Asks the user about an `ssm.json`: nothing of it is opened before its reader has seen what that
 * would be.
 *
 * @module
 */

import { platformReason, shellQuote, visible } from "../../lib/text.ts";
import { askLine } from "../ask_line.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { connectionArguments } from "../target/target.ts";
import type { Connection } from "../context.ts";
import {
  type Confirmation,
  confirmationOf,
  remember,
} from "./confirmations.ts";
import type { RepositoryText } from "./repository_file.ts";

/** What is to be confirmed. */
export interface ConfirmationRequest {
  readonly file: RepositoryText;
  readonly group: string;
  /** What would be opened, safe to show. */
  readonly lines: readonly string[];
  /** The same without what the command's own flags add, which are the user's each time. */
  readonly meaning: readonly string[];
  /** `--confirm`. */
  readonly given: string | undefined;
  /** For a command to paste. */
  readonly connection: Connection;
  /** `--file` as typed, for a command to paste. */
  readonly typedFile: string | undefined;
}

/**
 * Sees to it that the user has confirmed.
 * @param request What.
 * @param context The terminal.
 * @param say Takes sentences for the user.
 * @throws CommandError Where nobody confirms.
 */
export async function confirm(
  request: ConfirmationRequest,
  context: Context,
  say: (line: string) => void,
): Promise<void> {
  const { file, group, lines, given } = request;
  const { path, sha256, owner } = file;
  if (given !== undefined) {
    if (given === sha256) return;
    throw new CommandError(
      `Cannot open the group ${visible(group)}: ${visible(path)} has another ` +
        "SHA-256 than --confirm says",
      exitCodes.failed,
      [],
      [`it has ${sha256}`],
    );
  }
  const confirmation: Confirmation = {
    path,
    group,
    sha256,
    shown: await digest(request.meaning.join("\n")),
  };
  const before = await confirmationOf(path, group, context.env);
  if (
    before?.sha256 === sha256 && before.shown === confirmation.shown
  ) return;
  const why = before === undefined
    ? "has not been confirmed yet"
    : before.sha256 === sha256
    ? "means something else than when it was confirmed, by your aliases"
    : "has changed since it was confirmed";
  if (!context.attended) {
    throw new CommandError(
      `Cannot open the group ${visible(group)}: ${visible(path)} ${why}, ` +
        "and nobody can be asked",
      exitCodes.failed,
      [pasted(request)],
      lines,
    );
  }
  const write = (text: string) =>
    context.terminal.writeError(new TextEncoder().encode(text));
  await write(
    `${visible(path)} ${why}.\n` +
      (owner === undefined
        ? ""
        : `It belongs to another user of this machine (uid ${owner}).\n`) +
      `It comes from whoever wrote the repository. The group ${
        visible(group)
      } opens:\n` +
      lines.map((line) => `  ${line}\n`).join(""),
  );
  const answer = await askLine(
    context.terminal,
    "Open these, and do so until the file changes? [y/N] ",
    context.signal,
  );
  if (answer === undefined) await write("\n");
  if (!/^y(es)?$/i.test(answer ?? "")) {
    throw new CommandError(
      `The group ${visible(group)} of ${visible(path)} was not confirmed`,
      exitCodes.failed,
    );
  }
  try {
    if (await remember(confirmation, context.env)) return;
    say("It will be asked again next time: HOME is not set");
  } catch (error) {
    say(`It will be asked again next time: ${visible(platformReason(error))}`);
  }
}

function pasted(
  { group, file, connection, typedFile }: ConfirmationRequest,
): string {
  return `ssm up ${shellQuote(group)}` +
    (typedFile === undefined ? "" : ` --file ${shellQuote(typedFile)}`) +
    ` --confirm ${file.sha256}${connectionArguments(connection)}`;
}

async function digest(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
