/**
 * `--explain`: the calls that a command would make, and what allows them. Nothing is called.
 *
 * @module
 */

import { minimalPolicy } from "../../lib/aws/minimal_policy.ts";
import { plannedCalls } from "../../lib/aws/permissions.ts";
import { type ArnPlace, partitionOf } from "../../lib/aws/resource_arns.ts";
import type { Context } from "../context.ts";
import { exitCodes, UsageError } from "../errors.ts";
import { targetVariable } from "../target/choose_target.ts";
import { type ExplainedLine, planFacts } from "./facts.ts";
import { explanationText } from "./text.ts";

/**
 * Says what a command would call.
 * @param line The command line.
 * @param context The terminal and the environment.
 * @returns The exit code.
 * @throws UsageError for a command that cannot be explained, and arguments that it could not take.
 */
export async function explainCommand(
  line: ExplainedLine,
  context: Pick<
    Context,
    "env" | "terminal" | "outputIsTerminal" | "profileSource"
  >,
): Promise<number> {
  const flag = (name: string) =>
    line.tokens.find((token) => "flag" in token && token.flag.name === name);
  const value = (name: string) => {
    const token = flag(name);
    return token !== undefined && "flag" in token ? token.value : undefined;
  };
  const output = value("output") ?? (flag("json") === undefined ? "" : "json");
  const command = line.path.join(" ");
  const place = await placeOf(
    value("profile"),
    value("region"),
    flag("all-regions") !== undefined,
    context.profileSource,
  );
  const facts = planFacts(line, place, context.env(targetVariable));
  const calls = plannedCalls(command, facts);
  if (calls === undefined) {
    throw new UsageError(
      `Cannot explain ssm ${command}: it makes no calls to AWS by itself`,
    );
  }
  const policy = minimalPolicy(calls);
  const explanation = {
    command: `ssm ${command}`.trim(),
    ...place,
    calls,
    policy,
  };
  const text = output === "json"
    ? JSON.stringify(explanation, undefined, 2) + "\n"
    : explanationText(explanation, width(context));
  await context.terminal.write(new TextEncoder().encode(text));
  return exitCodes.success;
}

/** Columns; those of a page where no terminal tells. */
function width(
  { terminal, outputIsTerminal }: Pick<
    Context,
    "env" | "terminal" | "outputIsTerminal" | "profileSource"
  >,
): number {
  return outputIsTerminal ? terminal.size()?.cols ?? 80 : 80;
}

/**
 * Where resources are, as far as flags, environment and files tell: region, and the account of a
 * profile's login or role.
 */
async function placeOf(
  profiles: string | undefined,
  region: string | undefined,
  allRegions: boolean,
  profileSource: string | undefined,
): Promise<ArnPlace> {
  const { resolveSettings } = await import("../../lib/aws/settings.ts");
  const [profile, ...more] = profiles?.split(",") ?? [];
  const resolved = await resolveSettings({ profile, profileSource, region });
  const { profileData, credentialsFromEnvironment } = resolved;
  const somewhere = allRegions || more.length > 0 && region === undefined
    ? "*"
    : resolved.region ?? "*";
  const account = credentialsFromEnvironment || more.length > 0
    ? undefined
    : profileData["sso_account_id"] ??
      /^arn:[^:]+:iam::(\d{12}):/.exec(profileData["role_arn"] ?? "")?.[1];
  return {
    partition: partitionOf(resolved.region ?? "*"),
    region: somewhere,
    account: account ?? "*",
  };
}
