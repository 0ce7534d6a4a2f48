/**
 * The client's side of the WebSocket handshake (RFC 6455 §4.1, data-channel.md §1.2).
 *
 * @module
 */

import {
  type Clock,
  TransportError,
  UpgradeRefusedError,
} from "../session/transport.ts";
import { closeOnAbort } from "./deadline.ts";
import {
  encodeHead,
  type HttpHead,
  listHas,
  readHead,
  statusOf,
  writeAll,
} from "./http_head.ts";
import type { ByteConn } from "./rfc6455_transport.ts";

/** How much of a refusal's body is kept, in bytes. */
const maxBody = 16 * 1024;

/** How long a refusal's body is waited for, in milliseconds. */
const bodyTimeout = 2000;

/** Headers that are ours to set; a caller's are left out. */
const ours = new Set([
  "upgrade",
  "connection",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
  "content-length",
  "transfer-encoding",
]);

/** What {@linkcode upgrade} asks for. */
export interface UpgradeOptions {
  /** The stream URL. Its path and query go out as they are written here. */
  readonly url: string;
  /** Headers to send, the signature among them; a `Host` here replaces ours. */
  readonly headers: Readonly<Record<string, string>>;
  /** Measures the wait for a refusal's body. */
  readonly clock: Clock;
  /** Gives up: the connection is closed. */
  readonly signal: AbortSignal;
}

/**
 * The request target: path and query as they are written in the URL, never decoded and encoded
 * again, as the query holds raw `+` and `/` (data-channel.md §1.1).
 *
 * @param url An absolute URL.
 * @throws {TransportError} The URL has characters that may not stand in a request.
 */
