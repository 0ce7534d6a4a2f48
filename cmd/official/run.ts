/**
 * The official session-manager-plugin in our engine's place (`--no-native`), to compare the two: we
 * start the session, and pass it on as the AWS CLI does (api.md §9).
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import { runChild } from "../child.ts";
import { givenTarget } from "../target/choose_target.ts";
import { Places } from "../target/places.ts";
import type { Connection, Context } from "../context.ts";
import { CommandError, exitCodes, UsageError } from "../errors.ts";
import { type NodeSessionRequest, runNodeSession } from "../node_session.ts";
import { Notices, type Verbosity } from "../notices.ts";
import { pluginsOnPath, versionOf } from "../plugin/on_path.ts";
import { type OwnProgram, ownProgram } from "../plugin/own_program.ts";
import { responseVariable } from "../plugin/started_as.ts";

/** The last version that takes no session from the environment (api.md §9). */
const lastWithoutVariable = [1, 2, 497, 0];

/** Where AWS keeps its packages, as its own instructions have it. */
const packages =
  "https://s3.amazonaws.com/session-manager-downloads/plugin/latest";

/** How to get the plugin on this platform. */
function installHints(os: string, arch: string): string[] {
  const kind = arch === "aarch64" ? "arm64" : "64bit";
  switch (os) {
    case "darwin":
      return ["brew install --cask session-manager-plugin"];
    case "windows":
      return ["winget install Amazon.SessionManagerPlugin"];
    default:
      return [
        `curl -O ${packages}/ubuntu_${kind}/session-manager-plugin.deb && ` +
        "sudo dpkg -i session-manager-plugin.deb",
        `sudo dnf install ${packages}/linux_${kind}/session-manager-plugin.rpm`,
      ];
  }
}

/** A flag that only our own engine can honour, where it was given. */
export type RefusedFlag = readonly [flag: string, given: boolean];

/**
 * Refuses what the plugin has nothing like.
 * @param flags The flags that it does not have.
 * @throws UsageError For the first that was given.
 */
export function refuseFlags(flags: readonly RefusedFlag[]): void {
  const first = flags.find(([, given]) => given);
  if (first === undefined) return;
  throw new UsageError(
    `Cannot use ${
      first[0]
    } with --no-native: session-manager-plugin has nothing like it`,
  );
}

/**
 * The flags of a connection that are about our engine.
 * @param connection As asked for.
 */
export function engineFlags(connection: Connection): RefusedFlag[] {
  return [
    ["--transport", connection.transport !== "native"],
    ["--stream-host", connection.streamHosts.length > 0],
  ];
}

/**
 * Starts a session and has the official plugin run it.
 * @param request The session.
 * @param verbosity How much we say around it.
 * @param context The world.
 * @param own This program, which is not the official one under whatever name.
 * @returns The plugin's exit code.
 * @throws CommandError Without a plugin that will do; and as `runNodeSession` does.
 */
export async function runOfficialPlugin(
  request: NodeSessionRequest,
  verbosity: Verbosity,
  context: Context,
  own: OwnProgram = ownProgram(),
): Promise<number> {
  const notices = new Notices(context.terminal, verbosity, context.log);
  // Before there is a session that nobody could run.
  const plugin = await findPlugin(context, own);
  const target = givenTarget(request.target, context);
  try {
    using places = await Places.open(context, request.connection, notices);
    return await runNodeSession(
      { ...request, target },
      { context, places, notices, signal: context.signal },
      async ({ grant, control, node }) => {
        const { documentName, parameters, reason } = request;
        const { aws, connection } = node.place;
        const { region, endpointUrl } = await aws.origin();
        const { sessionId, tokenValue, streamUrl } = grant;
        notices.detail(
          `Session ${visible(sessionId)} is run by ${visible(plugin)}`,
        );
        const code = await runChild(
          [
            plugin,
            responseVariable,
            region,
            "StartSession",
            connection.profile ?? "",
            JSON.stringify({
              Target: node.id,
              DocumentName: documentName,
              Parameters: parameters,
              Reason: reason,
            }),
            endpointUrl,
          ],
          {
            [responseVariable]: JSON.stringify({
              SessionId: sessionId,
              TokenValue: tokenValue,
              StreamUrl: streamUrl,
            }),
          },
          context,
        );
        // It leaves sessions behind where it is killed, and where its input ends (pitfalls.md §1).
        // That the session is over already is no error.
        await control.terminate(AbortSignal.timeout(terminateLimit))
          .catch(() => {});
        return code;
      },
    );
  } finally {
    await notices.written();
  }
}

/** How long the end of a session that is over already may take, in milliseconds. */
const terminateLimit = 3_000;

/** The first plugin on the PATH that is not us, and takes a session from the environment. */
async function findPlugin(context: Context, own: OwnProgram): Promise<string> {
  const found = await pluginsOnPath(context, own);
  const foreign = found.filter(({ kin }) => kin === "foreign");
  const tooOld: string[] = [];
  for (const { path } of foreign) {
    const version = await versionOf(path);
    if (version !== undefined && takesVariable(version)) return path;
    tooOld.push(`${visible(path)} has version ${version ?? "unknown"}`);
  }
  throw new CommandError(
    tooOld.length === 0
      ? "Cannot use --no-native: the official session-manager-plugin is not on the PATH"
      : "Cannot use --no-native: session-manager-plugin is too old; " +
        "1.2.764.0 or later is needed",
    exitCodes.failed,
    installHints(Deno.build.os, Deno.build.arch),
    tooOld,
  );
}

function takesVariable(version: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [at, limit] of lastWithoutVariable.entries()) {
    const part = parts[at] ?? 0;
    if (part !== limit) return part > limit;
  }
  return false;
}
