/**
 * The environment that makes an AWS client talk to the simulator, and to nothing else.
 *
 * @module
 */

import type { SimulatorCredentials } from "./credentials.ts";

/**
 * The variables to set.
 *
 * @param endpoints The APIs' base URL, and that of the data channels.
 * @param region The simulator's region.
 * @param credentials The run's credentials.
 * @param windows True where the child runs on Windows.
 */
export function clientEnvironment(
  endpoints: { readonly api: string; readonly stream: string },
  region: string,
  credentials: SimulatorCredentials,
  windows = Deno.build.os === "windows",
): Readonly<Record<string, string>> {
  // Profiles hold endpoints, roles and regions of their own; an empty file holds none.
  const empty = windows ? "NUL" : "/dev/null";
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    // Read by AWS CLI 2.13 and newer; an older one needs --endpoint-url.
    AWS_ENDPOINT_URL: endpoints.api,
    // Sessions learn it from StartSession; `ssm doctor` asks before there is one.
    AWS_ENDPOINT_URL_SSMMESSAGES: endpoints.stream.replace(/^ws/, "http"),
    AWS_CONFIG_FILE: empty,
    AWS_SHARED_CREDENTIALS_FILE: empty,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_PAGER: "",
    // A proxy on another machine cannot reach our loopback.
    NO_PROXY: "127.0.0.1,localhost",
    no_proxy: "127.0.0.1,localhost",
  };
}

/**
 * The variables to take away: each would send a client to another place, or have it look for
 * another identity, in spite of {@linkcode clientEnvironment}.
 */
export const conflictingVariables: readonly string[] = [
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_ENDPOINT_URL_SSM",
  "AWS_ENDPOINT_URL_EC2",
  "AWS_ENDPOINT_URL_KMS",
  "AWS_ENDPOINT_URL_STS",
  "AWS_ENDPOINT_URL_ECS",
  "AWS_ENDPOINT_URL_SSO",
  "AWS_ENDPOINT_URL_SSO_OIDC",
  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
  "AWS_USE_FIPS_ENDPOINT",
  "AWS_USE_DUALSTACK_ENDPOINT",
  "AWS_ROLE_ARN",
  "AWS_ROLE_SESSION_NAME",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_SECURITY_TOKEN",
  "AWS_CREDENTIAL_EXPIRATION",
];
