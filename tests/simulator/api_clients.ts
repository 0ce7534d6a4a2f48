/**
 * A simulator without a data channel service, and real AWS clients that talk to it.
 */

import { EC2Client } from "@aws-sdk/client-ec2";
import { ECSClient } from "@aws-sdk/client-ecs";
import { KMSClient } from "@aws-sdk/client-kms";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import {
  defaultOptions,
  type Simulator,
  type SimulatorOptions,
} from "../../lib/simulator/options.ts";
import { conflictingVariables } from "../../lib/simulator/environment.ts";
import {
  assembleSimulator,
  type ServiceDependencies,
  systemParts,
} from "../../lib/simulator/simulator.ts";

// The SDK reads the developer's own profile for its defaults, explicit credentials or not.
const nothing = Deno.build.os === "windows" ? "NUL" : "/dev/null";
Deno.env.set("AWS_CONFIG_FILE", nothing);
Deno.env.set("AWS_SHARED_CREDENTIALS_FILE", nothing);
for (const name of conflictingVariables) Deno.env.delete(name);

/** What a test works with. */
export interface TestSimulator extends AsyncDisposable {
  readonly simulator: Simulator;
  /** What the data channel service was given. */
  readonly service: ServiceDependencies;
  readonly ssm: SSMClient;
  readonly ec2: EC2Client;
  readonly kms: KMSClient;
  readonly sts: STSClient;
  readonly ecs: ECSClient;
  /** The lines of the log. */
  readonly log: string[];
}

/** The port that the absent service's stream URLs name. */
export const absentServicePort = 9;

/** Starts a simulator whose data channel service is absent. */
export async function startTestSimulator(
  options: Partial<SimulatorOptions> = {},
): Promise<TestSimulator> {
  const log: string[] = [];
  let service: ServiceDependencies | undefined;
  const simulator = await assembleSimulator(
    { ...defaultOptions, log: (line) => log.push(line), ...options },
    {
      ...systemParts,
      startService: (dependencies) => {
        service = dependencies;
        return Promise.resolve({
          url: (id: string) =>
            `ws://127.0.0.1:${absentServicePort}/v1/data-channel/${id}`,
          close: () => Promise.resolve(),
        });
      },
    },
  );
  if (service === undefined) throw new Error("The service was not started");
  const configuration = clientConfiguration(simulator);
  const clients = {
    ssm: new SSMClient(configuration),
    ec2: new EC2Client(configuration),
    kms: new KMSClient(configuration),
    sts: new STSClient(configuration),
    ecs: new ECSClient(configuration),
  };
  return {
    simulator,
    service,
    log,
    ...clients,
    async [Symbol.asyncDispose]() {
      for (const client of Object.values(clients)) client.destroy();
      await simulator.close();
    },
  };
}

/** What an SDK client takes to talk to a simulator: one try, so that errors come at once. */
export function clientConfiguration(simulator: Simulator) {
  const { environment } = simulator;
  return {
    endpoint: simulator.endpoint,
    region: environment["AWS_REGION"] ?? "",
    credentials: {
      accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
      sessionToken: environment["AWS_SESSION_TOKEN"] ?? "",
    },
    maxAttempts: 1,
    // As lib/aws; the default handler's sockets outlive destroy() on Deno 2.6.
    requestHandler: new FetchHttpHandler(),
  };
}
