/**
 * What it means that a WebSocket's upgrade was refused (api.md §10): for errors, and for
 * `ssm doctor`.
 *
 * @module
 */

/** Why an upgrade was refused. */
export interface Refusal {
  /**
   * - `session`: there is no such session, or its token is spent;
   * - `identity`: the signature or the token is not accepted;
   * - `way`: something between us and the service, or in its place;
   * - `service`: the service has trouble, or asks for fewer.
   */
  readonly cause: "session" | "identity" | "way" | "service";
  /** With the status in front, a phrase. */
  readonly meaning: string;
}

/**
 * What a status means.
 *
 * @param status The HTTP status; 0 where the transport does not tell it.
 */
export function refusalOf(status: number): Refusal {
  const because = (cause: Refusal["cause"], text: string): Refusal => ({
    cause,
    meaning: `${status}: ${text}`,
  });
  if (status === 0) {
    return {
      cause: "way",
      meaning:
        "this transport does not tell the status; --transport native does",
    };
  }
  if (status === 400) {
    return because(
      "session",
      "the request is malformed, or the session's token is spent",
    );
  }
  if (status === 401 || status === 403) {
    return because(
      "identity",
      "the signature or the session's token is not accepted: wrong credentials, " +
        "a clock that is off, no permission for ssmmessages:OpenDataChannel, or a policy of " +
        "the endpoint",
    );
  }
  if (status === 404) {
    return because("session", "this host serves no data channels");
  }
  if (status === 407) return because("way", "the proxy wants a password");
  if (status === 410) return because("session", "the session is over");
  if (status === 426 || status === 501 || status === 405) {
    return because(
      "way",
      "something on the way does not let WebSockets through",
    );
  }
  if (status === 429) {
    return because("service", "too many connections, try again later");
  }
  if (status >= 300 && status < 400) {
    return because(
      "way",
      "something on the way redirects, such as a login page of a network",
    );
  }
  if (status >= 500) {
    return because(
      "service",
      "trouble of the service or of a proxy, try again later",
    );
  }
  return because(
    "way",
    "an answer that no data channel gives; something else listens there",
  );
}
