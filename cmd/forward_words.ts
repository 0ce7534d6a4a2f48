/**
 * Forwards as they would be typed, for commands to paste.
 *
 * @module
 */

import { shellQuote } from "../lib/text.ts";
import type { ForwardSpec, LocalSpec } from "./forward_spec.ts";

/**
 * The arguments that ask for these forwards, quoted.
 * @param specs At least one.
 */
export function forwardWords(specs: readonly ForwardSpec[]): string {
  const [only, ...more] = specs;
  if (only === undefined) return "";
  if (more.length > 0) return specs.map(oneOfMany).join(" ");
  const near = localWord(only.local);
  return `--remote ${shellQuote(remoteWord(only))}` +
    (near === undefined ? "" : ` --local ${shellQuote(near)}`);
}

/** `8080:80`, or ssh's form where that says too little. */
function oneOfMany(spec: ForwardSpec): string {
  const { local, remoteHost, remotePort } = spec;
  const near = localWord(local);
  if (remoteHost === undefined && (near === undefined || /^\d+$/.test(near))) {
    return near === String(remotePort) ? near : `${near ?? ""}:${remotePort}`;
  }
  if (near === undefined) return `--remote ${shellQuote(remoteWord(spec))}`;
  const far = `${bracketed(remoteHost ?? "localhost")}:${remotePort}`;
  return `-L ${shellQuote(`${near.replace(/^unix:/, "")}:${far}`)}`;
}

function remoteWord({ remoteHost, remotePort }: ForwardSpec): string {
  return remoteHost === undefined
    ? String(remotePort)
    : `${bracketed(remoteHost)}:${remotePort}`;
}

/** `undefined` for a free port of this machine, which nobody has to ask for. */
function localWord(local: LocalSpec): string | undefined {
  if (local.kind === "unix") return `unix:${local.path}`;
  const [host = ""] = local.hosts;
  const usual = host === "127.0.0.1" && local.optionalHosts.includes("::1");
  if (local.port === 0) return undefined;
  return usual ? String(local.port) : `${bracketed(host)}:${local.port}`;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
