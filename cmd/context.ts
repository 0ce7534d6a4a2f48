/**
 * The world as commands see it, in one value: terminal, environment, clock, signals, and thunks
 * that load what is heavy when it is first needed. Built for real here; `tests/testkit/context.ts`
 * builds it from buffers. The one place where adapters meet sessions.
 *
 * @module
 */

import type { CommandContext } from "@stricli/core";
import type { AwsSettings, NodeList, ResolvedTarget } from "../lib/aws/mod.ts";
import { systemClock } from "../lib/io/clock.ts";
import type { ProcessTerminal } from "../lib/io/terminal.ts";
import type { SessionControl, SessionGrant } from "../lib/session/control.ts";
import type { Forward, ForwardOptions } from "../lib/session/forward.ts";
import type { SessionEnd, ShellOptions } from "../lib/session/shell.ts";
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
import { shellQuote, visible } from "../lib/text.ts";
import { version } from "../lib/version.ts";
import {
  type BackgroundProgram,
  runInBackground,
} from "./background_program.ts";
import type { TransportKind } from "./flags.ts";
import type { LocalSpec } from "./forward/spec.ts";
import { onStatusRequest, type ProcessSignals } from "./process_signals.ts";
import { connectionArguments } from "./target.ts";

/** Where and as whom to call AWS. */
export interface Connection {
  readonly profile: string | undefined;
  readonly region: string | undefined;
  readonly endpointUrl: string | undefined;
  readonly transport: TransportKind;
  /** Hosts besides AWS's own that sessions may be carried by. */
  readonly streamHosts: readonly string[];
}

/** What to start a session with (api.md §2). */
export interface SessionRequest {
  /** A node's id. */
  readonly target: string;
  readonly documentName: string | undefined;
  readonly parameters: Readonly<Record<string, readonly string[]>> | undefined;
  readonly reason: string | undefined;
  /** What to type to begin anew, without the target: `ssm shell`. */
  readonly command: string;
  /** What to type behind the target, quoted: `--remote 80`. */
  readonly rest?: string;
}

/** A session that StartSession gave: from here on it must be ended. */
export interface StartedSession {
  readonly grant: SessionGrant;
  readonly control: SessionControl;
}

/** The calls to AWS that commands make, for one identity and region. */
export interface AwsAccess extends Disposable {
  /** Finds the node; rejects with the errors of `lib/aws/target.ts` and AwsCallError. */
  resolveTarget(text: string, signal: AbortSignal): Promise<ResolvedTarget>;
  /** Some nodes to choose from, at most `limit`; rejects with AwsCallError. */
  listNodes(limit: number, signal: AbortSignal): Promise<NodeList>;
  /**
   * StartSession. When the signal aborts meanwhile, the session is terminated.
   * @param notice Takes sentences about what went on differently than planned.
   */
  startSession(
    request: SessionRequest,
    notice: (message: string) => void,
    signal: AbortSignal,
  ): Promise<StartedSession>;
  /** Why a node is not connected, as a phrase. */
  diagnose(id: string, signal: AbortSignal): Promise<string>;
}

/** The simulator's door. */
export interface SimulatorAccess {
  readonly defaults: SimulatorOptions;
  /** Reads node descriptions; throws `FleetError`. */
  parseNodes(
    descriptions: readonly string[],
    seed: number,
  ): readonly SimulatedNode[];
  /** Makes many nodes; throws `FleetError`. */
  makeNodes(count: number, seed: number): readonly SimulatedNode[];
  /** Starts it; it must be closed. */
  start(options: SimulatorOptions): Promise<Simulator>;
}

/** Variables to set, and (`undefined`) to take away. */
export type EnvironmentChanges = Readonly<Record<string, string | undefined>>;

/** How another program ended. */
export interface ChildEnd {
  readonly code: number;
  /** Set when a signal ended it. */
  readonly signal: string | undefined;
}

/** Another program, on our standard streams. */
export interface ChildProgram {
  readonly ended: Promise<ChildEnd>;
  kill(signal: Deno.Signal): void;
}

/** Everything that commands use of the world. */
export interface Context {
  readonly terminal: Terminal;
  /** True when somebody can be asked: standard input and error are a terminal. */
  readonly attended: boolean;
  /** True when standard error is a terminal. */
  readonly errorIsTerminal: boolean;
  /** True when text on standard error may be coloured. */
  readonly color: boolean;
  readonly clock: Clock;
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
  /** The calls to AWS. Nothing is called yet. */
  aws(connection: Connection): Promise<AwsAccess>;
  /** Runs a shell session to its end. */
  shell(options: ShellOptions): Promise<SessionEnd>;
  /** Makes a forward, which is still to be started. */
  forward(options: ForwardOptions): Promise<Forward>;
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
}

