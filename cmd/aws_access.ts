/**
 * The calls to AWS as commands see them: an identity in a region, and the sessions it starts.
 *
 * @module
 */

import type {
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
  SshKeyRequest,
  TagValues,
  TargetFacts,
  TargetGrammar,
} from "../lib/aws/mod.ts";
import type { CacheScope } from "../lib/aws/target_cache.ts";
import type { SessionControl, SessionGrant } from "../lib/session/control.ts";
import type { TransportKind } from "./flags.ts";

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
