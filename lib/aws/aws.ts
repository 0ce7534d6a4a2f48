/**
 * One identity in one region, with all its calls.
 *
 * @module
 */

import { orAborted } from "./call_signal.ts";
import { AwsClients } from "./client.ts";
import type { CredentialSource } from "./credentials.ts";
import {
  type DiagnoseCalls,
  diagnoseTarget,
  type TargetFacts,
} from "./diagnose.ts";
import { documentContent } from "./document_content.ts";
import { Ec2Calls } from "./ec2.ts";
import { Ec2InstanceConnectCalls } from "./ec2_instance_connect.ts";
import { EcsCalls } from "./ecs.ts";
import type { EcsSpec } from "./ecs_spec.ts";
import { resolveContainer, type ResolvedContainer } from "./ecs_target.ts";
import { defaultRegion, type RegionList, searchedRegions } from "./regions.ts";
import {
  inventory,
  type InventoryUpdate,
  type TagValues,
} from "./inventory.ts";
import { findElsewhere, type Sought } from "./find_elsewhere.ts";
import { RunCommandCalls } from "./run_command.ts";
import { accountMark } from "./identity.ts";
import { IamCalls } from "./iam.ts";
import { KmsCalls } from "./kms.ts";
import { listNodes, type NodeList, type NodeListCalls } from "./list_nodes.ts";
import {
  createSessionControl,
  type SessionControlOptions,
} from "./session_control.ts";
import type { AwsSettings, ResolvedSettings } from "./settings.ts";
import { type CalledService, serviceEndpoint } from "./service_endpoint.ts";
import { signUpgrade } from "./sign_upgrade.ts";
import { SsmCalls } from "./ssm.ts";
import { SsoCalls } from "./sso.ts";
import { StsCalls } from "./sts.ts";
import {
  type ResolvedTarget,
  resolveTarget,
  type TargetCalls,
} from "./target.ts";
import { suggestNames } from "./suggest_names.ts";
import type { CacheScope } from "./target_cache.ts";
import { type LookupAnswer, takeStep } from "./target_lookup.ts";
import type { LookupStep } from "./target_plan.ts";
import type { TargetGrammar } from "./target_spec.ts";
import type { SessionControl } from "../session/control.ts";

/** AWS as one user sees it. Disposing closes connections. */
export class Aws implements Disposable {
  readonly ssm: SsmCalls;
  readonly ec2: Ec2Calls;
  readonly ec2InstanceConnect: Ec2InstanceConnectCalls;
  readonly kms: KmsCalls;
  readonly ecs: EcsCalls;
  readonly sts: StsCalls;
  readonly iam: IamCalls;
  readonly sso: SsoCalls;
  readonly runCommand: RunCommandCalls;
  readonly #clients: AwsClients;

