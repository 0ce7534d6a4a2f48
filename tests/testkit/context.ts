/**
 * The world of a command, from buffers: what it asks for is written down, what it gets is up to
 * the test.
 *
 * @module
 */

import type {
  AwsAccess,
  ChildEnd,
  Connection,
  ContainerCommandRequest,
  Context,
  EnvironmentChanges,
  SessionRequest,
} from "../../cmd/context.ts";
import { unknownFacts } from "../../lib/aws/diagnose.ts";
import type { RegionList } from "../../lib/aws/mod.ts";
import type { NodeDiagnosis } from "../../cmd/aws_access.ts";
import type {
  RemoteCommandEnd,
  RemoteCommandOptions,
  RemoteCommandRun,
} from "../../lib/session/remote_command.ts";
import type { CopyOptions } from "../../lib/copy/copy.ts";
import type { SessionEnd, ShellOptions } from "../../lib/session/shell.ts";
import {
  defaultOptions,
  type Simulator,
  type SimulatorOptions,
} from "../../lib/simulator/options.ts";
import type { RecentNode, RecentNodes } from "../../cmd/choose/recents.ts";
import type { TargetMemory } from "../../cmd/target/memory.ts";
import type { SshTools } from "../../cmd/ssh/tools.ts";
import type {
  StdioEnd,
  StdioSessionOptions,
} from "../../lib/session/stdio_session.ts";
import type { BackgroundProgram } from "../../cmd/background_program.ts";
import type { LocalSpec } from "../../cmd/forward/spec.ts";
import { CommandLog } from "../../cmd/log.ts";
import type { Forward, ForwardOptions } from "../../lib/session/forward.ts";
import type { LocalListener } from "../../lib/session/transport.ts";
import { FakeForward } from "./fake_forward.ts";
import { FakeListener } from "./fake_local.ts";
import { FakeControl } from "./fake_session.ts";
import { ManualClock } from "./manual_clock.ts";
import { MemoryTerminal } from "./memory_terminal.ts";

/** A child of a {@linkcode TestContext}. */
export interface FakeChild {
  readonly command: readonly string[];
  readonly environment: EnvironmentChanges;
  readonly signals: Deno.Signal[];
  /** Ends it. */
  end(end: ChildEnd): void;
}

/** A call, told where and as whom it is made. */
type At<Call extends (...args: never[]) => unknown> = (
  ...args: [...Parameters<Call>, connection?: Connection]
) => ReturnType<Call>;
/**
 * A diagnosis of which nothing is known but the phrase.
 * @param id The node.
 * @param phrase Why it is not connected.
 * @param known What is known besides.
 */
export function diagnosisOf(
  id: string,
  phrase: string,
  known: Partial<NodeDiagnosis["facts"]> = {},
): NodeDiagnosis {
  return {
    facts: { ...unknownFacts(id, phrase), ...known },
    region: undefined,
    elsewhere: [],
  };
}

/** Run Command in a test that has none. */
class NoRunCommand {
  send = () => this.#none();
  invocation = () => this.#none();
  page = () => this.#none();
  progress = () => this.#none();
  cancel = () => this.#none();

  #none(): Promise<never> {
    return Promise.reject(new Error("Run Command is not there in this test"));
  }
}

/** A {@linkcode Context} that a test looks into. */
export class TestContext implements Context {
  readonly terminal: MemoryTerminal;
  attended: boolean;
  errorIsTerminal = false;
  outputIsTerminal = false;
  color = false;
  outputColor = false;
  profileSource: string | undefined;
  readonly clock = new ManualClock();
  readonly log = new CommandLog();
  /** The environment. */
  readonly variables = new Map<string, string>();
  /** What `aws` was called with. */
  readonly connections: Connection[] = [];
  /** What `startSession` was called with. */
  readonly requests: SessionRequest[] = [];
  /** What `executeCommand` was called with. */
  readonly containerCommands: ContainerCommandRequest[] = [];
  /** How often the access to AWS was disposed of. */
  awsClosed = 0;
  /** What `shell` was called with. */
  readonly shells: ShellOptions[] = [];
  /** What the simulators were started with, and those that were closed. */
  readonly simulators: SimulatorOptions[] = [];
  simulatorsClosed = 0;
  readonly children: FakeChild[] = [];
  readonly control = new FakeControl();

