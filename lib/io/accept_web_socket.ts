/**
 * The server's side of the WebSocket handshake (RFC 6455 §4.2), for the simulator.
 *
 * @module
 */

import { closeQuietly } from "./deadline.ts";
import {
  encodeHead,
  type HttpHead,
  listHas,
  readHead,
  writeAll,
} from "./http_head.ts";
import { type Rfc6455Options, Rfc6455Transport } from "./rfc6455_transport.ts";
import { acceptFor } from "./upgrade.ts";

/** An upgrade request, for whoever decides about it. */
export interface UpgradeRequest {
  /** The request's method; always `GET`. */
  readonly method: string;
  /** The raw request target: path and query as they came. */
  readonly path: string;
  /** Names in lower case; the values of a repeated one joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The answer to a request that is not let in. */
export interface UpgradeRefusal {
  /** The HTTP status, 400 or more. */
  readonly status: number;
  /** Headers of the answer, besides its length. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer's body, sent as UTF-8. */
  readonly body?: string;
}

/** Lets a request in with `"accept"`, or refuses it. When it throws, the answer is 500. */
export type DecideUpgrade = (
  request: UpgradeRequest,
) => "accept" | UpgradeRefusal | Promise<"accept" | UpgradeRefusal>;

/** How {@linkcode acceptWebSocket} behaves; the rest is the transport's. */
export interface AcceptOptions
  extends Omit<Rfc6455Options, "role" | "initial"> {
  /** Milliseconds in which the request has to come; 10 000 when absent. */
  readonly headTimeout?: number;
}

const statusText: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  410: "Gone",
  426: "Upgrade Required",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/**
 * Reads an upgrade request from a connection just accepted and answers it. Takes over the
 * connection: it is closed on every way that does not lead to a transport.
 *
 * @param conn The connection.
 * @param decide Asked once, for a request that is a proper WebSocket upgrade; others get 400 or
 * 426 without it.
 * @param options How the transport is to behave.
 * @returns The server's end, or `undefined` when there is none: refused, no request, no time.
 */
export async function acceptWebSocket(
  conn: Pick<Deno.Conn, "read" | "write" | "close" | "closeWrite">,
  decide: DecideUpgrade,
  options: AcceptOptions,
): Promise<Rfc6455Transport | undefined> {
  const { headTimeout = 10_000, ...transport } = options;
  const cancel = options.clock.setTimer(headTimeout, () => closeQuietly(conn));
  try {
    const head = await readHead(conn);
    const refusal = checkRequest(head) ?? await ask(decide, head);
    if (refusal !== undefined) {
      await refuse(conn, refusal);
      return undefined;
    }
    const key = head.headers["sec-websocket-key"] ?? "";
    await writeAll(
      conn,
      encodeHead("HTTP/1.1 101 Switching Protocols", {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": await acceptFor(key),
      }),
    );
    return new Rfc6455Transport(conn, {
      ...transport,
      role: "server",
      initial: head.rest,
    });
  } catch {
    // The client went away, was too slow or did not speak HTTP: there is nobody to tell.
    closeQuietly(conn);
    return undefined;
  } finally {
    cancel();
  }
}

/** Whether the request is a WebSocket upgrade (RFC 6455 §4.2.1). */
function checkRequest(head: HttpHead): UpgradeRefusal | undefined {
  const { startLine, headers } = head;
  if (!/^GET [\x21-\x7e]+ HTTP\/1\.1$/.test(startLine)) {
    return { status: 400, body: "not a GET request of HTTP/1.1" };
  }
  if (
    !listHas(headers["upgrade"], "websocket") ||
    !listHas(headers["connection"], "upgrade") ||
    headers["sec-websocket-version"] !== "13"
  ) {
    return {
      status: 426,
      headers: { "Upgrade": "websocket", "Sec-WebSocket-Version": "13" },
      body: "not a WebSocket upgrade",
    };
  }
  if (!/^[A-Za-z0-9+/]{22}==$/.test(headers["sec-websocket-key"] ?? "")) {
    return { status: 400, body: "no proper Sec-WebSocket-Key" };
  }
  return undefined;
}

async function ask(
  decide: DecideUpgrade,
  head: HttpHead,
): Promise<UpgradeRefusal | undefined> {
  const [method = "", path = ""] = head.startLine.split(" ");
  try {
    const answer = await decide({ method, path, headers: head.headers });
    return answer === "accept" ? undefined : answer;
  } catch {
    return { status: 500 };
  }
}

async function refuse(
  conn: Pick<Deno.Conn, "read" | "write" | "close" | "closeWrite">,
  { status, headers, body = "" }: UpgradeRefusal,
): Promise<void> {
  const bytes = new TextEncoder().encode(body);
  const head = encodeHead(`HTTP/1.1 ${status} ${statusText[status] ?? ""}`, {
    ...headers,
    "Content-Length": String(bytes.length),
    "Connection": "close",
  });
  await writeAll(conn, head);
  await writeAll(conn, bytes);
  // Closing with unread bytes would reset the connection under the answer: read them first. The
  // time limit of the request still runs.
  await conn.closeWrite();
  const rubbish = new Uint8Array(4096);
  while (await conn.read(rubbish) !== null);
  conn.close();
}
