/**
 * Which hosts a stream URL may lead to: the token goes there in the first frame.
 *
 * @module
 */

import { TransportError } from "../session/transport.ts";
import { isLoopback } from "./loopback.ts";

const region = "[a-z]{2}(?:-[a-z]+)+-\\d+";
// data-channel.md §1.1; the partitions' suffixes as in the SDK's endpoint rules.
const suffix =
  "(?:amazonaws\\.com(?:\\.cn)?|amazonaws\\.eu|api\\.aws|api\\.amazonwebservices\\.com\\.cn" +
  "|c2s\\.ic\\.gov|sc2s\\.sgov\\.gov|cloud\\.adc-e\\.uk|csp\\.hci\\.ic\\.gov)";
const service = new RegExp(
  `^ssmmessages(?:-fips)?(?:\\.${region})?\\.${suffix}$`,
);
const endpoint = new RegExp(
  `^vpce-[a-z0-9-]+\\.ssmmessages(?:-fips)?\\.${region}\\.vpce\\.${suffix}$`,
);

/**
 * Whether a host is Session Manager's by its name: the public service or a VPC endpoint.
 *
 * @param hostname As `URL.hostname` has it.
 */
export function isSessionManagerHost(hostname: string): boolean {
  return service.test(hostname) || endpoint.test(hostname);
}

/**
 * Checks a stream URL: `wss` to Session Manager, to a host the user named or to this machine;
 * `ws` to this machine alone (data-channel.md §1.1).
 *
 * @param url The stream URL.
 * @param namedHosts Hosts that the user named, as `host` or `host:port`.
 * @returns The parsed URL; its path and query are not fit for the request line.
 * @throws {TransportError} The URL leads elsewhere, or is none.
 */
export function checkStreamUrl(
  url: string,
  namedHosts: readonly string[],
): URL {
  if (!URL.canParse(url)) {
    throw new TransportError("Cannot open WebSocket: the stream URL is no URL");
  }
  const parsed = new URL(url);
  const { protocol, hostname, host } = parsed;
  if (parsed.username !== "" || parsed.password !== "") {
    throw new TransportError(
      "Cannot open WebSocket: the stream URL has a user name in it",
    );
  }
  if (protocol !== "wss:" && protocol !== "ws:") {
    throw new TransportError(
      `Cannot open WebSocket: the stream URL begins with ${protocol}// instead of wss://`,
    );
  }
  if (isLoopback(hostname)) return parsed;
  if (protocol === "ws:") {
    throw new TransportError(
      `Cannot open WebSocket to ${host}: ws:// is only for this machine, use wss://`,
    );
  }
  const named = namedHosts.some((one) => {
    const name = one.toLowerCase();
    return name === hostname || name === host;
  });
  if (!named && !isSessionManagerHost(hostname)) {
    throw new TransportError(
      `Cannot open WebSocket to ${host}: it is no Session Manager host, nor one that was named`,
    );
  }
  return parsed;
}
