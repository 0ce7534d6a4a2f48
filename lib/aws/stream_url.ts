/**
 * Which hosts a data channel may be opened to (data-channel.md §1.1). The token that opens a
 * session goes there, so an answer that points elsewhere must not be followed.
 *
 * @module
 */

import { TransportError } from "../session/transport.ts";
import { shellQuote, visible } from "../text.ts";

/** The stream URL points to a host that is not Session Manager's, nor one the user named. */
export class StreamUrlError extends TransportError {
  override name = "StreamUrlError";
  /**
   * @param message What was refused, and what allows it.
   * @param host Host, with the port where the URL has one; empty when there is none.
   * @param hints Commands that can be pasted.
   */
  constructor(
    message: string,
    readonly host: string,
    readonly hints: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** DNS suffixes of the AWS partitions, ordinary and dual-stack (the SDK's partitions table). */
const SUFFIXES = [
  "amazonaws.com",
  "amazonaws.com.cn",
  "amazonaws.eu",
  "c2s.ic.gov",
  "sc2s.sgov.gov",
  "cloud.adc-e.uk",
  "csp.hci.ic.gov",
  "api.aws",
  "api.amazonwebservices.com.cn",
  "api.amazonwebservices.eu",
  "api.aws.ic.gov",
  "api.aws.scloud",
  "api.cloud-aws.adc-e.uk",
  "api.aws.hci.ic.gov",
].map((suffix) => suffix.replaceAll(".", "\\.")).join("|");

/** As us-east-1 or us-gov-west-1; `ssmmessages.s3.amazonaws.com` would be anybody's bucket. */
const REGION = "[a-z]{2,}(-[a-z]+)+-[0-9]+";

const SERVICE = new RegExp(
  `^ssmmessages(-fips)?(\\.${REGION})?\\.(${SUFFIXES})$`,
);

/** `vpce-….ssmmessages.<region>.vpce.amazonaws.com` */
const VPC_ENDPOINT = new RegExp(
  `^vpce-[a-z0-9-]+\\.ssmmessages(-fips)?\\.${REGION}\\.vpce\\.(${SUFFIXES})$`,
);

/** The environment variable that names further hosts, separated by commas. */
export const STREAM_HOST_VARIABLE = "SSM_STREAM_HOST";

/**
 * The hosts the user allows besides AWS's own: those of `--stream-host`, then those of
 * SSM_STREAM_HOST.
 *
 * @param named Values of the option.
 * @param env Looks up an environment variable.
 */
export function streamHosts(
  named: readonly string[],
  env: (name: string) => string | undefined,
): readonly string[] {
  return [...named, ...(env(STREAM_HOST_VARIABLE) ?? "").split(",")]
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== "");
}

/**
 * Checks a stream URL: `wss` to a Session Manager host, a VPC endpoint, loopback, or a host the
 * user named (exactly, with or without its port); `ws` to loopback alone.
 *
 * @param text The URL as StartSession gave it.
 * @param named Hosts the user named, as {@linkcode streamHosts} gives them.
 * @throws StreamUrlError that names the host and the option.
 */
export function checkStreamUrl(text: string, named: readonly string[]): void {
  const url = URL.parse(text);
  if (url === null) {
    throw new StreamUrlError(
      `Cannot open data channel: ${
        visible(JSON.stringify(text.slice(0, 200)))
      } is not a URL`,
      "",
    );
  }
  const host = url.hostname.toLowerCase();
  if (url.username !== "" || url.password !== "") {
    throw new StreamUrlError(
      `Cannot open data channel: the stream URL of host ${
        visible(url.host)
      } holds a user name`,
      url.host,
    );
  }
  if (isLoopback(host) && /^wss?:$/.test(url.protocol)) return;
  if (url.protocol !== "wss:") {
    throw new StreamUrlError(
      `Cannot open data channel: the stream URL of host ${
        visible(url.host)
      } has the scheme ${url.protocol.slice(0, -1)} where only wss is safe`,
      url.host,
    );
  }
  if (SERVICE.test(host) || VPC_ENDPOINT.test(host)) return;
  if (named.includes(host) || named.includes(url.host)) return;
  throw new StreamUrlError(
    `Cannot open data channel: the stream URL's host ${
      visible(url.host)
    } is no Session Manager endpoint; if it is yours, allow it with ` +
      `--stream-host or ${STREAM_HOST_VARIABLE}`,
    url.host,
    [`export ${STREAM_HOST_VARIABLE}=${shellQuote(url.host)}`],
  );
}

/** 127.0.0.0/8, ::1 and localhost; the URL parser has brought numbers into these forms. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(host);
}
