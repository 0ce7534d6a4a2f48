/**
 * `ssm exec` on many nodes: each by a session of its own, or all by Run Command.
 *
 * @module
 */

import type { AwsAccess, Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import type { ExecOptions } from "../exec.ts";
import { Notices } from "../notices.ts";
import { runFleet } from "./fleet/run.ts";
import { type CommandSpec, runOnNode } from "./on_node.ts";
import { scriptLines } from "./script_lines.ts";

/**
 * Runs the command.
 * @param options What and where; `fleet` is set.
 * @param spec What.
 * @param world With what.
 * @returns The exit code of all together.
 * @throws UsageError, CommandError, AwsCallError
 */
export async function runOnMany(
  options: ExecOptions,
  spec: CommandSpec,
  { context, aws }: {
    readonly context: Context;
    readonly aws: AwsAccess;
    readonly notices: Notices;
  },
): Promise<number> {
  const { fleet, connection, line, timeout, quiet, verbose } = options;
  if (fleet === undefined) throw new TypeError("There is one node");
  if (spec.input !== undefined) {
    throw new UsageError(
      "Cannot pass standard input on to many nodes: it can be read once",
      ["ssm exec … --no-stdin -- …"],
    );
  }
  // What a single node tells of its connection nobody could tell apart.
  const notices = new Notices(context.terminal, {
    quiet: quiet || verbose === 0,
    verbose: Math.max(0, verbose - 1),
  });
  const bound = spec.binary || spec.script !== undefined ||
    Object.keys(spec.variables).length > 0;
  return await runFleet({
    ...fleet,
    connection,
    // What only a session carries is not left out for the number of nodes.
    via: options.via ?? (bound ? "session" : "auto"),
    script: scriptLines(line),
    timeout,
    quiet,
    verbose,
  }, {
    context,
    aws,
    runOnNode: (node, onOutput, signal) =>
      runOnNode({ id: node.id, name: node.name }, spec, {
        context,
        aws,
        notices,
        signal,
        interrupts: { add: () => () => {} },
        onOutput(bytes, stream, done) {
          const { length } = bytes;
          const written = onOutput(bytes, stream);
          if (written === undefined) done(length);
          else written.then(() => done(length), () => {});
        },
      }),
  });
}
