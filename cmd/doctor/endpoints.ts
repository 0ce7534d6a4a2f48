/**
 * The services that sessions need, and those that are good to have: where they are, and how far a
 * connection to each gets.
 *
 * @module
 */

import { siblingEndpoint } from "../../lib/aws/service_endpoint.ts";
import type { Probe } from "../../lib/io/probe.ts";
import type { DoctorCalls } from "./calls.ts";

/** A service, and where it is. */
export interface Endpoint {
  readonly service: string;
  /** `https://ssm.eu-west-1.amazonaws.com`; `undefined` where only StartSession tells. */
  readonly url: string | undefined;
  /** True where there are no sessions without it. */
  readonly required: boolean;
  /** What it is for. */
  readonly purpose: string;
}

/** An endpoint, and what came of a connection to it. */
export interface ProbedEndpoint extends Endpoint {
  readonly probe: Probe;
}

/** The services, the most important first. */
const services: readonly Omit<Endpoint, "url">[] = [
  { service: "ssm", required: true, purpose: "starts sessions" },
  { service: "ssmmessages", required: true, purpose: "carries sessions" },
  { service: "kms", required: false, purpose: "for encrypted sessions" },
  { service: "ec2", required: false, purpose: "for Name tags" },
  { service: "ecs", required: false, purpose: "for containers" },
  {
    service: "ec2messages",
    required: false,
    purpose: "for agents, where this is a node's network",
  },
];

/**
 * Where the services are.
 * @param calls Tells those of the SDK's.
 * @param env Tells the others, by AWS_ENDPOINT_URL_…
 */
export async function endpoints(
  calls: Pick<DoctorCalls, "endpoint">,
  env: (name: string) => string | undefined,
): Promise<readonly Endpoint[]> {
  const ssm = await calls.endpoint("ssm");
  return await Promise.all(services.map(async (each) => {
    const { service } = each;
    return { ...each, url: await urlOf(service) };
  }));

  async function urlOf(service: string): Promise<string | undefined> {
    switch (service) {
      case "ssm":
        return ssm;
      case "kms":
      case "ec2":
      case "ecs":
        return await calls.endpoint(service);
      default:
        return env(`AWS_ENDPOINT_URL_${service.toUpperCase()}`) ??
          siblingEndpoint(ssm, service);
    }
  }
}

/**
 * Connects to all of them at once, to each place once.
 * @param list The services.
 * @param calls Makes the connections.
 * @param signal Gives up.
 */
export async function probeEndpoints(
  list: readonly Endpoint[],
  calls: Pick<DoctorCalls, "probe">,
  signal: AbortSignal,
): Promise<readonly ProbedEndpoint[]> {
  const probes = new Map<string, Promise<Probe>>();
  const probed = await Promise.all(list.map(async (endpoint) => {
    if (endpoint.url === undefined) return undefined;
    const { origin } = new URL(endpoint.url);
    const probe = probes.get(origin) ?? calls.probe(endpoint.url, signal);
    probes.set(origin, probe);
    return { ...endpoint, probe: await probe };
  }));
  return probed.filter((each) => each !== undefined);
}

/**
 * The service's clock minus ours, in milliseconds: the middle one of those that were told.
 * @param probed What came of the connections.
 */
export function clockOffset(
  probed: readonly ProbedEndpoint[],
): number | undefined {
  const offsets = probed.map(({ probe }) => probe.clockOffset)
    .filter((offset) => offset !== undefined).sort((a, b) => a - b);
  return offsets[Math.floor(offsets.length / 2)];
}
