/**
 * What `ssm ssh-config` prints: a block of ssh's configuration.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import { UsageError } from "../errors.ts";

/** A node under a name. */
export interface NamedHost {
  readonly name: string;
  /** The node's id, which ssh connects to and keeps the host key under. */
  readonly id: string;
}

/** What the block is made of. */
export interface ConfigRequest {
  readonly hosts: readonly NamedHost[];
  /** The user to log in as; `undefined` leaves that to ssh. */
  readonly user: string | undefined;
  /** From `proxyCommand`, with ssh's tokens for host and port. */
  readonly proxyCommand: string;
  /** Where a fresh key is offered, with ssh's tokens. */
  readonly keySocket: string | undefined;
}

/** Letters, digits and what else no configuration, shell or argv takes for its own. */
const plainName = /^[\p{L}\p{N}_][\p{L}\p{N}._+-]*$/u;

/**
 * True for a name that can stand in ssh's argv and configuration as it is: no dash in front, no
 * blank, no pattern, nothing for a shell.
 *
 * @param name The name.
 */
export function isHostName(name: string): boolean {
  return plainName.test(name) && visible(name) === name;
}

/** A node's id in full, as nothing else goes into argv and configuration. */
const nodeId = /^m?i-[0-9a-f]{8,17}$/;

/**
 * Refuses what is no node's id, whoever gave it.
 *
 * @param id What is to be one.
 * @throws UsageError
 */
export function checkNodeId(id: string): void {
  if (nodeId.test(id)) return;
  throw new UsageError(
    `Cannot connect to ${visible(id)} by SSH: it is no node's id (i-… or mi-…)`,
  );
}

/**
 * The block, without marks around it.
 *
 * @param request What it is made of.
 * @throws UsageError For a host whose name or id cannot stand there.
 */
export function configText(
  { hosts, user, proxyCommand, keySocket }: ConfigRequest,
): string {
  const named = hosts.map(({ name, id }) => {
    if (!isHostName(name)) throw unfit(name);
    checkNodeId(id);
    return `Host ${name}\n    HostName ${id}\n    HostKeyAlias ${id}\n`;
  });
  // A name has been turned into its id by then. Real hosts' names have a dot, and older versions of
  // ssh hand what they are told to a shell: a quote would end ours.
  return [
    ...named,
    `Match host "i-*,mi-*,!*.*,!*'*"`,
    `    ProxyCommand ${proxyCommand}`,
    ...(user === undefined ? [] : [`    User ${user}`]),
    ...(keySocket === undefined
      ? []
      : [`    IdentityAgent "${keySocket}"`, "    IdentitiesOnly no"]),
    "",
  ].join("\n");
}

function unfit(name: string): UsageError {
  return new UsageError(
    `Cannot write ${visible(name)} into ssh's configuration: a host's name ` +
      "has letters, digits, and . _ + - after the first",
    ["ssm ssh-config"],
  );
}
