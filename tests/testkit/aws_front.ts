/**
 * A service in front of the simulator: what a test has no answer of its own for is passed on,
 * signed anew as the first signature is for another host.
 *
 * @module
 */

import type {
  ResumeSessionCommandInput,
  SSMClient,
  StartSessionCommandInput,
  TerminateSessionCommandInput,
} from "@aws-sdk/client-ssm";
import { type FakeAnswer, FakeAws, type FakeHandler } from "./fake_aws.ts";

/** What is passed on. */
const operations = [
  "StartSession",
  "ResumeSession",
  "TerminateSession",
] as const;

/**
 * Starts the service.
 * @param env What leads to the simulator.
 * @param handlers Answers of the test's own, by operation: `ssm:ResumeSession`. One that gives
 * `undefined` has the request passed on after all.
 */
export function startFront(
  env: Readonly<Record<string, string>>,
  handlers: Readonly<
    Record<
      string,
      (
        ...args: Parameters<FakeHandler>
      ) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>
    >
  >,
): FakeAws {
  const all: Record<string, FakeHandler> = {};
  for (const operation of operations) {
    const name = `ssm:${operation}`;
    all[name] = async (request) =>
      await handlers[name]?.(request) ??
        await passOn(env, operation, request.input);
  }
  for (const [name, handler] of Object.entries(handlers)) {
    all[name] ??= async (request) =>
      await handler(request) ?? { error: "UnknownOperationException" };
  }
  return new FakeAws(all);
}

async function passOn(
  env: Readonly<Record<string, string>>,
  operation: (typeof operations)[number],
  input: unknown,
): Promise<FakeAnswer> {
  const ssm = await import("@aws-sdk/client-ssm");
  const { FetchHttpHandler } = await import("@smithy/fetch-http-handler");
  const client: SSMClient = new ssm.SSMClient({
    region: env.AWS_REGION ?? "",
    endpoint: env.AWS_ENDPOINT_URL ?? "",
    requestHandler: new FetchHttpHandler(),
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
      sessionToken: env.AWS_SESSION_TOKEN ?? "",
    },
  });
  try {
    const { $metadata: _, ...json } = operation === "StartSession"
      ? await client.send(
        new ssm.StartSessionCommand(input as StartSessionCommandInput),
      )
      : operation === "ResumeSession"
      ? await client.send(
        new ssm.ResumeSessionCommand(input as ResumeSessionCommandInput),
      )
      : await client.send(
        new ssm.TerminateSessionCommand(input as TerminateSessionCommandInput),
      );
    return { json };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { error: error.name, message: error.message };
  } finally {
    client.destroy();
  }
}
