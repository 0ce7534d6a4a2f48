/**
 * Where the calls to a service go. Which of flag, environment, profile and the SDK's endpoint rules
 * decides that, only the SDK knows: it is asked by a call that is given up before it is sent.
 *
 * @module
 */

import type { AnonymousConfiguration, AwsClients } from "./client.ts";
import { endpointOf } from "./endpoint.ts";

/** The services that have an SDK client here. */
export type CalledService = "ssm" | "kms" | "sts" | "ec2" | "ecs" | "iam";

/** Thrown in place of sending. */
class EndpointFound extends Error {
  constructor(readonly endpoint: string | undefined) {
    super("The endpoint is found");
  }
}

/** Gives a call up once it knows where it would go. */
const stop = (_next: unknown) => (args: { readonly request?: unknown }) =>
  Promise.reject(new EndpointFound(endpointOf(args.request)));

/** Before the signature, which needs credentials. */
const where = { step: "finalizeRequest", priority: "high" } as const;

/**
 * A service's endpoint, without a call to it.
 *
 * @param clients Whose settings.
 * @param service The service.
 * @returns `https://ssm.eu-west-1.amazonaws.com`
 * @throws AwsCallError of kind `no-region`, `unknown-profile` or `invalid`.
 */
export async function serviceEndpoint(
  clients: AwsClients,
  service: CalledService,
): Promise<string> {
  const configuration = await clients.anonymousConfiguration();
  try {
    await askInVain(service, configuration);
  } catch (error) {
    if (error instanceof EndpointFound && error.endpoint !== undefined) {
      return error.endpoint;
    }
    throw error;
  }
  throw new Error(`The SDK does not tell the endpoint of ${service}`);
}

async function askInVain(
  service: CalledService,
  configuration: AnonymousConfiguration,
): Promise<void> {
  switch (service) {
    case "ssm": {
      const sdk = await import("@aws-sdk/client-ssm");
      const client = new sdk.SSMClient(configuration);
      client.middlewareStack.add(stop, where);
      await client.send(new sdk.DescribeInstanceInformationCommand({}));
      return;
    }
    case "kms": {
      const sdk = await import("@aws-sdk/client-kms");
      const client = new sdk.KMSClient(configuration);
      client.middlewareStack.add(stop, where);
      await client.send(new sdk.ListKeysCommand({}));
      return;
    }
    case "sts": {
      const sdk = await import("@aws-sdk/client-sts");
      const client = new sdk.STSClient(configuration);
      client.middlewareStack.add(stop, where);
      await client.send(new sdk.GetCallerIdentityCommand({}));
      return;
    }
    case "ec2": {
      const sdk = await import("@aws-sdk/client-ec2");
      const client = new sdk.EC2Client(configuration);
      client.middlewareStack.add(stop, where);
      await client.send(new sdk.DescribeRegionsCommand({}));
      return;
    }
    case "ecs": {
      const sdk = await import("@aws-sdk/client-ecs");
      const client = new sdk.ECSClient(configuration);
      client.middlewareStack.add(stop, where);
      await client.send(new sdk.ListClustersCommand({}));
      return;
    }
    case "iam": {
      const sdk = await import("@aws-sdk/client-iam");
      const client = new sdk.IAMClient(configuration);
      client.middlewareStack.add(stop, where);
      await client.send(new sdk.GetUserCommand({}));
      return;
    }
  }
}

/**
 * The host names of a region's services that have no SDK client here, made from that of SSM.
 *
 * @param ssm SSM's endpoint, as {@linkcode serviceEndpoint} gives it.
 * @param service `ssmmessages`, `ec2messages`
 * @returns `undefined` for an endpoint that is not AWS's own: only StartSession tells then.
 */
export function siblingEndpoint(
  ssm: string,
  service: string,
): string | undefined {
  const [, fips = "", rest] =
    /^https:\/\/ssm(-fips)?(\.[a-z0-9-]+\.[a-z.]+)$/.exec(ssm) ?? [];
  return rest === undefined ||
      !/\.(amazonaws|api\.aws|c2s|sc2s|adc|csp|cloud)/.test(rest)
    ? undefined
    : `https://${service}${fips}${rest}`;
}
