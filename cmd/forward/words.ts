/**
 * Forwards as they would be typed, for commands to paste.
 *
 * @module
 */

import { isLoopback } from "../../lib/io/loopback.ts";
import { shellQuote } from "../../lib/text.ts";
import type { ForwardSpec, LocalHosts, LocalSpec } from "./spec.ts";

/**
 * The arguments that ask for these forwards, quoted.
 * @param specs At least one.
 */
export function forwardWords(specs: readonly ForwardSpec[]): string {
  const [only, ...more] = specs;
  if (only === undefined) return "";
  const bind = openedAddress(specs);
  const words = more.length > 0
    ? specs.map((spec) => oneOfMany(spec, bind)).join(" ")
    : oneAlone(only, bind);
  return words + (bind === undefined ? "" : ` --bind ${bind}`);
}

/** What `--bind` has to say for all of them: nothing where only this machine gets in. */
function openedAddress(specs: readonly ForwardSpec[]): string | undefined {
  const opened = specs.flatMap(({ local }) =>
    local.kind === "tcp" ? local.hosts.filter((host) => !isLoopback(host)) : []
  );
  return opened.find((host) => host === "0.0.0.0" || host === "::") ??
    opened[0];
}

function oneAlone(spec: ForwardSpec, bind: string | undefined): string {
  const near = localWord(spec.local, bind);
  return `--remote ${shellQuote(remoteWord(spec))}` +
    (near === undefined ? "" : ` --local ${shellQuote(near)}`);
}

/** `8080:80`, or ssh's form where that says too little. */
function oneOfMany(spec: ForwardSpec, bind: string | undefined): string {
  const { local, remoteHost, remotePort } = spec;
  const near = localWord(local, bind);
  if (remoteHost === undefined && (near === undefined || /^\d+$/.test(near))) {
    return near === String(remotePort) ? near : `${near ?? ""}:${remotePort}`;
  }
  if (near === undefined) return `--remote ${shellQuote(remoteWord(spec))}`;
  const far = `${bracketed(remoteHost ?? "localhost")}:${remotePort}`;
  // A slash tells a path from an address.
  return `-L ${shellQuote(`${near.replace(/^unix:(?=.*\/)/, "")}:${far}`)}`;
}

function remoteWord({ remoteHost, remotePort }: ForwardSpec): string {
  return remoteHost === undefined
    ? String(remotePort)
    : `${bracketed(remoteHost)}:${remotePort}`;
}

/** `undefined` for a free port of this machine, which nobody has to ask for. */
function localWord(
  local: LocalSpec,
  bind: string | undefined,
): string | undefined {
  if (local.kind === "unix") return `unix:${local.path}`;
  if (local.port === 0) return undefined;
  const host = isLocalhost(local) ? "localhost" : local.hosts[0] ?? "";
  return host === (bind ?? "localhost")
    ? String(local.port)
    : `${bracketed(host)}:${local.port}`;
}

function isLocalhost({ hosts, optionalHosts }: LocalHosts): boolean {
  return hosts[0] === "127.0.0.1" && optionalHosts.includes("::1");
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
