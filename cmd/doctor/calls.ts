/**
 * What `ssm doctor` asks of the world: AWS, the network, this machine.
 *
 * @module
 */

import type { Sought } from "../../lib/aws/find_elsewhere.ts";
import type { PolicyAnswer, PolicyQuestion } from "../../lib/aws/iam.ts";
import type {
  CallerIdentity,
  EcsSpec,
  ResolvedContainer,
  ResolvedSettings,
  ResolvedTarget,
  StartSessionRequest,
  TargetFacts,
} from "../../lib/aws/mod.ts";
import type { CalledService } from "../../lib/aws/service_endpoint.ts";
import type { Probe } from "../../lib/io/probe.ts";
import type { StartedSession } from "../context.ts";

/** Where credentials come from, never what they are. */
export interface CredentialFacts {
  /** As the end of "from …": `the environment`. */
  readonly source: string;
  /** When they end; `undefined` where nobody tells. */
  readonly expiration: Date | undefined;
}

/** The calls. Those to AWS reject with AwsCallError; all reject when their signal aborts. */
export interface DoctorCalls extends Disposable {
  /** Profile, region and bundle, without a call to AWS. */
  settings(): Promise<ResolvedSettings>;
  credentials(): Promise<CredentialFacts>;
  identity(signal: AbortSignal): Promise<CallerIdentity>;
  /** Where a service's calls go, without a call. */
  endpoint(service: CalledService): Promise<string>;
  /** How far a connection gets. */
  probe(url: string, signal: AbortSignal): Promise<Probe>;
  /**
   * Opens a signed WebSocket and closes it.
   * @param clockOffset The service's clock minus ours, in milliseconds.
   * @throws UpgradeRefusedError, TransportError
   */
  upgrade(
    url: string,
    clockOffset: number,
    signal: AbortSignal,
  ): Promise<void>;
  simulate(
    principal: string,
    question: PolicyQuestion,
    signal: AbortSignal,
  ): Promise<readonly PolicyAnswer[]>;
  /** A role's ARN, its path in it. */
  roleArn(name: string, signal: AbortSignal): Promise<string | undefined>;
  resolveTarget(text: string, signal: AbortSignal): Promise<ResolvedTarget>;
  resolveContainer(
    spec: EcsSpec,
    signal: AbortSignal,
  ): Promise<ResolvedContainer>;
  diagnose(id: string, signal: AbortSignal): Promise<TargetFacts>;
  connectionStatus(
    id: string,
    signal: AbortSignal,
  ): Promise<"connected" | "notconnected">;
  /** Other regions that have the node; none where they cannot be asked. */
  findElsewhere(
    sought: Sought,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** The content of SSM-SessionManagerRunShell; `undefined` when there is none. */
  preferences(signal: AbortSignal): Promise<string | undefined>;
  /** Whether a data key could be made. */
  tryKey(
    keyId: string,
    context: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * StartSession, with the identity that everything else is asked with: of an MFA device one code
   * is asked for. From here on the session must be ended.
   * @param notice Takes sentences about what went on differently than planned.
   */
  startSession(
    request: StartSessionRequest,
    notice: (message: string) => void,
    signal: AbortSignal,
  ): Promise<StartedSession>;
  /** Paths of the official session-manager-plugin. */
  plugins(): Promise<readonly string[]>;
}
