/**
 * The calls to AWS as commands see them: an identity in a region, and the sessions it starts.
 *
 * @module
 */

import type {
  Aws as AwsInstance,
  AwsSettings,
  CallerIdentity,
  EcsSpec,
  InventoryUpdate,
  LookupAnswer,
  LookupStep,
  NodeCommandRequest,
  NodeCommandResult,
  NodeFilter,
  NodeInformation,
  NodeList,
  RegionList,
  ResolvedContainer,
  ResolvedTarget,
  RunCommandCalls,
  SessionFilter,
  SessionInformation,
  Signature,
  SignedIn,
  SignInRequest,
  Sought,
  SshKeyRequest,
  TagValues,
  TargetFacts,
  TargetGrammar,
} from "../lib/aws/mod.ts";
import type { CacheScope } from "../lib/aws/target_cache.ts";
import { systemClock } from "../lib/io/clock.ts";
import type { Logger } from "../lib/log/log.ts";
import type { SessionControl, SessionGrant } from "../lib/session/control.ts";
import type {
  Clock,
  OpenTransport,
  Terminal,
} from "../lib/session/transport.ts";
import { visible } from "../lib/text.ts";
import { version } from "../lib/version.ts";
import type { TransportKind } from "./flags.ts";
import { withTarget } from "./target/target.ts";

/** Where and as whom to call AWS. */
export interface Connection {
  readonly profile: string | undefined;
  readonly region: string | undefined;
  /** Further profiles to search, each with its own region where `region` is not given. */
  readonly moreProfiles?: readonly string[];
  /** True where all regions of the account are searched. */
  readonly allRegions?: boolean;
  /** False where what targets were before is neither asked for nor kept. */
  readonly cache?: boolean;
  readonly endpointUrl: string | undefined;
  /** Of the SSM calls alone, where `endpointUrl` is not given. */
  readonly ssmEndpointUrl?: string | undefined;
  readonly transport: TransportKind;
  /** Hosts besides AWS's own that sessions may be carried by. */
  readonly streamHosts: readonly string[];
  /**
   * Given where others start the sessions: whether those are opened with a signature. Such a one has
   * answered what is to be answered about credentials, so nobody is asked for an MFA code.
   */
  readonly signature?: Signature;
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
  /** As of a {@linkcode TargetUse}. */
  readonly typed?: (target: string) => string;
  /** As of a StartSessionRequest. */
  readonly sent?: (() => void) | undefined;
}

/** What to run in a container (api.md §6). */
export interface ContainerCommandRequest {
  readonly container: ResolvedContainer;
  /** Split into words by the agent, and run without a shell (sessions.md §2.5). */
  readonly commandLine: string;
  /** What to type to begin anew, without the target: `ssm shell`. */
  readonly command: string;
  /** What the user typed as the target. */
  readonly target: string;
  /** What to type behind the target, quoted. */
  readonly rest?: string;
  /** As of a {@linkcode TargetUse}. */
  readonly typed?: (target: string) => string;
}

/** A session that StartSession gave: from here on it must be ended. */
export interface StartedSession {
  readonly grant: SessionGrant;
  readonly control: SessionControl;
}

/** The calls of Run Command; all reject with AwsCallError. */
export type RunCommandAccess = Pick<
  RunCommandCalls,
  "send" | "invocation" | "page" | "progress" | "cancel"
>;
/** Where a session was started (api.md §9). */
export interface SessionOrigin {
  readonly region: string;
  /** The endpoint of the SSM calls, `https://ssm.eu-west-1.amazonaws.com`; empty before one. */
  readonly endpointUrl: string;
}

/** Why a node is not connected. */
export interface NodeDiagnosis {
  readonly facts: TargetFacts;
  /** The region that was asked, where another one was looked for. */
  readonly region: string | undefined;
  /** Other regions that have it, where this one has not. */
  readonly elsewhere: readonly string[];
}

/** Where a target is that is not here. */
export interface Elsewhere {
  /** The region that does not have it. */
  readonly region: string | undefined;
  /** Those that have it. */
  readonly regions: readonly string[];
}

