/**
 * SigV4's canonical request, with the rules of data-channel.md §1.2 for the path and the query.
 *
 * @module
 */

/** The parts of a request that a signature covers. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as they stood in the request line; a whole URL will do. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/**
 * The canonical request: what both sides hash. Exported for the tests, which compare it with the
 * official client's.
 *
 * @param request The request as it came.
 * @param signedHeaders Lower-case names in the order of the Authorization header.
 * @param bodyHash SHA-256 of the body in lower-case hex.
 */
export function canonicalRequest(
  request: SignedRequest,
  signedHeaders: readonly string[],
  bodyHash: string,
): string {
  const { path, query } = splitTarget(request.target);
  return [
    request.method,
    // Each byte outside the unreserved ones is percent-encoded once more: `%40` is `%2540`.
    path.split("/").map(uriEncode).join("/"),
    canonicalQuery(query),
    ...signedHeaders.map((name) =>
      `${name}:${(request.headers.get(name) ?? "").trim().replace(/ +/g, " ")}`
    ),
    "",
    signedHeaders.join(";"),
    bodyHash,
  ].join("\n");
}

/** Path and raw query; a scheme and authority in front are dropped, a fragment behind too. */
function splitTarget(target: string): { path: string; query: string } {
  const origin = target.replace(/^[a-z]+:\/\/[^/?#]*/i, "").split("#", 1)[0] ??
    "";
  const mark = origin.indexOf("?");
  const path = mark < 0 ? origin : origin.slice(0, mark);
  return { path: path || "/", query: mark < 0 ? "" : origin.slice(mark + 1) };
}

/** The query read as a form (a raw `+` is a space), sorted and encoded (data-channel.md §1.2). */
function canonicalQuery(query: string): string {
  const pairs = query.split("&").filter((part) => part !== "").map((part) => {
    const mark = part.indexOf("=");
    const name = mark < 0 ? part : part.slice(0, mark);
    const value = mark < 0 ? "" : part.slice(mark + 1);
    return [uriEncode(formDecode(name)), uriEncode(formDecode(value))];
  });
  // Encoded text is ASCII, so comparing code units is comparing bytes.
  pairs.sort(([an = "", av = ""], [bn = "", bv = ""]) =>
    an !== bn ? (an < bn ? -1 : 1) : av < bv ? -1 : av > bv ? 1 : 0
  );
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

function formDecode(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** Percent-encodes every byte but `A-Z a-z 0-9 - . _ ~`. */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
