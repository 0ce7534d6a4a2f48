/**
 * `ssm simulate`: a Session Manager on this machine.
 *
 * @module
 */

import { buildCommand } from "@stricli/core";
import { shellQuote } from "../lib/text.ts";
import { runChild } from "./child.ts";
import type {
  CommandWorld,
  Context,
  EnvironmentChanges,
  SimulatorAccess,
} from "./context.ts";
import { CommandError, exitCodes, UsageError } from "./errors.ts";
import { generalAliases } from "./flags.ts";
import { fullDescription } from "./help.ts";
import { Notices } from "./notices.ts";
import { signalExitCode } from "./signals.ts";
import {
  parseFaults,
  type SimulateFlags,
  simulateFlags,
} from "./simulate_flags.ts";
import { parseHosts, parsePorts } from "./simulate_values.ts";
import type { Simulator, SimulatorOptions } from "../lib/simulator/options.ts";

/** The command, for the tree in `mod.ts`. */
export const simulateCommand = buildCommand<SimulateFlags, [], CommandWorld>({
  docs: {
    brief: "Run a Session Manager on this machine, to try and to test",
    fullDescription: fullDescription({
      usage: "simulate [flags] [-- command…]",
      description:
        "Runs a Session Manager on 127.0.0.1, with nodes whose shell is a program of\n" +
        "this machine. With a command, runs it with the environment that leads every AWS\n" +
        "client to the simulator, and ends with its exit code; without, prints that\n" +
        "environment and runs until Ctrl-C. Other users of the machine get no session.",
      examples: [
        [
          "A shell through the whole protocol",
          "ssm simulate -- ssm shell web-server",
        ],
        [
          "Until Ctrl-C; what it prints makes any other shell a client",
          "ssm simulate",
        ],
        [
          "Two nodes, one of them offline, on a bad line",
          "ssm simulate --node name=web --node name=db,offline \\\n" +
          "    --loss 0.05 --latency 80 -- bash",
        ],
        [
          "A connection that is closed every 100 kB, five times",
          "ssm simulate --close-after-bytes 100000 --close-limit 5 \\\n" +
          "    -- ssm shell web-server",
        ],
        [
          "Sessions encrypted with KMS",
          "ssm simulate --kms-key alias/sessions -- ssm shell web-server",
        ],
        [
          "A shell in a container of one of two ECS tasks",
          "ssm simulate --task service=web --task service=web,container=app+log \\\n" +
          "    -- ssm shell ecs:prod/web",
        ],
      ],
      notes: `A node is described by any of these, separated by commas:
  name=…          its Name tag; tag:KEY=… another tag
  id=…            i- or mi- and 17 hex digits
  platform=…      Linux, Windows or MacOS
  agent=…         its agent's version, 3.3.987.0 if nothing is said
  address=…       its private IP address
  public=…        its public IP address
  ipv6=…          its IPv6 address
  computer=…      its host name
  region=…        one of the simulator's; the first if nothing is said
  offline         its agent has lost the connection
  inactive        its agent is inactive
  stopped, terminated
                  states of its EC2 instance
  unregistered    EC2 knows it, Session Manager does not
  no-profile      its EC2 instance has no instance profile
  managed         it is an mi- node, which EC2 does not know

An ECS task is described likewise; its containers run programs of this machine:
  cluster=…       its cluster, prod if nothing is said
  service=…       its service, web if nothing is said; alone: it has none
  family=…, id=…  its definition's family; 32 hex digits
  container=…     its containers, app if nothing is said, as app+worker
  sidecar=…       more of them, which are not essential
  launch=…        FARGATE or EC2; version=… Fargate's platform version
  platform=…      Linux or Windows
  no-exec         execute command is not enabled
  no-role, no-permission
                  it has no task role, or one that may not open channels
  read-only       its root file systems cannot be written
  agent-pending, agent-stopped
                  states of the agents in its containers
  pending, stopped
                  states of the task

Nodes forward to ports of this machine only. A --host gives one of its loopback
addresses a name to forward to, as db.internal=127.0.0.1; with the address
blackhole it is a host that drops whatever comes. Nodes know no other names.

Scripts of Run Command run on this machine. Where a command goes to more than 50
nodes they are imitated without processes: echo, exit, true, false, sleep,
hostname, seq, test, sh -c, variables, ;, && and || are understood.

Exit codes:
  125    the simulator could not be started
  126    the command cannot be executed
  127    the command does not exist
  128+n  ended by signal n
  else   the command's own`,
    }),
  },
  parameters: { flags: simulateFlags, aliases: generalAliases },
  async func(flags) {
    const options = parseSimulate(flags, this.rest);
    this.setExitCode(await runSimulate(options, this.context));
  },
});

/** What `ssm simulate` is to do. */
export interface SimulateOptions {
  readonly nodes: readonly string[];
  /** How many nodes to make besides. */
  readonly count: number;
  readonly tasks: readonly string[];
  /** Everything but nodes, tasks and the log; what is not asked for is left out. */
  readonly simulator: Partial<
    Omit<SimulatorOptions, "nodes" | "tasks" | "log">
  >;
  readonly command: readonly string[] | undefined;
  readonly demo: boolean;
  readonly quiet: boolean;
  readonly verbose: number;
}

/**
 * Flags and arguments into what is to be done.
 * @param flags As parsed.
 * @param rest What followed `--`.
 * @throws UsageError
 */
