/**
 * `ssm exec`: what runs, with what of this machine, and where.
 *
 * @module
 */

import type { CommandEnd } from "../../lib/session/command_session.ts";
import { CommandOutput } from "../../lib/session/command_output.ts";
import { platformReason, visible } from "../../lib/text.ts";
import { findOrChoose, givenTarget } from "../target/choose_target.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import type { ExecOptions } from "../exec.ts";
import type { FoundTarget } from "../target/find_target.ts";
import { MovedTargetError, rememberTarget } from "../target/guess.ts";
import { Places } from "../target/places.ts";
import type { NodeSessionWorld } from "../node_session.ts";
import { Notices } from "../notices.ts";
import { outputFailure } from "../output_failure.ts";
import { startRecorder } from "../record/start.ts";
import { sessionExitCode } from "../session_end.ts";
import { TimeoutError } from "../signals.ts";
import { refuseInput, runByRunCommand } from "./by_run_command.ts";
import { ownExitCode } from "./command_end.ts";
import { pipedInput } from "./input.ts";
import { Interrupts } from "./interrupts.ts";
import { type CommandWithInput, runOnMany } from "./on_many.ts";
import { type CommandSpec, isAboutDocument, runOnNode } from "./on_node.ts";
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
  const recorder = await startRecorder(
    options.record,
    `ssm exec -t ${options.target ?? ""}`.trimEnd(),
    context,
  );
  const notices = new Notices(recorder.terminal, options, context.log);
  recorder.onFailure = (sentence) => notices.interrupt(sentence);
  try {
    using places = await Places.open(context, options.connection, notices);
    if (options.fleet !== undefined) {
      const what = await commandSpec(options, context, context.signal);
      return await runOnMany(options, what, { context, places, notices });
    }
    using timeout = timeoutOf(options.timeout, context);
    const signal = AbortSignal.any([context.signal, timeout.signal]);
    const world = { context, places, notices, signal };
    return options.tty
      ? await runOnTerminal({
        ...options,
        target: givenTarget(options.target, context),
      }, { ...world, recorder })
      : await runOnOne(options, world);
  } finally {
    await recorder.close();
    await notices.written();
  }
}

/** `--timeout` as a signal; disposing stops the clock. */
function timeoutOf(
  limit: number | undefined,
  { clock }: Context,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const cancel = limit === undefined ? () => {} : clock.setTimer(
    limit,
    () => controller.abort(new TimeoutError(limit)),
  );
  return { signal: controller.signal, [Symbol.dispose]: cancel };
}

async function runOnOne(
  options: ExecOptions,
  outer: NodeSessionWorld,
): Promise<number> {
  const { context, places, notices } = outer;
  const target = givenTarget(options.target, context);
  using interrupts = new Interrupts(
    context,
    () => notices.interrupt("Ctrl-C was passed on; once more ends the session"),
  );
  const signal = AbortSignal.any([outer.signal, interrupts.signal]);
  const [{ spec }, node] = await Promise.all([
    commandSpec(options, context, signal),
    findCommandNode(places, context, { ...options, target }, signal),
  ]);
  const world = { context, places, notices, signal };
  if (options.via === "run-command") {
    if (node.container !== undefined) {
      throw new UsageError(
        "Cannot use --via run-command: Run Command reaches no containers of ECS",
      );
    }
    refuseInput(spec);
    return await runByRunCommand(node, options, world);
  }
  const run = async (node: FoundTarget) => {
    try {
      return await runBySession(node, spec, { ...world, interrupts });
    } catch (error) {
      const other = options.via === undefined &&
        node.container === undefined && isAboutDocument(error) && isPlain(spec);
      if (!other) throw error;
      notices.detail(
        `${visible((error as Error).message)}; by Run Command then`,
      );
      return await runByRunCommand(
        await node.truth?.() ?? node,
        options,
        world,
      );
    }
  };
  try {
    return await run(node);
  } catch (error) {
    if (!(error instanceof MovedTargetError)) throw error;
    return await run(await withFacts(error.node, signal));
  }
}

