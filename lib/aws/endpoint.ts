/**
 * Endpoints of calls: the one that was given, and the one that the SDK found.
 *
 * @module
 */

/**
 * The part of a client's configuration that says where its calls go. The endpoint rules refuse a
 * given endpoint together with FIPS or dual-stack, which the environment may still ask for; the given
 * one is the user's last word.
 *
 * @param endpointUrl The given one; the SDK finds it where there is none.
 */
export function endpointSettings(endpointUrl: string | undefined) {
  return endpointUrl === undefined ? {} : {
    endpoint: endpointUrl,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  };
}

/**
 * The endpoint that a request is for; the path of an endpoint behind a gateway belongs to it.
 *
 * @param request What the SDK is about to send.
 */
export function endpointOf(request: unknown): string | undefined {
  if (typeof request !== "object" || request === null) return undefined;
  const { protocol, hostname, port, path = "/" } = request as Partial<
    Record<"protocol" | "hostname" | "port" | "path", unknown>
  >;
  if (typeof protocol !== "string" || typeof hostname !== "string") {
    return undefined;
  }
  return `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}` +
    String(path).replace(/\/$/, "");
}
