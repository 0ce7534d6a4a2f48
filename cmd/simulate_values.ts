/**
 * The values of `ssm simulate`'s flags.
 *
 * @module
 */

import { parseHost } from "../lib/simulator/hosts.ts";
import { parsePort, type Ports } from "../lib/simulator/ports.ts";
import { UsageError } from "./errors.ts";
import { nonEmpty } from "./flags.ts";

/** A name that nodes know, and its address. */
export type Host = readonly [name: string, address: string];

/** A port of nodes, and the port of this machine that it leads to. */
export type Port = readonly [from: number, to: number];

/**
 * The regions of a flag.
 * @param text What was typed.
 * @throws UsageError for an empty name.
 */
export function regionList(text: string): readonly string[] {
  return text.split(",").map((name) => nonEmpty(name.trim()));
}

/**
 * A host from its flag.
 * @param text What was typed.
 * @throws UsageError for one that would lead off this machine.
 */
export function host(text: string): Host {
  const found = parseHost(text);
  if (found === undefined) {
    throw new UsageError(
      "a host is a name and a loopback address, as db.internal=127.0.0.1, " +
        "or blackhole instead of the address",
    );
  }
  return found;
}

/**
 * A port from its flag.
 * @param text What was typed.
 * @throws UsageError for anything but two ports.
 */
export function port(text: string): Port {
  const found = parsePort(text);
  if (found === undefined) {
    throw new UsageError("it is a node's port and this machine's, as 22=2222");
  }
  return found;
}

/**
 * A difference of clocks from its flag.
 * @param text What was typed.
 * @throws UsageError for anything but a number of seconds.
 */
export function skew(text: string): number {
  if (!/^-?\d{1,9}(\.\d+)?$/.test(text)) {
    throw new UsageError("it is a number of seconds, as 600 or -600");
  }
  return Number(text);
}

/** A session preference. */
export type Preference = readonly [name: string, value: string];

/**
 * A preference from its flag.
 * @param text What was typed.
 * @throws UsageError for one that no document has (api.md §7).
 */
export function preference(text: string): Preference {
  const [, name, value] = /^([a-z][A-Za-z0-9]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError(
      "it is a name and a value, as s3BucketName=logs or runAsEnabled=true",
    );
  }
  return [name, value];
}

/**
 * An IAM action from its flag.
 * @param text What was typed.
 * @throws UsageError for anything else.
 */
export function action(text: string): string {
  if (!/^[a-z0-9-]+:([A-Za-z0-9]+|\*)$/.test(text)) {
    throw new UsageError("it is an action of IAM, as ssm:StartSession");
  }
  return text;
}

/**
 * The ports that are others on this machine, from the flags.
 * @param ports As parsed.
 * @throws UsageError for a port given twice.
 */
export function parsePorts(ports: readonly Port[]): Ports {
  const known = new Map<number, number>();
  for (const [from, to] of ports) {
    if (known.has(from)) {
      throw new UsageError(`Cannot use --port-map ${from} twice`);
    }
    known.set(from, to);
  }
  return known;
}

/**
 * The hosts that nodes know, from the flags.
 * @param hosts As parsed.
 * @throws UsageError for a name given twice.
 */
export function parseHosts(
  hosts: readonly Host[],
): Readonly<Record<string, string>> {
  const known = new Map<string, string>();
  for (const [name, address] of hosts) {
    if (known.has(name)) {
      throw new UsageError(`Cannot use --host ${name} twice`);
    }
    known.set(name, address);
  }
  return Object.fromEntries(known);
}
