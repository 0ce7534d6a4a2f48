/**
 * One command on one node, by the first way that the node has.
 *
 * @module
 */

import { formatEcsSpec } from "../../lib/aws/ecs_spec.ts";
import type {
  CommandEnd,
  OutputStream,
} from "../../lib/session/command_session.ts";
import type { ReadInput } from "../../lib/session/relay/relay_input.ts";
import {
  commandLineWords,
  commandSessionRequest,
  type CommandWay,
} from "../../lib/session/remote_command.ts";
import { visible } from "../../lib/text.ts";
import type { Connection, Context } from "../context.ts";
import { CommandError, exitCodes, UsageError } from "../errors.ts";
import type { FoundTarget } from "../target/find_target.ts";
import type { Places } from "../target/places.ts";
import { runNodeSession } from "../node_session.ts";
import type { Notices } from "../notices.ts";
import type { Interrupts } from "./interrupts.ts";
import { commandWays } from "./ways.ts";

/** What runs, wherever. */
export interface CommandSpec {
  readonly connection: Connection;
  readonly line: readonly string[] | string;
  readonly script: Uint8Array | undefined;
  readonly variables: Readonly<Record<string, string>>;
  readonly binary: boolean;
  readonly input: ReadInput | undefined;
  readonly reason: string | undefined;
}

/** What it runs with. */
export interface NodeCommandWorld {
  readonly context: Context;
  readonly places: Places;
  readonly notices: Notices;
  /** Who is told of commands that run. */
  readonly interrupts: Pick<Interrupts, "add">;
  /** Ends it. */
  readonly signal: AbortSignal;
  /**
   * Takes output; the bytes are good during the call only.
   * @param done To be called with the number of bytes once they are written.
   */
  readonly onOutput: (
    bytes: Uint8Array,
    stream: OutputStream,
    done: (bytes: number) => void,
  ) => void;
}

/**
 * Runs a command.
 * @param node Where.
 * @param spec What.
 * @param world With what.
 * @returns How it ended; an exit code is the command's own.
 * @throws UsageError, CommandError, AwsCallError, TransportError When it could not begin.
 */
export async function runOnNode(
  node: FoundTarget,
  spec: CommandSpec,
  world: NodeCommandWorld,
): Promise<CommandEnd> {
  const ways = commandWays({
    binary: spec.binary,
    carries: carried(spec),
    platform: node.container?.platform ?? node.platform,
    agentVersion: node.agentVersion,
    container: node.container !== undefined,
  });
  const fitting = ways.filter((way) => fits(way, spec));
  if (fitting.length === 0) {
    throw new UsageError(
      "Cannot run so long a command: StartSession takes " +
        `${longestParameter} characters of it`,
    );
  }
  for (const [at, way] of fitting.entries()) {
    const last = at === fitting.length - 1;
    try {
      const end = await tryWay(way, node, spec, world);
      if (end.kind !== "unseparated") return end;
      world.notices.detail(
        `The agent on ${visible(node.id)} does not keep outputs apart; ` +
          "running the command on a terminal's session",
      );
    } catch (error) {
      if (last || !isAboutDocument(error)) throw error;
      world.notices.detail(
        `${visible((error as Error).message)}; trying another way`,
      );
    }
  }
  throw new CommandError(
    `Cannot run the command on ${
      visible(node.id)
    }: no session tells its outputs apart`,
    exitCodes.failed,
  );
}

/** A value of StartSession's parameters has so many characters at most (its API reference). */
const longestParameter = 65_535;

/** A terminal's session takes a command of any length, as that is said in the session. */
function fits(way: CommandWay, { line }: CommandSpec): boolean {
  const { command = [] } = commandSessionRequest(way, line).parameters;
  return command.every((text) => text.length <= longestParameter);
}

/** What the command gets of this machine, besides its words; for messages. */
function carried({ input, script, variables }: CommandSpec) {
  if (input !== undefined) return "standard input";
  if (script !== undefined) return "--script";
  return Object.keys(variables).length > 0 ? "--env" : undefined;
}

async function tryWay(
  way: CommandWay,
  node: FoundTarget,
  spec: CommandSpec,
  { context, places, notices, interrupts, signal, onOutput }: NodeCommandWorld,
) {
  const { documentName, parameters } = commandSessionRequest(way, spec.line);
  const { container } = node;
  const request = {
    target: container === undefined ? node.id : formatEcsSpec(container.spec),
    node,
    connection: spec.connection,
    documentName,
    parameters,
    // The same words, which the agent there splits itself.
    containerCommand: () => parameters.command?.[0] ?? "",
    reason: spec.reason,
    command: "ssm exec",
    rest: "-- …",
  };
  return await runNodeSession(
    request,
    { context, places, notices, signal },
    async ({ grant, control, began, node: there }) => {
      notices.detail(
        `Session ${visible(grant.sessionId)} on ${visible(there.id)}` +
          (container === undefined ? `, ${documentName}` : ""),
      );
      const command = await context.remoteCommand({
        way,
        command: {
          words: commandLineWords(spec.line),
          script: spec.script,
          variables: spec.variables,
        },
        grant,
        control,
        clock: context.clock,
        input: spec.input,
        onOutput: (bytes, stream) =>
          onOutput(bytes, stream, (count) => command.consumed(count)),
        notify: (notice) => {
          if (notice.kind === "started") began();
          notices.session(notice, visible(there.name ?? there.id));
        },
      });
      const remove = interrupts.add(() => command.interrupt());
      try {
        return await command.run(signal);
      } finally {
        remove();
      }
    },
  );
}

/** The document is not there, or not for us: another one may be. */
export function isAboutDocument(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== "AwsCallError") return false;
  const { kind, code } = error as Error & { kind?: unknown; code?: unknown };
  return code === "InvalidDocument" ||
    kind === "access-denied" && /document\//.test(error.message);
}
