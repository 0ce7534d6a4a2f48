/**
 * Who issued a server's certificate, trusted or not: an authority between us and the server, as a
 * company's proxy, is named by nothing else.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** What a certificate says. */
export interface PeerCertificate {
  /** Organisation and name of the issuer, `Amazon, Amazon RSA 2048 M01`. */
  readonly issuer: string;
  /** The issuer's organisation; empty where it says none. */
  readonly issuerOrganisation: string;
  /** The name it was issued for. */
  readonly subject: string;
}

/** Where to look. */
export interface PeerCertificateOptions {
  readonly hostname: string;
  readonly port: number;
  /** An `http:` proxy to go through. */
  readonly proxy?: URL | undefined;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/** How long it may take, in milliseconds: it is a courtesy. */
const limit = 5000;

/**
 * Asks a server for its certificate, sends nothing and closes the connection.
 *
 * @param options Where.
 * @returns `undefined` where it cannot be had. Never rejects.
 */
export async function peerCertificate(
  options: PeerCertificateOptions,
): Promise<PeerCertificate | undefined> {
  const { promise, resolve } = Promise.withResolvers<
    PeerCertificate | undefined
  >();
  const sockets: Socket[] = [];
  const giveUp = () => resolve(undefined);
  const timer = setTimeout(giveUp, limit);
  options.signal.addEventListener("abort", giveUp, { once: true });
  const keep = <S extends Socket>(socket: S): S => {
    sockets.push(socket);
    socket.on("error", giveUp);
    return socket;
  };
  try {
    const { hostname, port, proxy } = options;
    const isAddress = hostname.includes(":") || /^[\d.]+$/.test(hostname);
    const greet = (socket?: Socket) => {
      const tls = connectTls({
        ...(socket === undefined ? { host: hostname, port } : { socket }),
        ...(isAddress ? {} : { servername: hostname }),
        // Nothing is sent and nothing believed: what does not verify is what is looked for.
        rejectUnauthorized: false,
      }, () => resolve(read(tls.getPeerCertificate())));
      keep(tls);
    };
    if (proxy === undefined) greet();
    else through(proxy, `${hostname}:${port}`, keep, greet);
    return await promise;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", giveUp);
    for (const socket of sockets) socket.destroy();
  }
}

/** CONNECT, as `dial.ts` does it; of its answer only the end matters here. */
function through(
  proxy: URL,
  target: string,
  keep: (socket: Socket) => Socket,
  greet: (socket: Socket) => void,
): void {
  const tcp = keep(connectTcp({
    host: proxy.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(proxy.port || 80),
  }));
  const user = decodeURIComponent(proxy.username);
  const password = decodeURIComponent(proxy.password);
  const authorization = user === "" && password === ""
    ? ""
    : `Proxy-Authorization: Basic ${
      Buffer.from(`${user}:${password}`).toString("base64")
    }\r\n`;
  tcp.write(
    `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`,
  );
  let answer = "";
  const onData = (bytes: Uint8Array) => {
    answer += new TextDecoder().decode(bytes);
    if (!answer.includes("\r\n\r\n")) return;
    tcp.off("data", onData);
    greet(tcp);
  };
  tcp.on("data", onData);
}

type Names = Readonly<Record<string, string | string[] | undefined>>;

function read(
  certificate: { readonly issuer?: unknown; readonly subject?: unknown },
): PeerCertificate | undefined {
  const issuer = names(certificate.issuer);
  if (issuer === undefined) return undefined;
  const words = (of: Names | undefined) =>
    [of?.["O"], of?.["CN"]].flat().filter((word) => word !== undefined)
      .join(", ");
  return {
    issuer: words(issuer),
    issuerOrganisation: [issuer["O"]].flat()[0] ?? "",
    subject: words(names(certificate.subject)),
  };
}

function names(value: unknown): Names | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const entries = Object.entries(value).filter((entry) =>
    typeof entry[1] === "string" || Array.isArray(entry[1])
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