export function parseSimulate(
  flags: SimulateFlags,
  rest: readonly string[] | undefined,
): SimulateOptions {
  if (rest?.length === 0 || rest?.[0] === "") {
    throw new UsageError("Cannot run a command: none follows the --", [
      "ssm simulate -- ssm shell web-server",
    ]);
  }
  if (flags.demo && rest !== undefined) {
    throw new UsageError("Cannot run a command: --demo runs ssm shell itself");
  }
  return {
    nodes: flags.node ?? [],
    count: flags.nodes ?? 0,
    tasks: flags.task ?? [],
    simulator: {
      ...regionOptions(flags.region),
      ...(flags.kmsKey === undefined ? {} : { kmsKeyId: flags.kmsKey }),
      ...(flags.shell === undefined
        ? {}
        : { shell: ["/bin/sh", "-c", `exec ${flags.shell}`] }),
      pace: flags.pace,
      faults: parseFaults(flags),
      separateOutput: flags.separateOutput,
      allowUnsignedUpgrade: flags.allowUnsignedUpgrade,
      idleTimeout: (flags.idleTimeout ?? 0) / 1000,
      maxDuration: (flags.maxDuration ?? 0) / 1000,
      denyDocuments: flags.denyDocument ?? [],
      deny: flags.deny ?? [],
      preferences: flags.noPreferences
        ? undefined
        : Object.fromEntries(flags.preference ?? []),
      clockSkew: (flags.clockSkew ?? 0) * 1000,
      refuseUpgrade: flags.refuseUpgrade ?? 0,
      hosts: parseHosts(flags.host ?? []),
      ...(flags.scripts === undefined ? {} : { scripts: flags.scripts }),
      ...(flags.apiRate === undefined ? {} : { apiRate: flags.apiRate }),
      ...(flags.signIn === undefined && flags.signInPolls === undefined ? {} : {
        signIn: {
          answer: flags.signIn ?? "approve",
          polls: flags.signInPolls ?? 1,
          slowDown: false,
        },
      }),
      ports: parsePorts(flags.portMap ?? []),
      authorizedKeys: flags.authorizedKeys,
    },
    command: rest,
    demo: flags.demo,
    quiet: flags.quiet,
    verbose: flags.verbose,
  };
}

/** The clients' region and the others. */
function regionOptions(
  names: readonly string[] | undefined,
): Pick<SimulateOptions["simulator"], "region" | "moreRegions"> {
  const [region, ...moreRegions] = names ?? [];
  return region === undefined ? {} : { region, moreRegions };
}

/** Settings of ours that would lead `ssm` past the simulator. */
const ownConflicts = ["SSM_PROFILE", "SSM_REGION", "SSM_ENDPOINT_URL"];

/**
 * Runs the simulator, and the command in it.
 * @param options From {@linkcode parseSimulate}.
 * @param context The world.
 * @returns The exit code.
 */
export async function runSimulate(
  options: SimulateOptions,
  context: Context,
): Promise<number> {
  const notices = new Notices(context.terminal, options, context.log);
  const access = await context.simulator();
  const { seed } = { ...access.defaults.faults, ...options.simulator.faults };
  const { region, moreRegions = [] } = options.simulator;
  const regions = region === undefined ? [] : [region, ...moreRegions];
  const asked = [
    ...access.parseNodes(options.nodes, seed),
    ...access.makeNodes(options.count, seed, regions),
  ];
  const tasks = access.parseTasks(options.tasks, seed);
  await using simulator = await start(access, {
    ...access.defaults,
    ...options.simulator,
    nodes: asked.length > 0 ? asked : access.defaults.nodes,
    tasks: tasks.length > 0 ? tasks : access.defaults.tasks,
    log: (line) => notices.detail(line),
  });
  const changes: EnvironmentChanges = {
    ...Object.fromEntries(
      [...ownConflicts, ...simulator.unset].map((name) => [name, undefined]),
    ),
    ...simulator.environment,
  };
  try {
    if (options.demo) {
      context.setEnvironment(changes);
      const { runDemo } = await import("./demo.ts");
      return await runDemo(context);
    }
    return options.command === undefined
      ? await serve(simulator, changes, context, notices)
      : await runChild(options.command, changes, context);
  } finally {
    await notices.written();
  }
}

async function start(
  access: SimulatorAccess,
  options: SimulatorOptions,
): Promise<Simulator> {
  try {
    return await access.start(options);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new CommandError(
        `Cannot start the simulator: ${error.message}`,
        exitCodes.failed,
        [],
        [],
        { cause: error },
      );
    }
    throw error;
  }
}

/** Prints the environment and waits for a signal; Ctrl-C is how this is meant to end. */
async function serve(
  simulator: Simulator,
  changes: EnvironmentChanges,
  context: Context,
  notices: Notices,
): Promise<number> {
  await context.terminal.write(
    new TextEncoder().encode(exportLines(changes)),
  );
  notices.say(
    `Session Manager runs at ${simulator.endpoint}; Ctrl-C ends it\n` +
      "Put the lines above into another shell, then try there: ssm shell web-server",
  );
  const { promise, resolve } = Promise.withResolvers<number>();
  using _handler = context.onSignal((signal) =>
    resolve(signal === "SIGINT" ? exitCodes.success : signalExitCode(signal))
  );
  return await promise;
}

/**
 * The changes as lines for a POSIX shell.
 * @param changes Variables.
 */
export function exportLines(changes: EnvironmentChanges): string {
  const taken = Object.entries(changes)
    .filter(([, value]) => value === undefined).map(([name]) => name);
  const lines = Object.entries(changes).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [`export ${name}=${value === "" ? "''" : shellQuote(value)}`]
  );
  return [...(taken.length > 0 ? [`unset ${taken.join(" ")}`] : []), ...lines]
    .join("\n") + "\n";
}