  /** What the calls to AWS do; each may be replaced. */
  onResolve: At<AwsAccess["resolveTarget"]> = (text) =>
    Promise.resolve({ id: "i-0123456789abcdef0", name: text });
  /** A question about a target, in one of several places; by default nothing is there. */
  onLookUp: At<AwsAccess["lookUp"]> = () =>
    Promise.resolve({ candidates: [], complete: true });
  onNearNames: AwsAccess["nearNames"] = () => Promise.resolve([]);
  onList: At<AwsAccess["listNodes"]> = () =>
    Promise.resolve({ nodes: [], more: false });
  onStart: At<AwsAccess["startSession"]> = () =>
    Promise.resolve({
      grant: {
        sessionId: "user-0123456789abcdef0",
        tokenValue: "secret-token",
        streamUrl: "ws://127.0.0.1/data",
      },
      control: this.control,
    });
  onAdopt: AwsAccess["adoptSession"] = (grant) =>
    Promise.resolve({ grant, control: this.control });
  onNames: AwsAccess["namesOf"] = () => Promise.resolve(new Map());
  onNodes: At<AwsAccess["nodes"]> = async function* () {};
  onInventory: AwsAccess["inventory"] = async function* () {};
  onRunNodeCommand: AwsAccess["runNodeCommand"] = () =>
    Promise.reject(new Error("Run Command is not there in this test"));
  /** Run Command; a test puts its own in. */
  runCommand: AwsAccess["runCommand"] = new NoRunCommand();
  onContainer: At<AwsAccess["resolveContainer"]> = (spec) => {
    const task = spec.task ?? "0123456789abcdef0123456789abcdef";
    const container = spec.container ?? "app";
    const arn = "arn:aws:ecs:us-east-1:000000000000:";
    return Promise.resolve({
      id: `ecs:${spec.cluster}_${task}_${task}-1`,
      clusterArn: `${arn}cluster/${spec.cluster}`,
      taskArn: `${arn}task/${spec.cluster}/${task}`,
      spec: { ...spec, task, container },
      platform: "Linux",
      definitionArn: `${arn}task-definition/web:1`,
      roleArn: "arn:aws:iam::000000000000:role/web",
      readOnly: false,
    });
  };
  onExecute: AwsAccess["executeCommand"] = () =>
    Promise.resolve({
      grant: {
        sessionId: "ecs-execute-command-0123456789abcdef0",
        tokenValue: "secret-token",
        streamUrl: "ws://127.0.0.1/data",
      },
      control: this.control,
    });
  onSendKey: AwsAccess["sendSshKey"] = () => Promise.resolve();
  onSignIn: AwsAccess["signIn"] = () => Promise.resolve();
  onOrigin: AwsAccess["origin"] = () =>
    Promise.resolve({
      region: "eu-west-1",
      endpointUrl: "https://ssm.eu-west-1.amazonaws.com",
    });
  onRegions: (connection: Connection) => Promise<RegionList> = (
    { region },
  ) => {
    const own = region ?? "us-east-1";
    return Promise.resolve({ own, regions: [own, "eu-west-1"] });
  };
  onIdentity: AwsAccess["callerIdentity"] = () =>
    Promise.resolve({
      account: "000000000000",
      arn: "arn:aws:iam::000000000000:user/me",
      userId: "AIDA",
    });
  onSessions: AwsAccess["sessions"] = async function* () {};
  onTerminate: AwsAccess["terminateSession"] = () => Promise.resolve();
  onDiagnose: AwsAccess["diagnose"] = (id) =>
    Promise.resolve(diagnosisOf(id, "it is asleep"));
  onElsewhere: AwsAccess["findElsewhere"] = () =>
    Promise.resolve({ region: undefined, regions: [] });
  onLogin: AwsAccess["ssoLogin"] = () =>
    Promise.reject(new Error("Nobody signs in in this test"));
  onLogout: AwsAccess["ssoLogout"] = () => Promise.resolve(false);
  onShell: (options: ShellOptions) => Promise<SessionEnd> = () =>
    Promise.resolve({ kind: "ended" });
  onRun: (command: readonly string[]) => void = () => {};
  onSimulator: (options: SimulatorOptions) => void = () => {};

