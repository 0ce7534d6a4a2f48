/**
 * `ssm exec` on one node.
 *
 * @module
 */

import type { ResolvedTarget } from "../../lib/aws/mod.ts";
import type { CommandEnd } from "../../lib/session/command_session.ts";
import { CommandOutput } from "../../lib/session/command_output.ts";
import { visible } from "../../lib/text.ts";
import { chooseTarget, givenTarget } from "../choose_target.ts";
import type { AwsAccess, Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import type { ExecOptions } from "../exec.ts";
import { Notices } from "../notices.ts";
import { sessionExitCode } from "../session_end.ts";
import { TimeoutError } from "../signals.ts";
import { findNode } from "../target.ts";
import { pipedInput } from "./input.ts";
import { Interrupts } from "./interrupts.ts";
import { type CommandSpec, runOnNode } from "./on_node.ts";
import { runOnTerminal } from "./on_terminal.ts";

/**
 * Runs the command.
 * @param options From `parseExec`.
 * @param context The world.
 * @returns The exit code.
 * @throws UsageError, CommandError, AwsCallError, TransportError
 */
export async function runExec(
  options: ExecOptions,
  context: Context,
): Promise<number> {
  const notices = new Notices(context.terminal, options);
  const timeout = new AbortController();
  const cancelTimeout = options.timeout === undefined
    ? () => {}
    : context.clock.setTimer(
      options.timeout,
      () => timeout.abort(new TimeoutError(options.timeout ?? 0)),
    );
  try {
    const target = givenTarget(options.target, context);
    using aws = await context.aws(options.connection);
    if (options.tty) {
      const signal = AbortSignal.any([context.signal, timeout.signal]);
      return await runOnTerminal(
        { ...options, target },
        { context, aws, notices, signal },
      );
    }
    using interrupts = new Interrupts(
      context,
      () =>
        notices.interrupt("Ctrl-C was passed on; once more ends the session"),
    );
    const signal = AbortSignal.any([interrupts.signal, timeout.signal]);
    const use = { connection: options.connection, command: "ssm exec" };
    const [spec, node] = await Promise.all([
      commandSpec(options, context, signal),
      findCommandNode(aws, context, { ...use, target }, signal),
    ]);
    const end = await runPrinting(node, spec, {
      context,
      aws,
      notices,
      interrupts,
      signal,
    });
    return end.kind === "exited" ? end.code : sessionExitCode(end, notices);
  } finally {
    cancelTimeout();
    await notices.written();
  }
}

async function runPrinting(
  node: ResolvedTarget,
  spec: CommandSpec,
  world: Omit<Parameters<typeof runOnNode>[2], "onOutput">,
): Promise<CommandEnd> {
  const broken = new AbortController();
  const output = new CommandOutput(
    world.context.terminal,
    (error) => broken.abort(error),
  );
  const signal = AbortSignal.any([world.signal, broken.signal]);
  const end = await runOnNode(node, spec, {
    ...world,
    signal,
    onOutput: (bytes, stream, done) => output.push(bytes, stream, done),
  });
  await output.drained(world.signal);
  return end;
}

/** What runs, with what it gets of this machine. */
async function commandSpec(
  options: ExecOptions,
  context: Context,
  signal: AbortSignal,
): Promise<CommandSpec> {
  const { connection, line, binary, reason } = options;
  return {
    connection,
    line,
    binary,
    reason,
    variables: variablesOf(options.variables, context),
    script: options.script === undefined
      ? undefined
      : await scriptOf(options.script),
    input: options.noStdin
      ? undefined
      : await pipedInput(context.terminal, context.clock, signal),
  };
}

function variablesOf(
  variables: readonly string[],
  context: Context,
): Record<string, string> {
  return Object.fromEntries(variables.map((text) => {
    const at = text.indexOf("=");
    if (at >= 0) return [text.slice(0, at), text.slice(at + 1)];
    const value = context.env(text);
    if (value === undefined) {
      throw new UsageError(`Cannot pass ${text} on: it is not set here`);
    }
    return [text, value];
  }));
}

async function scriptOf(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new UsageError(
      `Cannot read ${visible(path)}: ${
        error instanceof Error ? error.message : String(error)
      }`,
      [],
      { cause: error },
    );
  }
}

/** The node, with what decides on the way: platform and agent. */
async function findCommandNode(
  aws: AwsAccess,
  context: Context,
  use: {
    readonly target: string | undefined;
    readonly command: string;
    readonly connection: ExecOptions["connection"];
  },
  signal: AbortSignal,
): Promise<ResolvedTarget> {
  const again = { ...use, rest: "-- …" };
  const target = use.target ?? await chooseTarget(context, aws, again, signal);
  const node = await findNode(aws, { ...again, target }, signal);
  if (node.platform !== undefined || node.id.startsWith("ecs:")) return node;
  try {
    const filter = { key: "InstanceIds", values: [node.id] };
    for await (const facts of aws.nodes([filter], signal)) {
      const { platform, agentVersion } = facts;
      return { ...node, platform, agentVersion };
    }
    return node;
  } catch (error) {
    // Who may not ask tries as with most nodes.
    signal.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    return node;
  }
}