/** The calls to AWS that commands make, for one identity and region. */
export interface AwsAccess extends Disposable {
  /** Finds the node; rejects with the errors of `lib/aws/target.ts` and AwsCallError. */
  resolveTarget(
    text: string,
    signal: AbortSignal,
    grammar?: TargetGrammar,
  ): Promise<ResolvedTarget>;
  /** What a cache keeps what is found here under; rejects with AwsCallError. */
  scope(signal: AbortSignal): Promise<CacheScope>;
  /** One question about a target, as `Aws.lookUp` asks it; rejects with AwsCallError. */
  lookUp(step: LookupStep, signal: AbortSignal): Promise<LookupAnswer>;
  /** Name tags like one that no node has; rejects when the signal aborts. */
  nearNames(name: string, signal: AbortSignal): Promise<readonly string[]>;
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
  /**
   * A session that was started by others than {@linkcode startSession}: from here on it is ours.
   * @param target What it was started on, as StartSession was told.
   * @param notice As for {@linkcode startSession}.
   */
  adoptSession(
    grant: SessionGrant,
    target: string,
    notice: (message: string) => void,
  ): Promise<StartedSession>;
  /** Nodes that Session Manager knows and that fit all filters, page after page. */
  nodes(
    filters: readonly NodeFilter[],
    signal: AbortSignal,
  ): AsyncIterable<NodeInformation>;
  /**
   * All nodes that fit the tags, also those that EC2 alone knows, as they become known. Rejects when
   * the signal aborts; a service that cannot be asked is a problem among the updates.
   */
  inventory(
    tags: readonly TagValues[],
    signal: AbortSignal,
  ): AsyncIterable<InventoryUpdate>;
  /** Name tags of EC2 instances by id, as far as EC2 tells them. Rejects when the signal aborts. */
  namesOf(
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>>;
  /** Run Command on any number of nodes. */
  readonly runCommand: RunCommandAccess;
  /**
   * A script on one node by Run Command, to its end; the signal cancels it. Rejects with
   * AwsCallError.
   */
  runNodeCommand(
    request: NodeCommandRequest,
    signal: AbortSignal,
  ): Promise<NodeCommandResult>;
  /**
   * Finds a container of an ECS task; rejects with the errors of `lib/aws/ecs_target_errors.ts` and
   * AwsCallError.
   */
  resolveContainer(
    spec: EcsSpec,
    signal: AbortSignal,
  ): Promise<ResolvedContainer>;
  /**
   * ecs:ExecuteCommand. When the signal aborts meanwhile, the session is terminated.
   * @param notice As for {@linkcode startSession}.
   */
  executeCommand(
    request: ContainerCommandRequest,
    notice: (message: string) => void,
    signal: AbortSignal,
  ): Promise<StartedSession>;
  /** Who we are; rejects with AwsCallError. */
  callerIdentity(signal: AbortSignal): Promise<CallerIdentity>;
  /**
   * Sessions that live, or those of the last 30 days that have ended, page after page; as they come.
   * @param limit So many are wanted at most.
   */
  sessions(
    state: "Active" | "History",
    filters: readonly SessionFilter[],
    limit: number,
    signal: AbortSignal,
  ): AsyncIterable<SessionInformation>;
  /** TerminateSession; one that is gone counts as terminated. Rejects with AwsCallError. */
  terminateSession(id: string, signal: AbortSignal): Promise<void>;
  /** SendSSHPublicKey: the instance lets the key in for a minute; rejects with AwsCallError. */
  sendSshKey(request: SshKeyRequest, signal: AbortSignal): Promise<void>;
  /**
   * Gets credentials, so that no later call asks for an MFA code while something else has the
   * terminal; rejects with AwsCallError.
   */
  signIn(signal: AbortSignal): Promise<void>;
  /**
   * Signs in with IAM Identity Center; rejects with AwsCallError.
   * @param force Where there is a sign-in already, too.
   * @param onPending Shows the user what to do.
   */
  ssoLogin(
    force: boolean,
    onPending: SignInRequest["onPending"],
    signal: AbortSignal,
  ): Promise<SignedIn>;
  /** Signs out again; false where nobody was signed in. Rejects with AwsCallError. */
  ssoLogout(signal: AbortSignal): Promise<boolean>;
  /** Where sessions were started, for whoever resumes and ends them in our place. */
  origin(): Promise<SessionOrigin>;
  /** Why a node is not connected. Rejects when the signal aborts, and for nothing else. */
  diagnose(id: string, signal: AbortSignal): Promise<NodeDiagnosis>;
  /** Where a target is that is not here, where that can be looked for. Never rejects. */
  findElsewhere(target: string, signal: AbortSignal): Promise<Elsewhere>;
  /** The regions of the account, as `Aws.regions` has them; rejects with AwsCallError. */
  regions(signal: AbortSignal): Promise<RegionList>;
  /**
   * The same identity in another region, for as long as this one is not disposed of.
   * @param region The region, as `eu-west-1`.
   */
  inRegion(region: string): AwsAccess;
}

/** Sessions of one page of DescribeSessions (api.md §4). */
const longestSessionPage = 200;

/** What each command's sessions are run by. */
const sessionCode: Readonly<Record<string, () => Promise<unknown>>> = {
  "ssm shell": () => import("../lib/session/shell.ts"),
  "ssm exec": () => import("../lib/session/remote_command.ts"),
  "ssm forward": () => import("../lib/session/forward.ts"),
  "ssm ssh-proxy": () => import("../lib/session/stdio_session.ts"),
  "ssm cp": () => import("../lib/copy/copy.ts"),
};

/**
 * The real calls. Nothing is called yet.
 * @param connection Where and as whom.
 * @param terminal Asks for the codes of MFA devices.
 * @param signal Ends such a question.
 * @param log Hears of calls and connections.
 */
export async function openAwsAccess(
  connection: Connection,
  terminal: Terminal,
  signal: AbortSignal,
  log: Logger,
): Promise<AwsAccess> {
  const {
    Aws,
    AwsCallError,
    isHere,
    namesOrNone,
    runNodeCommand,
    soughtBy,
    streamHosts,
  } = await import("../lib/aws/mod.ts");
  /** The command that starts anew, once a session has the terminal. */
  let again: string | undefined;
  const env = (name: string) => Deno.env.get(name);
  const settings: AwsSettings = {
    profile: connection.profile,
    region: connection.region,
    endpointUrl: connection.endpointUrl,
    ssmEndpointUrl: connection.ssmEndpointUrl,
    version,
    log,
    mfaCode: async (serial) => {
      // Keys are the session's then, whose output the question would stand in the middle of.
      if (again !== undefined || connection.signature !== undefined) {
        throw new AwsCallError({
          action: "credentials",
          code: "NoMfaCode",
          kind: "expired-credentials",
          reason: `those of the MFA device ${visible(serial)} have expired, ` +
            "and no code can be asked for while a session has the terminal",
          hints: again === undefined ? [] : [again],
        });
      }
      const { askMfaCode } = await import("./mfa_prompt.ts");
      const code = await askMfaCode(terminal, serial, signal);
      log.secret(code);
      return code;
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
  return accessOf(new Aws(settings), connection);

  function accessOf(aws: AwsInstance, connection: Connection): AwsAccess {
    // All that can fail without a session comes before there is one.
    const openStream = async () => {
      const [{ openTransport }, { caBundle }] = await Promise.all([
        import("../lib/io/web_socket.ts"),
        aws.resolved(),
      ]);
      const { transport: kind } = connection;
      const open = openTransport({ kind, clock: systemClock, env, caBundle });
      if (log.level === 0) return open;
      const { logTraffic } = await import("../lib/session/traffic_log.ts");
      return logTraffic(open, log, systemClock);
    };
    const adopt = (
      grant: SessionGrant,
      target: string,
      openTransport: OpenTransport,
      notice: (message: string) => void,
    ): StartedSession => ({
      grant,
      control: aws.sessionControl({
        sessionId: grant.sessionId,
        target,
        openTransport,
        streamHosts: streamHosts(connection.streamHosts, env),
        notice,
        signature: connection.signature,
      }),
    });
    /** What both ways to start have in common; `text` is the target as it would be typed. */
    const begin = async (
      use: Pick<SessionRequest, "command" | "rest" | "typed">,
      text: string,
      start: () => Promise<SessionGrant>,
      target: string,
      notice: (message: string) => void,
    ): Promise<StartedSession> => {
      const open = await openStream();
      // The session's own code loads while AWS answers.
      sessionCode[use.command]?.().catch(() => {});
      const grant = await start();
      again = withTarget(text, { ...use, connection });
      return adopt(grant, target, open, notice);
    };
    const elsewhere = async (
      sought: Sought,
      signal: AbortSignal,
    ): Promise<Elsewhere> => ({
      region: (await aws.resolved().catch(() => undefined))?.region,
      regions: await aws.findElsewhere(sought, signal),
    });
    return {
      resolveTarget: (text, signal, grammar) =>
        aws.resolveTarget(text, signal, grammar),
      scope: (signal) => aws.scope(signal),
      lookUp: (step, signal) => aws.lookUp(step, signal),
      nearNames: (name, signal) => aws.nearNames(name, signal),
      listNodes: (limit, signal) => aws.listNodes(limit, signal),
      startSession: (request, notice, signal) =>
        begin(
          request,
          request.target,
          () => aws.ssm.startSession(request, signal),
          request.target,
          notice,
        ),
      resolveContainer: (spec, signal) => aws.resolveContainer(spec, signal),
      executeCommand: (request, notice, signal) => {
        const { container, commandLine, target } = request;
        const start = async () => {
          const { grant } = await aws.ecs.executeCommand({
            cluster: container.clusterArn,
            task: container.taskArn,
            container: container.spec.container,
            command: commandLine,
          }, signal);
          return grant;
        };
        return begin(request, target, start, container.id, notice);
      },
      adoptSession: async (grant, target, notice) => {
        log.secret(grant.tokenValue);
        return adopt(grant, target, await openStream(), notice);
      },
      nodes: (filters, signal) =>
        aws.ssm.describeInstanceInformation(filters, signal),
      inventory: (tags, signal) => aws.inventory(tags, signal),
      namesOf: (ids, signal) =>
        namesOrNone(
          { namesOf: (ids, signal) => aws.ec2.namesOf(ids, signal) },
          ids,
          signal,
        ),
      runCommand: aws.runCommand,
      runNodeCommand: (request, signal) =>
        runNodeCommand(request, aws.runCommand, systemClock, signal),
      callerIdentity: (signal) => aws.sts.getCallerIdentity(signal),
      sessions: (state, filters, limit, signal) =>
        aws.ssm.describeSessions(
          state,
          filters,
          signal,
          Math.min(limit, longestSessionPage),
        ),
      terminateSession: (id, signal) => aws.ssm.terminateSession(id, signal),
      sendSshKey: (request, signal) =>
        aws.ec2InstanceConnect.sendSshPublicKey(request, signal),
      signIn: (signal) => aws.signIn(signal),
      ssoLogin: (force, onPending, signal) =>
        aws.sso.signIn({
          force,
          onPending,
          now: () => systemClock.now(),
          sleep: sleepOn(systemClock),
        }, signal),
      ssoLogout: async (signal) => (await aws.sso.signOut(signal)).removed,
      origin: async () => ({
        region: await aws.region(),
        endpointUrl: aws.ssmEndpoint ?? "",
      }),
      regions: (signal) => aws.regions(signal),
      inRegion: (region) =>
        accessOf(aws.inRegion(region), {
          ...connection,
          region,
          allRegions: false,
        }),
      async diagnose(id, signal) {
        const facts = await aws.diagnose(id, signal);
        const { regions, region } = isHere(facts)
          ? { regions: [], region: undefined }
          : await elsewhere([{ key: "InstanceIds", values: [id] }], signal);
        return { facts, region, elsewhere: regions };
      },
      async findElsewhere(target, signal) {
        const sought = soughtBy(target);
        return sought === undefined
          ? { region: undefined, regions: [] }
          : await elsewhere(sought, signal);
      },
      [Symbol.dispose]: () => aws.close(),
    };
  }
}

/** A sleep on a clock; rejects when the signal aborts. */
function sleepOn(
  clock: Clock,
): (milliseconds: number, signal: AbortSignal) => Promise<void> {
  return async (milliseconds, signal) => {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = clock.setTimer(milliseconds, resolve);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      cancel();
      signal.removeEventListener("abort", onAbort);
    }
  };
}