export function requestTarget(url: string): string {
  const match = /^[a-z]+:\/\/[^/?#]*([^#]*)/i.exec(url);
  const raw = match?.[1];
  if (raw === undefined || !/^[\x21-\x7e]*$/.test(raw)) {
    throw new TransportError(
      "Cannot open WebSocket: the URL's path or query has characters that must be percent-encoded",
    );
  }
  return raw.startsWith("/") ? raw : `/${raw}`;
}

/**
 * What a server answers to a key (RFC 6455 §4.2.2).
 *
 * @param key The value of `Sec-WebSocket-Key`.
 */
export async function acceptFor(key: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-1",
    new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`),
  );
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

/**
 * Sends the upgrade request and checks the answer. The caller closes the connection on errors.
 *
 * @param conn A connection to the server.
 * @param options What to ask for.
 * @returns The bytes that followed the answer: the beginning of the first frames.
 * @throws {UpgradeRefusedError} The server answered with something other than 101.
 * @throws {TransportError} The answer is no answer to a WebSocket upgrade, or none came.
 */
export async function upgrade(
  conn: ByteConn,
  options: UpgradeOptions,
): Promise<Uint8Array> {
  const { url, headers, clock, signal } = options;
  using _watch = closeOnAbort(conn, signal);
  const key = btoa(
    String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))),
  );
  const request = encodeRequest(url, headers, key);
  let head: HttpHead;
  let status: number;
  try {
    await writeAll(conn, request);
    head = await readHead(conn);
    status = statusOf(head.startLine);
    // An interim answer, such as 103, comes before the real one.
    while (status >= 100 && status < 200 && status !== 101) {
      head = await readHead(conn, head.rest);
      status = statusOf(head.startLine);
    }
  } catch (cause) {
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TransportError(`Cannot open WebSocket: ${why}`, { cause });
  }
  if (status !== 101) {
    const body = await readBody(conn, head, clock);
    signal.throwIfAborted();
    throw new UpgradeRefusedError(status, head.headers, body);
  }
  await checkAnswer(head, key);
  return head.rest;
}

function encodeRequest(
  url: string,
  headers: Readonly<Record<string, string>>,
  key: string,
): Uint8Array {
  const all: Record<string, string> = {};
  // URL.host leaves out the default port, as the signature does (data-channel.md §1.2).
  if (!Object.keys(headers).some((name) => name.toLowerCase() === "host")) {
    all["Host"] = new URL(url).host;
  }
  all["Upgrade"] = "websocket";
  all["Connection"] = "Upgrade";
  all["Sec-WebSocket-Key"] = key;
  all["Sec-WebSocket-Version"] = "13";
  for (const [name, value] of Object.entries(headers)) {
    if (!ours.has(name.toLowerCase())) all[name] = value;
  }
  try {
    return encodeHead(`GET ${requestTarget(url)} HTTP/1.1`, all);
  } catch (cause) {
    if (cause instanceof TransportError || !(cause instanceof Error)) {
      throw cause;
    }
    throw new TransportError(`Cannot open WebSocket: ${cause.message}`, {
      cause,
    });
  }
}

async function checkAnswer(head: HttpHead, key: string): Promise<void> {
  const { headers } = head;
  const wrong = !listHas(headers["upgrade"], "websocket") ||
      !listHas(headers["connection"], "upgrade")
    ? "the server switched to another protocol"
    : headers["sec-websocket-accept"] !== await acceptFor(key)
    ? "the server's Sec-WebSocket-Accept does not answer our key"
    : headers["sec-websocket-extensions"] || headers["sec-websocket-protocol"]
    ? "the server chose an extension or subprotocol that was not offered"
    : undefined;
  if (wrong !== undefined) {
    throw new TransportError(`Cannot open WebSocket: ${wrong}`);
  }
}

/** The beginning of a refusal's body; whatever came when the time is up or the peer is gone. */
async function readBody(
  conn: ByteConn,
  head: HttpHead,
  clock: Clock,
): Promise<string> {
  const chunked = listHas(head.headers["transfer-encoding"], "chunked");
  const announced = Number(head.headers["content-length"] ?? Infinity);
  const limit = chunked ? maxBody : Math.min(maxBody, announced || 0);
  const buffer = new Uint8Array(Math.max(maxBody, head.rest.length));
  buffer.set(head.rest);
  let length = head.rest.length;
  let late = () => {};
  const timeout = new Promise<null>((resolve) => late = () => resolve(null));
  const cancel = clock.setTimer(bodyTimeout, late);
  try {
    while (length < limit && !(chunked && endsChunks(buffer, length))) {
      const read = conn.read(buffer.subarray(length));
      const count = await Promise.race([read, timeout]);
      if (count === null) {
        // The caller closes the connection, which ends a read that still waits.
        read.catch(() => {});
        break;
      }
      length += count;
    }
  } catch {
    // A refusal cut short is still a refusal: what came of its body is shown.
  } finally {
    cancel();
  }
  const body = buffer.slice(0, length);
  return new TextDecoder().decode(
    chunked ? joinChunks(body) : body.subarray(0, limit),
  );
}

function endsChunks(buffer: Uint8Array, length: number): boolean {
  const end = String.fromCharCode(
    ...buffer.subarray(Math.max(0, length - 7), length),
  );
  return end.endsWith("\r\n0\r\n\r\n") || end === "0\r\n\r\n";
}

/** The data of as many chunks as there are (RFC 9112 §7.1); what is not understood is left out. */
function joinChunks(body: Uint8Array): Uint8Array {
  const joined = new Uint8Array(body.length);
  let length = 0;
  for (let at = 0; at < body.length;) {
    const lineEnd = body.indexOf(10, at);
    if (lineEnd < 0) break;
    const size = parseInt(
      String.fromCharCode(...body.subarray(at, lineEnd).subarray(0, 8)),
      16,
    );
    if (!(size > 0)) break;
    const data = body.subarray(lineEnd + 1, lineEnd + 1 + size);
    joined.set(data, length);
    length += data.length;
    at = lineEnd + 1 + size + 2;
  }
  return joined.subarray(0, length);
}