  /**
   * @param settings What the user asked for; nothing is read or loaded yet.
   * @param clients Those to use in place of new ones.
   */
  constructor(
    settings: AwsSettings = {},
    clients: AwsClients = new AwsClients(settings),
  ) {
    this.#clients = clients;
    this.ssm = new SsmCalls(this.#clients);
    this.ec2 = new Ec2Calls(this.#clients);
    this.ec2InstanceConnect = new Ec2InstanceConnectCalls(this.#clients);
    this.kms = new KmsCalls(this.#clients);
    this.ecs = new EcsCalls(this.#clients);
    this.sts = new StsCalls(this.#clients);
    this.iam = new IamCalls(this.#clients);
    this.sso = new SsoCalls(this.#clients);
    this.runCommand = new RunCommandCalls(this.#clients);
  }

  /** The identity's credentials. */
  get credentials(): CredentialSource {
    return this.#clients.credentials;
  }

  /**
   * Gets credentials, from memory or where the settings say, which may ask the user for a code.
   *
   * @param signal Gives up; its reason is thrown.
   * @throws as `CredentialSource.get` does.
   */
  async signIn(signal?: AbortSignal): Promise<void> {
    await orAborted(this.credentials.get(), signal);
  }

  /**
   * Profile, region and certificate bundle; settles them without a call to AWS.
   *
   * @throws AwsCallError of kind `unknown-profile` or `invalid`.
   */
  resolved(): Promise<ResolvedSettings> {
    return this.#clients.resolved();
  }

  /**
   * The region.
   *
   * @throws AwsCallError of kind `no-region`, or as {@linkcode resolved} does.
   */
  region(): Promise<string> {
    return this.#clients.region();
  }

  /**
   * The same identity in another region, with the same credentials and connections; nothing is
   * called. It is of use until this one is closed, which closes its connections, too.
   *
   * @param region The region, as `eu-west-1`.
   */
  inRegion(region: string): Aws {
    const settings = { ...this.#clients.settings, region };
    return new Aws(settings, new AwsClients(settings, this.#clients));
  }

  /**
   * The regions to search for a node: those that EC2 has enabled for the account.
   *
   * @throws as `searchedRegions` does.
   */
  async regions(signal?: AbortSignal): Promise<RegionList> {
    const own = (await this.resolved()).region ?? defaultRegion;
    return await searchedRegions(
      own,
      (signal) => this.inRegion(own).ec2.describeRegions(signal),
      signal,
    );
  }

  /**
   * What a cache of targets keeps under: profile, region, endpoint and a mark of the account, for
   * which the credentials are loaded, and AWS is not called.
   *
   * @param signal Gives up; its reason is thrown.
   * @throws AwsCallError Without credentials, or for a profile that there is not.
   */
  async scope(signal?: AbortSignal): Promise<CacheScope> {
    const { settings } = this.#clients;
    const env = settings.env ?? ((name: string) => Deno.env.get(name));
    const [resolved, credentials] = await Promise.all([
      this.resolved(),
      orAborted(this.credentials.get(), signal),
    ]);
    return {
      profile: resolved.credentialsFromEnvironment ? "" : resolved.profile,
      region: resolved.region ?? "",
      endpoint: settings.endpointUrl ?? settings.ssmEndpointUrl ??
        (env("AWS_ENDPOINT_URL_SSM") || env("AWS_ENDPOINT_URL") || ""),
      account: await accountMark(credentials),
    };
  }

  /** Where the last SSM call went, `https://ssm.eu-west-1.amazonaws.com`; `undefined` before one. */
  get ssmEndpoint(): string | undefined {
    return this.#clients.ssmEndpoint;
  }

  /**
   * Where the calls to a service go, without a call to it.
   *
   * @param service The service.
   * @throws as `serviceEndpoint` does.
   */
  endpointOf(service: CalledService): Promise<string> {
    return serviceEndpoint(this.#clients, service);
  }

  /**
   * A document's content; `undefined` when there is no such document.
   *
   * @param name Its name.
   * @throws AwsCallError
   */
  documentContent(
    name: string,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    return documentContent(this.#clients, name, signal);
  }

  /**
   * The headers that sign a WebSocket upgrade.
   *
   * @param url The stream URL.
   * @param now The signature's time.
   * @throws AwsCallError when there are no credentials, or no region.
   */
  async signUpgrade(url: string, now: Date): Promise<Record<string, string>> {
    return await signUpgrade(
      url,
      await this.credentials.get(),
      await this.region(),
      now,
    );
  }

  /**
   * Finds the node for what the user typed.
   *
   * @param text As `parseTarget` of `target_spec.ts` reads it.
   * @param grammar What may stand without a prefix.
   * @throws as `resolveTarget` does.
   */
  resolveTarget(
    text: string,
    signal?: AbortSignal,
    grammar?: TargetGrammar,
  ): Promise<ResolvedTarget> {
    return resolveTarget(text, this.#lookups(), signal, grammar);
  }

  /**
   * Asks one question about a target, for whoever asks it in many places.
   *
   * @param step The question, of `lookupPlan`.
   * @throws AwsCallError
   */
  lookUp(step: LookupStep, signal?: AbortSignal): Promise<LookupAnswer> {
    return takeStep(step, this.#lookups(), signal);
  }

  /**
   * Name tags that are like one that no node has, best first; empty where EC2 does not tell.
   *
   * @param name The name.
   */
  nearNames(name: string, signal?: AbortSignal): Promise<readonly string[]> {
    return suggestNames(name, (signal) => this.ec2.someNames(signal), signal);
  }

  /**
   * Finds a container of an ECS task.
   *
   * @param spec What is meant.
   * @throws as `resolveContainer` does.
   */
  resolveContainer(
    spec: EcsSpec,
    signal?: AbortSignal,
  ): Promise<ResolvedContainer> {
    return resolveContainer(spec, this.ecs, signal);
  }

  /**
   * Lists nodes to choose from, those online first.
   *
   * @param limit How many at most, up to 200.
   * @throws as `listNodes` does.
   */
  listNodes(limit: number, signal?: AbortSignal): Promise<NodeList> {
    return listNodes(this.#lookups(), limit, signal);
  }

  /**
   * All nodes, also those that EC2 alone knows, as they become known.
   *
   * @param tags All must fit; none = every node.
   * @throws as `inventory` does.
   */
  inventory(
    tags: readonly TagValues[],
    signal?: AbortSignal,
  ): AsyncIterable<InventoryUpdate> {
    const { ssm, ec2 } = this;
    return inventory(
      {
        nodePages: (filters, signal) => ssm.nodePages(filters, signal),
        instancePages: (tags, signal) => ec2.instancePages(tags, signal),
      },
      tags,
      signal,
    );
  }

  /**
   * Says why a node does not take sessions; for errors of kind `not-connected`.
   *
   * @param id The node.
   */
  diagnose(id: string, signal?: AbortSignal): Promise<TargetFacts> {
    return diagnoseTarget(id, this.#lookups(), signal);
  }

  /**
   * The other regions that have a node; none where they cannot be asked.
   *
   * @param sought What is looked for.
   * @param signal Gives up.
   */
  findElsewhere(
    sought: Sought,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return findElsewhere(sought, {
      regions: (signal) => this.regions(signal),
      nodes: (region, filters, signal) =>
        this.inRegion(region).ssm.describeInstanceInformation(filters, signal),
    }, signal);
  }

  /**
   * The control plane of a session this identity started.
   *
   * @param options The session.
   */
  sessionControl(options: SessionControlOptions): SessionControl {
    return createSessionControl(this.#clients, options);
  }

  /** Ends calls under way and closes connections. Idempotent. */
  close(): void {
    this.#clients.close();
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #lookups(): TargetCalls & DiagnoseCalls & NodeListCalls {
    const { ssm, ec2 } = this;
    return {
      describeInstanceInformation: (filters, signal) =>
        ssm.describeInstanceInformation(filters, signal),
      findInstances: (attribute, value, signal) =>
        ec2.findInstances(attribute, value, signal),
      someNames: (signal) => ec2.someNames(signal),
      namesOf: (ids, signal) => ec2.namesOf(ids, signal),
      describeInstance: (id, signal) => ec2.describeInstance(id, signal),
    };
  }
}