/** Nothing but words, which is all that Run Command takes. */
function isPlain(spec: CommandSpec): boolean {
  return !spec.binary && spec.input === undefined &&
    spec.script === undefined && Object.keys(spec.variables).length === 0;
}

async function runBySession(
  node: FoundTarget,
  spec: CommandSpec,
  world: Omit<Parameters<typeof runOnNode>[2], "onOutput">,
): Promise<number> {
  const broken = new AbortController();
  const output = new CommandOutput(
    world.context.terminal,
    (reason) => broken.abort(outputFailure(reason)),
  );
  const signal = AbortSignal.any([world.signal, broken.signal]);
  let end: CommandEnd;
  try {
    end = await runOnNode(node, spec, {
      ...world,
      signal,
      onOutput: (bytes, stream, done) => output.push(bytes, stream, done),
    });
  } catch (error) {
    // What came before it is shown before it.
    if (!signal.aborted) await output.drained(signal);
    throw error;
  }
  // Whatever keeps us from writing what came: the command's own code would call it whole.
  if (end.kind !== "signal") await output.drained(signal);
  broken.signal.throwIfAborted();
  return end.kind === "exited"
    ? ownExitCode(end.code)
    : sessionExitCode(end, world.notices);
}

/** What runs, with what it gets of this machine. */
async function commandSpec(
  options: ExecOptions,
  context: Context,
  signal: AbortSignal,
): Promise<CommandWithInput> {
  const { connection, line, binary, reason, script } = options;
  const own = {
    connection,
    line,
    binary,
    reason,
    variables: variablesOf(options.variables, context),
    script: script === undefined ? undefined : await scriptOf(script),
  };
  const piped = options.noStdin
    ? undefined
    : await pipedInput(context.terminal, context.clock, signal);
  return { spec: { ...own, input: piped?.read }, piped };
}

function variablesOf(
  variables: readonly string[],
  context: Context,
): Record<string, string> {
  return Object.fromEntries(variables.map((text) => {
    const at = text.indexOf("=");
    if (at >= 0) {
      // Bytes of argv that are no UTF-8.
      if (text.includes("\ufffd")) throw notText(text.slice(0, at));
      return [text.slice(0, at), text.slice(at + 1)];
    }
    const value = valueOf(text, context);
    if (value === undefined) {
      throw new UsageError(`Cannot pass ${text} on: it is not set here`);
    }
    return [text, value];
  }));
}

/** One of our variables; what Deno throws for bytes that are no text shows them. */
function valueOf(name: string, context: Context): string | undefined {
  try {
    return context.env(name);
  } catch {
    throw notText(name);
  }
}

function notText(name: string): UsageError {
  return new UsageError(`Cannot pass ${name} on: it is not UTF-8`);
}

async function scriptOf(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new UsageError(
      `Cannot read ${visible(path)}: ${platformReason(error)}`,
      [],
      { cause: error },
    );
  }
}

/** The node, with what decides on the way: platform and agent. */
async function findCommandNode(
  places: Places,
  context: Context,
  options: Pick<ExecOptions, "target" | "connection" | "via">,
  signal: AbortSignal,
): Promise<FoundTarget> {
  const use = {
    target: options.target,
    connection: options.connection,
    command: "ssm exec",
    rest: "-- …",
    mayGuess: options.via !== "run-command",
  };
  const node = await findOrChoose(context, places, use, signal);
  const known = await withFacts(node, signal);
  if (known !== node && use.target !== undefined && !node.chosen) {
    await rememberTarget(
      context,
      places,
      { ...use, target: use.target },
      known,
      signal,
    );
  }
  return known;
}

async function withFacts(
  node: FoundTarget,
  signal: AbortSignal,
): Promise<FoundTarget> {
  if (node.platform !== undefined || node.id.startsWith("ecs:")) return node;
  try {
    const filter = { key: "InstanceIds", values: [node.id] };
    for await (const facts of node.place.aws.nodes([filter], signal)) {
      const { platform, agentVersion } = facts;
      return { ...node, platform, agentVersion };
    }
  } catch (error) {
    // Who may not ask tries as with most nodes.
    signal.throwIfAborted();
    if (!(error instanceof Error)) throw error;
  }
  return node;
}