  readonly #started = Promise.withResolvers<void>();
  /** Resolves when the first child was started. */
  readonly started: Promise<void> = this.#started.promise;
  readonly #controller = new AbortController();
  readonly #handlers: ((signal: Deno.Signal) => void)[] = [];

  /** @param terminal Another terminal than an interactive one of 80 × 24. */
  constructor(terminal: MemoryTerminal = new MemoryTerminal()) {
    this.terminal = terminal;
    this.attended = terminal.interactive;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A signal arrives, as far as the command is concerned. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** A signal arrives at whoever took the signals over; false when nobody has. */
  deliver(signal: Deno.Signal): boolean {
    const handler = this.#handlers.at(-1);
    handler?.(signal);
    return handler !== undefined;
  }

  env = (name: string): string | undefined =>
    this.variables.get(name) || undefined;

  withoutColor(): void {
    this.color = this.outputColor = false;
  }

  setEnvironment(changes: EnvironmentChanges): void {
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) this.variables.delete(name);
      else this.variables.set(name, value);
    }
  }

  onSignal(handle: (signal: Deno.Signal) => void): Disposable {
    this.#handlers.push(handle);
    return {
      [Symbol.dispose]: () => {
        this.#handlers.splice(this.#handlers.indexOf(handle), 1);
      },
    };
  }

  /** What `onStatusRequest` handed over, while it is not disposed of. */
  readonly statusRequests: (() => void)[] = [];

  onStatusRequest(handle: () => void): Disposable {
    this.statusRequests.push(handle);
    return {
      [Symbol.dispose]: () => {
        this.statusRequests.splice(this.statusRequests.indexOf(handle), 1);
      },
    };
  }

  /** What `forward` gave. */
  readonly forwards: FakeForward[] = [];
  /** What the start of a forward does; by default it needs no session. */
  onForwardStart: (
    options: ForwardOptions,
    signal: AbortSignal,
  ) => Promise<void> = () => Promise.resolve();

  forward(options: ForwardOptions): Promise<Forward> {
    const forward = new FakeForward(
      options,
      (signal) => this.onForwardStart(options, signal),
    );
    this.forwards.push(forward);
    return Promise.resolve(forward);
  }

  /** What `copy` was called with, and what it does. */
  readonly copies: Omit<CopyOptions, "files">[] = [];
  onCopy: (options: Omit<CopyOptions, "files">) => Promise<void> = () =>
    Promise.resolve();

  copy(options: Omit<CopyOptions, "files">): Promise<void> {
    this.copies.push(options);
    return this.onCopy(options);
  }

  /** What `listen` was called with, and what it gives. */
  readonly places: LocalSpec[] = [];
  onListen: (local: LocalSpec) => LocalListener[] = (local) => [
    new FakeListener(
      local.kind === "unix" ? { kind: "unix", path: local.path } : {
        kind: "tcp",
        hostname: local.hosts[0] ?? "127.0.0.1",
        port: local.port || 40_000 + this.places.length,
      },
    ),
  ];

  listen(local: LocalSpec): Promise<LocalListener[]> {
    this.places.push(local);
    return Promise.resolve().then(() => this.onListen(local));
  }

  /** What the other one of us does. */
  onBackground: () => BackgroundProgram = () => {
    throw new Error("Nothing goes to the background in this test");
  };

  /** The cache of targets; it keeps nothing unless a test sets `memory`. */
  memory: TargetMemory | undefined;

  targetMemory(): TargetMemory {
    return this.memory ?? {
      find: () => undefined,
      remember() {},
      regions: () => undefined,
      rememberRegions() {},
      names: () => [],
    };
  }

  /** What `stdioSession` was called with. */
  readonly stdioSessions: StdioSessionOptions[] = [];
  onStdio: (options: StdioSessionOptions) => Promise<StdioEnd> = (options) => {
    options.onBegun();
    return Promise.resolve({ kind: "left", message: "" });
  };

  stdioSession(options: StdioSessionOptions): Promise<StdioEnd> {
    this.stdioSessions.push(options);
    return this.onStdio(options);
  }

  /** The nodes used last, the last one first. */
  readonly recents: RecentNode[] = [];

  recentNodes(): Promise<RecentNodes> {
    return Promise.resolve({
      list: () => Promise.resolve([...this.recents]),
      add: (id, at) => {
        this.recents.unshift({ id, at });
        return Promise.resolve();
      },
    });
  }

  /** Files that `editFile` changes. */
  readonly files = new Map<string, Uint8Array>();
  /** Where keys were offered, and how many are still. */
  readonly keySockets: string[] = [];
  keysOffered = 0;
  /** Private folders that are there. */
  privateFolders = 0;
  onFindAgentKey: SshTools["findAgentKey"] = () =>
    Promise.resolve("ssh-rsa AAAA");

  sshTools(): Promise<SshTools> {
    return Promise.resolve({
      offerFreshKey: (path) => {
        this.keySockets.push(path);
        this.keysOffered++;
        let open = true;
        return Promise.resolve({
          publicKey: "ssh-ed25519 AAAA ssm",
          close: () => {
            if (open) this.keysOffered--;
            open = false;
          },
        });
      },
      findAgentKey: (path) => this.onFindAgentKey(path),
      privateFolder: () => {
        this.privateFolders++;
        return Promise.resolve({
          path: "/private",
          [Symbol.asyncDispose]: () => {
            this.privateFolders--;
            return Promise.resolve();
          },
        });
      },
      editFile: (path, edit) => {
        const before = this.files.get(path) ?? new Uint8Array();
        const after = edit(before);
        this.files.set(path, after);
        return Promise.resolve(String(before) !== String(after));
      },
    });
  }

  /** Pages that were opened in a browser, and whether there is one. */
  readonly pages: string[] = [];
  hasBrowser = true;

  openBrowser(url: string): Promise<boolean> {
    this.pages.push(url);
    return Promise.resolve(this.hasBrowser);
  }

  ownCommand(): readonly string[] {
    return ["/opt/ssm"];
  }

  runInBackground(): BackgroundProgram {
    return this.onBackground();
  }

  /** What `ssm doctor` asks of; a test puts its own in. */
  onDoctor: Context["doctor"] = () =>
    Promise.reject(new Error("There is no doctor in this test"));

  doctor(connection: Connection): ReturnType<Context["doctor"]> {
    return this.onDoctor(connection);
  }

  aws(connection: Connection): Promise<AwsAccess> {
    this.connections.push(connection);
    return Promise.resolve(this.#access(connection));
  }

  #access(connection: Connection): AwsAccess {
    return {
      resolveTarget: (text, signal, grammar) =>
        this.onResolve(text, signal, grammar, connection),
      scope: () =>
        Promise.resolve({
          profile: connection.profile ?? "",
          region: connection.region ?? "",
          endpoint: "",
          account: "account",
        }),
      lookUp: (step, signal) => this.onLookUp(step, signal, connection),
      nearNames: (name, signal) => this.onNearNames(name, signal),
      listNodes: (limit, signal) => this.onList(limit, signal, connection),
      startSession: (request, notice, signal) => {
        this.requests.push(request);
        return this.onStart(request, notice, signal, connection);
      },
      adoptSession: (grant, target, notice) =>
        this.onAdopt(grant, target, notice),
      nodes: (filters, signal) => this.onNodes(filters, signal, connection),
      inventory: (tags, signal) => this.onInventory(tags, signal),
      namesOf: (ids, signal) => this.onNames(ids, signal),
      runCommand: this.runCommand,
      runNodeCommand: (request, signal) =>
        this.onRunNodeCommand(request, signal),
      resolveContainer: (spec, signal) =>
        this.onContainer(spec, signal, connection),
      executeCommand: (request, notice, signal) => {
        this.containerCommands.push(request);
        return this.onExecute(request, notice, signal);
      },
      sendSshKey: (request, signal) => this.onSendKey(request, signal),
      signIn: (signal) => this.onSignIn(signal),
      ssoLogin: (force, onPending, signal) =>
        this.onLogin(force, onPending, signal),
      ssoLogout: (signal) => this.onLogout(signal),
      origin: () => this.onOrigin(),
      regions: () => this.onRegions(connection),
      inRegion: (region) => this.#access({ ...connection, region }),
      diagnose: (id, signal) => this.onDiagnose(id, signal),
      callerIdentity: (signal) => this.onIdentity(signal),
      sessions: (state, filters, limit, signal) =>
        this.onSessions(state, filters, limit, signal),
      terminateSession: (id, signal) => this.onTerminate(id, signal),
      findElsewhere: (target, signal) => this.onElsewhere(target, signal),
      [Symbol.dispose]: () => {
        this.awsClosed++;
      },
    };
  }

  shell(options: ShellOptions): Promise<SessionEnd> {
    this.shells.push(options);
    return this.onShell(options);
  }

  /** What `remoteCommand` gave, and how each ends. */
  readonly commands: RemoteCommandOptions[] = [];
  onCommand: (
    options: RemoteCommandOptions,
    signal: AbortSignal,
  ) => Promise<RemoteCommandEnd> = () =>
    Promise.resolve({ kind: "exited", code: 0 });
  /** Bytes of output that commands were told are done with. */
  consumed = 0;
  /** What a command does on Ctrl-C. */
  onInterrupt: () => boolean = () => true;

  remoteCommand(options: RemoteCommandOptions): Promise<RemoteCommandRun> {
    this.commands.push(options);
    return Promise.resolve({
      run: (signal) => this.onCommand(options, signal),
      consumed: (bytes) => void (this.consumed += bytes),
      interrupt: () => this.onInterrupt(),
    });
  }

  simulator(): ReturnType<Context["simulator"]> {
    const node = defaultOptions.nodes[0];
    const task = defaultOptions.tasks[0];
    if (node === undefined || task === undefined) {
      throw new Error("There is no default node or task");
    }
    return Promise.resolve({
      defaults: defaultOptions,
      parseNodes: (descriptions) =>
        descriptions.map((text) => ({ ...node, computerName: text })),
      makeNodes: (count) =>
        Array.from({ length: count }, (_, at) => ({
          ...node,
          computerName: `made-${at}`,
        })),
      parseTasks: (descriptions) =>
        descriptions.map((text) => ({ ...task, family: text })),
      start: (options) => {
        this.onSimulator(options);
        this.simulators.push(options);
        return Promise.resolve(this.#fakeSimulator());
      },
    });
  }

  run(
    command: readonly string[],
    environment: EnvironmentChanges,
  ): ReturnType<Context["run"]> {
    this.onRun(command);
    const { promise, resolve } = Promise.withResolvers<ChildEnd>();
    const child: FakeChild = {
      command,
      environment,
      signals: [],
      end: resolve,
    };
    this.children.push(child);
    this.#started.resolve();
    return {
      ended: promise,
      kill: (signal) => void child.signals.push(signal),
    };
  }

  #fakeSimulator(): Simulator {
    const close = () => {
      this.simulatorsClosed++;
      return Promise.resolve();
    };
    return {
      environment: {
        AWS_ENDPOINT_URL: "http://127.0.0.1:1",
        AWS_PAGER: "",
        AWS_SESSION_TOKEN: "it's",
      },
      unset: ["AWS_PROFILE"],
      endpoint: "http://127.0.0.1:1",
      activeSessions: () => [],
      close,
      [Symbol.asyncDispose]: close,
    };
  }
}
