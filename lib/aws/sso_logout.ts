/**
 * Identity Center's Logout. The SDK's client for it would cost more than its one request.
 *
 * @module
 */

import type { AwsClients } from "./client.ts";
import { environmentOf } from "./settings.ts";

/**
 * Signs out: the token is no good any more, and no session of the portal that belongs to it.
 *
 * @param clients Whose connections.
 * @param region Identity Center's.
 * @param accessToken The token.
 * @param signal Gives up.
 * @throws When there is no answer, or it is a refusal.
 */
export async function ssoLogout(
  clients: AwsClients,
  region: string,
  accessToken: string,
  signal: AbortSignal,
): Promise<void> {
  const env = environmentOf(clients.settings);
  const domain = region.startsWith("cn-")
    ? "amazonaws.com.cn"
    : "amazonaws.com";
  const endpoint = new URL(
    env("AWS_ENDPOINT_URL_SSO") || env("AWS_ENDPOINT_URL") ||
      `https://portal.sso.${region}.${domain}`,
  );
  const [{ requestHandler }, { HttpRequest }] = await Promise.all([
    clients.unsignedConfiguration(region),
    import("@smithy/protocol-http"),
  ]);
  const { response } = await requestHandler.handle(
    new HttpRequest({
      method: "POST",
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      ...(endpoint.port === "" ? {} : { port: Number(endpoint.port) }),
      path: `${endpoint.pathname.replace(/\/$/, "")}/logout`,
      headers: {
        host: endpoint.host,
        "x-amz-sso_bearer_token": accessToken,
      },
    }),
    { abortSignal: signal },
  );
  if (response.statusCode >= 300) {
    throw new Error(`Cannot sign out: status ${response.statusCode}`);
  }
}
