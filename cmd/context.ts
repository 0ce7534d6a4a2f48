/**
 * The world as commands see it, in one value: terminal, environment, clock, signals, and thunks
 * that load what is heavy when it is first needed. Built for real here; `tests/testkit/context.ts`
 * builds it from buffers. The one place where adapters meet sessions.
 *
 * @module
 */

import type { CommandContext } from "@stricli/core";
import { systemClock } from "../lib/io/clock.ts";
import type { CopyOptions } from "../lib/copy/copy.ts";
import type { ProcessTerminal } from "../lib/io/terminal.ts";
import type { Forward, ForwardOptions } from "../lib/session/forward.ts";
import type {
  RemoteCommandOptions,
  RemoteCommandRun,
} from "../lib/session/remote_command.ts";
import type { SessionEnd, ShellOptions } from "../lib/session/shell.ts";
import type {
  StdioEnd,
  StdioSessionOptions,
} from "../lib/session/stdio_session.ts";
import type {
  Clock,
  LocalListener,
  Terminal,
} from "../lib/session/transport.ts";
import type {
  SimulatedNode,
  Simulator,
  SimulatorOptions,
} from "../lib/simulator/options.ts";
import type { SimulatedTask } from "../lib/simulator/tasks.ts";
import type {
  AwsAccess,
  Connection,
  ContainerCommandRequest,
  RunCommandAccess,
  SessionRequest,
  StartedSession,
} from "./aws_access.ts";
import { openAwsAccess } from "./open_aws_access.ts";
import {
  type BackgroundProgram,
  runInBackground,
} from "./background_program.ts";
import type { RecentNodes } from "./choose/recents.ts";
import type { DoctorCalls } from "./doctor/calls.ts";
import type { LocalSpec } from "./forward/spec.ts";
import { CommandLog } from "./log.ts";
import { ownCommand } from "./own_command.ts";
import { onStatusRequest, type ProcessSignals } from "./process_signals.ts";
import {
  type ChildEnd,
  type ChildProgram,
  type EnvironmentChanges,
  runProgram,
} from "./run_program.ts";
import { openTargetMemory, type TargetMemory } from "./target/memory.ts";
import type { SshTools } from "./ssh/tools.ts";

export type {
  AwsAccess,
  ChildEnd,
  ChildProgram,
  Connection,
  ContainerCommandRequest,
  EnvironmentChanges,
  RunCommandAccess,
  SessionRequest,
  StartedSession,
};

/** The simulator's door. */
export interface SimulatorAccess {
  readonly defaults: SimulatorOptions;
  /** Reads node descriptions; throws `FleetError`. */
  parseNodes(
    descriptions: readonly string[],
    seed: number,
  ): readonly SimulatedNode[];
  /** Makes many nodes; throws `FleetError`. */
  makeNodes(
    count: number,
    seed: number,
    regions: readonly string[],
  ): readonly SimulatedNode[];
  /** Reads descriptions of ECS tasks; throws `FleetError`. */
  parseTasks(
    descriptions: readonly string[],
    seed: number,
  ): readonly SimulatedTask[];
  /** Starts it; it must be closed. */
  start(options: SimulatorOptions): Promise<Simulator>;
}

/** Everything that commands use of the world. */
export interface Context {
  readonly terminal: Terminal;
  /** True when somebody can be asked: standard input and error are a terminal. */
  readonly attended: boolean;
  /** True when standard error is a terminal. */
  readonly errorIsTerminal: boolean;
  /** True when standard output is a terminal. */
  readonly outputIsTerminal: boolean;
  /** True when text on standard error may be coloured. */
  readonly color: boolean;
  /** The same of standard output. */
  readonly outputColor: boolean;
  /** Nothing is coloured from now on, as with --no-color. */
  withoutColor(): void;
  /** Who names the profile of `--profile`, where it was not typed: `SSM_PROFILE`. */
  profileSource: string | undefined;
  readonly clock: Clock;
  /** What happens, for whoever looks for a fault. */
  readonly log: CommandLog;
  /** Aborted by a signal from outside, with a SignalError. */
  readonly signal: AbortSignal;
  /** An environment variable; an empty one counts as not set. */
  env(name: string): string | undefined;
  /** Changes our own environment, which the AWS SDK reads. */
  setEnvironment(changes: EnvironmentChanges): void;
  /**
   * Takes the signals from outside in place of `signal`, until disposed.
   * @param handle Gets each signal's name.
   */
  onSignal(handle: (signal: Deno.Signal) => void): Disposable;
  /**
   * Takes the signals that ask how it goes (SIGUSR1, SIGINFO), until disposed.
   * @param handle Called for each.
   */
  onStatusRequest(handle: () => void): Disposable;
  /** What targets were when they were last looked up. */
  targetMemory(): TargetMemory;
  /** The calls to AWS. Nothing is called yet. */
  aws(connection: Connection): Promise<AwsAccess>;
  /** What `ssm doctor` asks of the world. Nothing is called yet. */
  doctor(connection: Connection): Promise<DoctorCalls>;
  /** Runs a shell session to its end. */
  shell(options: ShellOptions): Promise<SessionEnd>;
  /** Makes a command on a node, which is still to be run. */
  remoteCommand(options: RemoteCommandOptions): Promise<RemoteCommandRun>;
  /** Runs a session between standard input and output and a port to its end. */
  stdioSession(options: StdioSessionOptions): Promise<StdioEnd>;
  /** The nodes that this user had sessions on last. */
  recentNodes(): Promise<RecentNodes>;
  /** What the commands for ssh need of this machine. */
  sshTools(): Promise<SshTools>;
  /** Makes a forward, which is still to be started. */
  forward(options: ForwardOptions): Promise<Forward>;
  /** Copies files, to and from those of this machine. */
  copy(options: Omit<CopyOptions, "files">): Promise<void>;
  /**
   * Listens on this machine.
   * @throws PortInUseError, ListenError
   */
  listen(local: LocalSpec): Promise<LocalListener[]>;
  /** The simulator. */
  simulator(): Promise<SimulatorAccess>;
  /**
   * Starts a program on our standard streams.
   * @throws Deno.errors.NotFound, Deno.errors.PermissionDenied
   */
  run(
    command: readonly string[],
    environment: EnvironmentChanges,
  ): ChildProgram;
  /** Starts another one of us, with our arguments, that outlives us. */
  runInBackground(): BackgroundProgram;
  /**
   * Opens a page in the user's browser; false where there seems to be none. Whether it was shown
   * nobody knows.
   * @param url From `browserUrl`.
   */
  openBrowser(url: string): Promise<boolean>;
  /** argv that starts another one of us, without its arguments. */
  ownCommand(): readonly string[];
}

