/**
 * `ssm exec` on many nodes: each by a session of its own, or all by Run Command.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { CommandError, exitCodes, UsageError } from "../errors.ts";
import type { ExecOptions } from "../exec.ts";
import { Notices, type NoticeTerminal } from "../notices.ts";
import { refuseInput } from "./by_run_command.ts";
import { runFleet } from "./fleet/run.ts";
import type { PipedInput } from "./input.ts";
import type { Places } from "../target/places.ts";
import { type CommandSpec, runOnNode } from "./on_node.ts";
import { scriptLines } from "./script_lines.ts";

/** What runs, and what was seen of standard input. */
export interface CommandWithInput {
  readonly spec: CommandSpec;
  /** What `spec` reads, if anything. */
  readonly piped: PipedInput | undefined;
}

/**
 * Runs the command.
 * @param options What and where; `fleet` is set.
 * @param what What.
 * @param world With what.
 * @returns The exit code of all together.
 * @throws UsageError, CommandError, AwsCallError
 */
export async function runOnMany(
  options: ExecOptions,
  { spec, piped }: CommandWithInput,
  world: ManyWorld,
): Promise<number> {
  const { fleet } = options;
  if (fleet === undefined) throw new TypeError("There is one node");
  if (fleet.tags.length === 0 && fleet.targets.length === 1) {
    if (options.via === "run-command") refuseInput(spec);
    return await runAll(options, fleet, spec, world);
  }
  if (piped?.silent === false) {
    throw new UsageError(
      "Cannot pass standard input on to many nodes: it can be read once",
      ["ssm exec … --no-stdin -- …"],
    );
  }
  if (piped !== undefined) {
    world.notices.say(
      "Standard input is open, and nothing is in it: the nodes get none (-n does not look)",
    );
  }
  const code = await runAll(
    options,
    fleet,
    { ...spec, input: undefined },
    world,
  );
  if (!piped?.cameLate) return code;
  throw new CommandError(
    "Standard input had something in it later, which no node got: " +
      "it is not passed on to many nodes",
    code || exitCodes.sessionFailed,
    ["ssm exec … --no-stdin -- …"],
  );
}

/** With what. */
interface ManyWorld {
  readonly context: Context;
  readonly places: Places;
  readonly notices: Notices;
}

async function runAll(
  { connection, line, timeout, quiet, verbose, ...options }: ExecOptions,
  fleet: NonNullable<ExecOptions["fleet"]>,
  spec: CommandSpec,
  { context, places }: ManyWorld,
): Promise<number> {
  const commands = new Set<() => boolean>();
  const bound = spec.binary || spec.script !== undefined ||
    spec.input !== undefined ||
    Object.keys(spec.variables).length > 0;
  return await runFleet({
    ...fleet,
    connection,
    // What only a session carries is not left out for the number of nodes.
    via: options.via ?? (bound ? "session" : "auto"),
    script: scriptLines(line),
    reason: options.reason,
    timeout,
    quiet,
    verbose,
  }, {
    context,
    places,
    interrupt: () => [...commands].filter((pass) => pass()).length > 0,
    runOnNode: (node, onOutput, signal, say) =>
      runOnNode(node, spec, {
        context,
        places,
        notices: new Notices(sayingTerminal(say), {
          quiet,
          verbose: Math.max(0, verbose - 1),
        }, context.log),
        signal,
        interrupts: {
          add(pass) {
            commands.add(pass);
            return () => commands.delete(pass);
          },
        },
        onOutput(bytes, stream, done) {
          const { length } = bytes;
          const written = onOutput(bytes, stream);
          if (written === undefined) done(length);
          else written.then(() => done(length), () => {});
        },
      }),
  });
}

/** What is written to it is said, line by line: many share the terminal. */
function sayingTerminal(say: (sentence: string) => void): NoticeTerminal {
  return {
    interactive: false,
    writeError(bytes) {
      for (const line of new TextDecoder().decode(bytes).split("\n")) {
        if (line !== "") say(line);
      }
      return Promise.resolve();
    },
  };
}
