/**
 * StartSession as the AWS CLI calls it, for tests of those who are given the session.
 *
 * @module
 */

/** A session as StartSession gives it, members as it spells them. */
export interface StartedGrant {
  readonly SessionId: string;
  readonly TokenValue: string;
  readonly StreamUrl: string;
}

/**
 * Starts a session on the simulator.
 * @param env An environment that leads to it.
 * @param request Of StartSession.
 */
export async function startSession(
  env: Readonly<Record<string, string>>,
  request: {
    readonly Target: string;
    readonly DocumentName?: string;
    readonly Parameters?: Record<string, string[]>;
  },
): Promise<StartedGrant> {
  const { SSMClient, StartSessionCommand } = await import(
    "@aws-sdk/client-ssm"
  );
  const { FetchHttpHandler } = await import("@smithy/fetch-http-handler");
  const client = new SSMClient({
    region: env.AWS_REGION ?? "",
    endpoint: env.AWS_ENDPOINT_URL ?? "",
    requestHandler: new FetchHttpHandler(),
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
      sessionToken: env.AWS_SESSION_TOKEN ?? "",
    },
  });
  const { SessionId = "", TokenValue = "", StreamUrl = "" } = await client
    .send(new StartSessionCommand(request));
  client.destroy();
  return { SessionId, TokenValue, StreamUrl };
}