/** What the parser hands to a command function as `this`. */
export interface CommandWorld extends CommandContext {
  readonly context: Context;
  /** What followed the first `--`; `undefined` without one. */
  readonly rest: readonly string[] | undefined;
  /** The flags that a variable, the user's file or an alias gave, by name: where from. */
  readonly sources: ReadonlyMap<string, string>;
  /** The command's exit code, unless it throws. */
  setExitCode(code: number): void;
}

/**
 * The real world.
 * @param terminal The terminal of this process.
 * @param signals The signals of this process.
 */
export function processContext(
  terminal: ProcessTerminal,
  signals: ProcessSignals,
): Context {
  const env = (name: string) => Deno.env.get(name) || undefined;
  const log = new CommandLog();
  let mayColor = !Deno.noColor && env("TERM") !== "dumb" &&
    env("CLICOLOR") !== "0";
  let targetMemory: TargetMemory | undefined;
  let profileSource: string | undefined;
  return {
    terminal,
    attended: terminal.interactive && terminal.errorIsTerminal,
    errorIsTerminal: terminal.errorIsTerminal,
    outputIsTerminal: terminal.outputIsTerminal,
    get color() {
      return terminal.errorIsTerminal && mayColor;
    },
    get outputColor() {
      return terminal.outputIsTerminal && mayColor;
    },
    withoutColor: () => void (mayColor = false),
    get profileSource() {
      return profileSource;
    },
    set profileSource(source) {
      profileSource = source;
    },
    clock: systemClock,
    log,
    signal: signals.signal,
    env,
    setEnvironment(changes) {
      for (const [name, value] of Object.entries(changes)) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    },
    onSignal: (handle) => signals.intercept(handle),
    onStatusRequest,
    targetMemory: () => targetMemory ??= openTargetMemory(env),
    aws: (connection) =>
      openAwsAccess(connection, {
        terminal,
        signal: signals.signal,
        log,
        profileSource,
      }),
    async doctor(connection) {
      const { openDoctorCalls } = await import("./doctor/open_calls.ts");
      return openDoctorCalls(connection, terminal, {
        env,
        signal: signals.signal,
        log,
        profileSource,
      });
    },
    async shell(options) {
      const { runShell } = await import("../lib/session/shell.ts");
      return await runShell(options);
    },
    async remoteCommand(options) {
      const { RemoteCommand } = await import(
        "../lib/session/remote_command.ts"
      );
      return new RemoteCommand(options);
    },
    async stdioSession(options) {
      const { runStdioSession } = await import(
        "../lib/session/stdio_session.ts"
      );
      return await runStdioSession(options);
    },
    async recentNodes() {
      const [{ recentNodesIn }, { cacheFolder }] = await Promise.all([
        import("./choose/recents.ts"),
        import("./cache_folder.ts"),
      ]);
      const folder = cacheFolder(env);
      return recentNodesIn(folder && `${folder}/recent.json`);
    },
    async sshTools() {
      const { sshTools } = await import("./ssh/tools.ts");
      return sshTools;
    },
    async forward(options) {
      const { Forward } = await import("../lib/session/forward.ts");
      return new Forward(options);
    },
    async copy(options) {
      const [{ runCopy }, { localFiles }] = await Promise.all([
        import("../lib/copy/copy.ts"),
        import("../lib/io/local_files.ts"),
      ]);
      await runCopy({ ...options, files: localFiles() });
    },
    async listen(local) {
      const { listenLocal, listenTcp } = await import(
        "../lib/io/local_listener.ts"
      );
      return local.kind === "unix"
        ? [await listenLocal(local)]
        : listenTcp(local.hosts, local.optionalHosts, local.port);
    },
    async simulator() {
      const {
        defaultOptions,
        makeNodes,
        parseNodes,
        parseTasks,
        startSimulator,
      } = await import("../lib/simulator/mod.ts");
      return {
        defaults: defaultOptions,
        parseNodes,
        makeNodes,
        parseTasks,
        start: startSimulator,
      };
    },
    run: runProgram,
    async openBrowser(url) {
      const { openBrowser } = await import("./login/browser.ts");
      return openBrowser(url, env);
    },
    ownCommand,
    runInBackground: () => runInBackground(terminal.errorIsTerminal),
  };
}