/** What the parser hands to a command function as `this`. */
export interface CommandWorld extends CommandContext {
  readonly context: Context;
  /** What followed the first `--`; `undefined` without one. */
  readonly rest: readonly string[] | undefined;
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
  return {
    terminal,
    attended: terminal.interactive && terminal.errorIsTerminal,
    errorIsTerminal: terminal.errorIsTerminal,
    color: terminal.errorIsTerminal && !Deno.noColor && env("TERM") !== "dumb",
    clock: systemClock,
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
    aws: (connection) => awsAccess(connection, terminal, signals.signal),
    async shell(options) {
      const { runShell } = await import("../lib/session/shell.ts");
      return await runShell(options);
    },
    async forward(options) {
      const { Forward } = await import("../lib/session/forward.ts");
      return new Forward(options);
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
      const { defaultOptions, makeNodes, parseNodes, startSimulator } =
        await import("../lib/simulator/mod.ts");
      return {
        defaults: defaultOptions,
        parseNodes,
        makeNodes,
        start: startSimulator,
      };
    },
    run: runProgram,
    runInBackground: () => runInBackground(terminal.errorIsTerminal),
  };
}

async function awsAccess(
  connection: Connection,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<AwsAccess> {
  const { Aws, AwsCallError, streamHosts } = await import("../lib/aws/mod.ts");
  /** The command that starts anew, once a session has the terminal. */
  let again: string | undefined;
  const env = (name: string) => Deno.env.get(name);
  const settings: AwsSettings = {
    profile: connection.profile,
    region: connection.region,
    endpointUrl: connection.endpointUrl,
    version,
    mfaCode: async (serial) => {
      // Keys are the session's then, whose output the question would stand in the middle of.
      if (again !== undefined) {
        throw new AwsCallError({
          action: "credentials",
          code: "NoMfaCode",
          kind: "expired-credentials",
          reason: `those of the MFA device ${visible(serial)} have expired, ` +
            "and no code can be asked for while a session has the terminal",
          hints: [again],
        });
      }
      const { askMfaCode } = await import("./mfa_prompt.ts");
      return await askMfaCode(terminal, serial, signal);
    },
    trust: {
      async named(caBundle) {
        const { namedCertificates } = await import("../lib/io/trust.ts");
        return await namedCertificates({ env, caBundle });
      },
      async system() {
        const { systemCertificates } = await import("../lib/io/trust.ts");
        return await systemCertificates();
      },
    },
  };
  const aws = new Aws(settings);
  return {
    resolveTarget: (text, signal) => aws.resolveTarget(text, signal),
    listNodes: (limit, signal) => aws.listNodes(limit, signal),
    async startSession(request, notice, signal) {
      // All that can fail without a session comes before there is one. The session's own code
      // loads while AWS answers.
      const [{ openTransport }, { caBundle }] = await Promise.all([
        import("../lib/io/web_socket.ts"),
        aws.resolved(),
      ]);
      (request.command === "ssm shell"
        ? import("../lib/session/shell.ts")
        : import("../lib/session/forward.ts")).catch(() => {});
      const open = openTransport({
        kind: connection.transport,
        clock: systemClock,
        env,
        caBundle,
      });
      const grant = await aws.ssm.startSession(request, signal);
      again = `${request.command} ${shellQuote(request.target)}` +
        (request.rest === undefined ? "" : ` ${request.rest}`) +
        connectionArguments(connection);
      const control = aws.sessionControl({
        sessionId: grant.sessionId,
        target: request.target,
        openTransport: open,
        streamHosts: streamHosts(connection.streamHosts, env),
        notice,
      });
      return { grant, control };
    },
    diagnose: async (id, signal) => (await aws.diagnose(id, signal)).phrase,
    [Symbol.dispose]: () => aws.close(),
  };
}

function runProgram(
  command: readonly string[],
  environment: EnvironmentChanges,
): ChildProgram {
  const [program = "", ...args] = command;
  const variables = { ...Deno.env.toObject() };
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) delete variables[name];
    else variables[name] = value;
  }
  const child = new Deno.Command(program, {
    args,
    env: variables,
    clearEnv: true,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  return {
    ended: child.status.then(({ code, signal }) => ({
      code,
      signal: signal ?? undefined,
    })),
    kill(signal) {
      try {
        child.kill(signal);
      } catch {
        // It has just ended.
      }
    },
  };
}
