/**
 * What the log says of a call to AWS.
 *
 * @module
 */

import type { Logger } from "../log/log.ts";

/** What the SDK says about a call that was made. */
interface CallMetadata {
  readonly httpStatusCode?: number;
  readonly requestId?: string;
  readonly attempts?: number;
  readonly totalRetryDelay?: number;
}

/** Outputs and errors of the SDK have it. */
function metadataOf(outcome: unknown): CallMetadata | undefined {
  if (typeof outcome !== "object" || outcome === null) return undefined;
  return "$metadata" in outcome ? outcome.$metadata as CallMetadata : undefined;
}

/**
 * Makes a call, with its duration and its request's id in the log.
 *
 * @param log Where to; `undefined` and one that is off cost nothing.
 * @param action The IAM action, `ssm:StartSession`.
 * @param region The region, as far as it is known when the call is over.
 * @param run The call itself.
 * @throws What `run` throws.
 */
export async function loggedCall<Result>(
  log: Logger | undefined,
  action: string,
  region: () => string | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  if (log === undefined || log.level === 0) return await run();
  const begun = performance.now();
  const report = (outcome: unknown, error?: unknown) => {
    const metadata = metadataOf(outcome);
    // Fetching credentials is no call by itself.
    if (metadata === undefined && error === undefined) return;
    log.event({
      level: 1,
      what: `aws ${action}`,
      values: {
        ms: Math.round(performance.now() - begun),
        region: region(),
        status: metadata?.httpStatusCode,
        attempts: metadata?.attempts,
        "retry-ms": metadata?.totalRetryDelay || undefined,
        request: metadata?.requestId,
        error: error instanceof Error
          ? `${error.name}: ${error.message}`
          : undefined,
      },
    });
  };
  try {
    const result = await run();
    report(result);
    return result;
  } catch (error) {
    report(error, error);
    throw error;
  }
}
