/**
 * Which proxy a connection goes through, by the usual environment variables.
 *
 * @module
 */

import { TransportError } from "../session/transport.ts";
import { isLoopback } from "./loopback.ts";

/** Looks up an environment variable; `undefined` when it is not set. */
export type Environment = (name: string) => string | undefined;

/**
 * The proxy for a URL. For `wss` and `https` HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy; for
 * `ws` and `http` HTTP_PROXY, http_proxy; the first that is set and not empty. NO_PROXY or
 * no_proxy names hosts that are reached directly; this machine always is.
 *
 * @param url Where the connection leads.
 * @param env The environment.
 * @returns The proxy's URL, with userinfo if it has any; `undefined` = connect directly.
 * @throws {TransportError} The variable's value is no URL; it is named, its value is not shown as
 * it may hold a password.
 */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  if (isLoopback(url.hostname)) return undefined;
  const secure = url.protocol === "wss:" || url.protocol === "https:";
  const names = secure
    ? ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    : ["HTTP_PROXY", "http_proxy"];
  const name = names.find((one) => (env(one)?.trim() ?? "") !== "");
  if (name === undefined || noProxy(url, env)) return undefined;
  const value = env(name)!.trim();
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value)
    ? value
    : `http://${value}`;
  if (!URL.canParse(text) || new URL(text).hostname === "") {
    throw new TransportError(
      `Cannot use proxy: ${name} is not a URL such as http://proxy.example:3128`,
    );
  }
  return new URL(text);
}

function noProxy(url: URL, env: Environment): boolean {
  const list = env("NO_PROXY") || env("no_proxy") || "";
  const hostname = unbracket(url.hostname.toLowerCase());
  const secure = url.protocol === "wss:" || url.protocol === "https:";
  const port = url.port || (secure ? "443" : "80");
  return list.split(/[\s,]+/).some((entry) =>
    entry !== "" && matches(entry.toLowerCase(), hostname, port)
  );
}

/** One entry: `*`, a domain with or without a dot in front, an address, a CIDR; `:port` behind. */
function matches(entry: string, hostname: string, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return inNetwork(entry, hostname);
  let name = entry;
  // A port stands behind a name, an IPv4 address, or brackets; a bare IPv6 address has none.
  const withPort = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry);
  if (withPort !== null) {
    if (withPort[2] !== port) return false;
    name = withPort[1]!;
  }
  name = unbracket(name);
  const address = parseAddress(name);
  const host = parseAddress(hostname);
  if (address !== undefined || host !== undefined) {
    return host?.bits === address?.bits && host?.value === address?.value;
  }
  // As curl and Python do it: with or without a dot in front, the domain and all below it.
  name = name.replace(/^\*?\./, "");
  return name !== "" && (hostname === name || hostname.endsWith(`.${name}`));
}

function inNetwork(entry: string, hostname: string): boolean {
  const [base = "", length = ""] = entry.split("/");
  const network = parseAddress(unbracket(base));
  const host = parseAddress(hostname);
  if (
    network === undefined || host === undefined ||
    network.bits !== host.bits || !/^\d{1,3}$/.test(length) ||
    Number(length) > network.bits
  ) return false;
  const shift = BigInt(network.bits - Number(length));
  return network.value >> shift === host.value >> shift;
}

/** An IP address as a number; `undefined` for a name. */
function parseAddress(
  text: string,
): { readonly bits: 32 | 128; readonly value: bigint } | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split(".").map(Number);
    if (parts.some((part) => part > 255)) return undefined;
    return {
      bits: 32,
      value: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n),
    };
  }
  if (!text.includes(":") || !URL.canParse(`http://[${text}]`)) {
    return undefined;
  }
  // The URL parser has the rules of IPv6 texts; it gives the shortest form, without dots.
  const [head = "", tail] = unbracket(new URL(`http://[${text}]`).hostname)
    .split("::");
  const words = (part: string) => part === "" ? [] : part.split(":");
  const before = words(head);
  const after = tail === undefined ? [] : words(tail);
  const zeros = Array(8 - before.length - after.length).fill("0");
  return {
    bits: 128,
    value: [...before, ...zeros, ...after].reduce(
      (sum, word) => (sum << 16n) | BigInt(`0x${word}`),
      0n,
    ),
  };
}

function unbracket(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
