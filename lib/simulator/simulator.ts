/**
 * A Session Manager on loopback: the API, the data channel service and their sessions, started and
 * ended together.
 *
 * @module
 */

import { systemClock } from "../io/clock.ts";
import type { Clock } from "../session/transport.ts";
import { Denials } from "./api/denials.ts";
import { SimulatedEc2InstanceConnect } from "./api/ec2_instance_connect.ts";
import { SimulatedEc2 } from "./api/ec2.ts";
import { SimulatedEcs } from "./api/ecs.ts";
import { SimulatedKms } from "./api/kms.ts";
import { Pager } from "./api/paging.ts";
import { RequestRate } from "./api/request_rate.ts";
import { type RegionApis, startApiServer } from "./api/server.ts";
import { SimulatedSsm } from "./api/ssm.ts";
import { sessionPreferences } from "./api/session_preferences.ts";
import { SimulatedSso } from "./api/sso.ts";
import { SimulatedCommands } from "./command/commands.ts";
import {
  makeCredentials,
  type RandomBytes,
  systemRandom,
} from "./credentials.ts";
import { clientEnvironment, conflictingVariables } from "./environment.ts";
import { checkNodes, FleetError } from "./fleet.ts";
import { checkHosts } from "./hosts.ts";
import type { Simulator, SimulatorOptions } from "./options.ts";
import { SessionRegistry } from "./registry.ts";
import { checkTasks } from "./task_descriptions.ts";
import { makeUpgradeVerifier, type VerifyUpgrade } from "./sigv4_verify.ts";

/** What the data channel service is given. */
export interface ServiceDependencies {
  readonly registry: SessionRegistry;
  /** Checks the signature of an upgrade; the token is checked by `registry.takeToken`. */
  readonly verifyUpgrade: VerifyUpgrade;
  /** Decrypts data keys for the agent. */
  readonly kms: SimulatedKms;
  readonly options: SimulatorOptions;
  readonly clock: Clock;
}

/** A running data channel service. */
export interface RunningService {
  /** A session's StreamUrl, `ws://127.0.0.1:port/v1/data-channel/…` (data-channel.md §1.1). */
  url(sessionId: string): string;
  /** Ends agents, programs, sockets and the listener. */
  close(): Promise<void>;
}

/** Starts the data channel service. */
export type StartService = (
  dependencies: ServiceDependencies,
) => Promise<RunningService>;

/** What a simulator is put together from; tests put in parts of their own. */
export interface SimulatorParts {
  readonly startService: StartService;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/**
 * Starts a simulator from parts.
 *
 * @param options What it is to be.
 * @param parts The service, the clock, the randomness.
 * @throws FleetError For nodes, tasks or a region that cannot be used.
 * @throws HostError For hosts that would lead off this machine.
 * @throws Deno.errors.PermissionDenied and the like where listening is not possible.
 */
export async function assembleSimulator(
  options: SimulatorOptions,
  parts: SimulatorParts,
): Promise<Simulator> {
  checkNodes(options.nodes);
  checkTasks(options.tasks);
  checkHosts(options.hosts);
  const regions = checkRegions(options);
  const { clock, random } = parts;
  const now = () => clock.now();
  /** What the service's clock says, which is all that its clients hear of. */
  const serviceTime = () => clock.now() + options.clockSkew;
  const credentials = makeCredentials(random);
  const registry = new SessionRegistry({
    clock,
    random,
    idleTimeout: options.idleTimeout,
    maxDuration: options.maxDuration,
  });
  const pager = new Pager(random(32));
  const kms = new SimulatedKms(options.kmsKeyId, options.region);
  const ec2InstanceConnect = new SimulatedEc2InstanceConnect({
    nodes: options.nodes,
    folder: options.authorizedKeys,
    now,
  });
  const signer = { credentials, regions, now: serviceTime };
  const { region, denyDocuments, log, pace, scripts } = options;
  const preferences = sessionPreferences(options);
  const commands = new SimulatedCommands({ clock, random, pace, scripts });

  const service = await parts.startService({
    registry,
    verifyUpgrade: makeUpgradeVerifier(signer),
    kms,
    options,
    clock,
  });
  const streamUrl = (id: string) => service.url(id);
  /** A region has its own nodes, and the first one the tasks. */
  const apisOf = (name: string): RegionApis => {
    const nodes = options.nodes.filter((node) =>
      (node.region ?? region) === name
    );
    const tasks = name === region ? options.tasks : [];
    const common = { registry, pager, streamUrl, denyDocuments, now };
    return {
      ssm: new SimulatedSsm({
        ...common,
        nodes,
        tasks,
        commands,
        preferences,
        refuseResume: options.faults.refuseResume,
        region: name,
      }),
      ecs: new SimulatedEcs({ ...common, tasks, region: name }),
      ec2: new SimulatedEc2({ nodes, region: name, regions, pager, now }),
    };
  };
  let api;
  try {
    api = startApiServer({
      regions: new Map(regions.map((name) => [name, apisOf(name)])),
      ec2InstanceConnect,
      kms,
      deny: new Denials(options.deny, denyDocuments),
      now: serviceTime,
      sso: new SimulatedSso({
        behaviour: options.signIn,
        credentials,
        random,
        now,
        // A user takes longer than a test has.
        interval: pace === "fast" ? 0 : 1,
        endpoint: () => `http://127.0.0.1:${server.port}`,
      }),
      rate: new RequestRate(options.apiRate, now),
      signer,
      log,
    });
  } catch (cause) {
    await service.close();
    throw cause;
  }
  const server = api;
  const endpoint = `http://127.0.0.1:${server.port}`;
  let closing: Promise<void> | undefined;
  const close = () =>
    closing ??= (async () => {
      // No new session may begin while the old ones end, and none is left behind.
      await server.close();
      registry.terminateAll("The simulator was stopped.");
      await commands.close();
      await service.close();
      ec2InstanceConnect[Symbol.dispose]();
    })();
  return {
    environment: clientEnvironment(
      { api: endpoint, stream: new URL(service.url("")).origin },
      region,
      credentials,
    ),
    unset: conflictingVariables,
    endpoint,
    activeSessions: () => registry.active().map((session) => session.id),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * The names of its regions.
 *
 * @throws FleetError For one that cannot be used, and for a node in none of them.
 */
function checkRegions(options: SimulatorOptions): readonly string[] {
  const regions = [options.region, ...options.moreRegions];
  for (const region of regions) {
    // It stands in hosts and ARNs, and between the slashes of a credential scope.
    if (!/^[a-z]{2,8}(-[a-z]{2,16}){1,3}-\d{1,2}$/.test(region)) {
      throw new FleetError(
        `Cannot use region '${region}': it must look like us-east-1`,
      );
    }
  }
  for (const { id, region } of options.nodes) {
    if (region !== undefined && !regions.includes(region)) {
      throw new FleetError(
        `Cannot put node ${id} into region '${region}': the simulator has ` +
          regions.join(", "),
      );
    }
  }
  return [...new Set(regions)];
}

/** The parts that do not depend on how the data channel is served. */
export const systemParts: Omit<SimulatorParts, "startService"> = {
  clock: systemClock,
  random: systemRandom,
};
