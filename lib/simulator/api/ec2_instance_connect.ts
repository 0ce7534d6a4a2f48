/**
 * EC2 Instance Connect's SendSSHPublicKey: a key that a node takes for a minute.
 *
 * A real instance asks its metadata service for the keys, through sshd's AuthorizedKeysCommand.
 * Simulated nodes have neither, so the keys are put into a folder, where the user names one, as
 * files that an sshd on this machine can be told of: `AuthorizedKeysFile folder/i-…/%u`.
 *
 * @module
 */

import type { SimulatedNode } from "../options.ts";
import { ApiError } from "./errors.ts";
import { type JsonObject, requiredText } from "./json_input.ts";

/** What the call needs. */
export interface Ec2InstanceConnectOptions {
  readonly nodes: readonly SimulatedNode[];
  /** Where to put the keys; `undefined` = nowhere. */
  readonly folder: string | undefined;
  /** Now, in milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** How long a key is good for, in milliseconds, as AWS says. */
const lifetime = 60_000;

/** The API's pattern of InstanceOSUser; no slash, so it names a file in its folder. */
const osUser = /^[A-Za-z_][A-Za-z0-9@._-]{0,30}[A-Za-z0-9$_-]?$/;

/** One line of authorized_keys, of the kinds that Instance Connect takes. */
const publicKey =
  /^(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/]{20,4000}={0,2}( [^\r\n]*)?\s*$/;

/** The EC2 Instance Connect API of one run. */
export class SimulatedEc2InstanceConnect implements Disposable {
  readonly #options: Ec2InstanceConnectOptions;
  /** File → its lines, with the time of their end. */
  readonly #keys = new Map<string, { line: string; until: number }[]>();
  /** Folders of nodes that we made. */
  readonly #folders = new Set<string>();

  /** @param options Nodes, the folder, time. */
  constructor(options: Ec2InstanceConnectOptions) {
    this.#options = options;
  }

  /**
   * Answers a call.
   *
   * @param operation The part of X-Amz-Target behind the dot.
   * @param input The request's JSON object.
   * @throws ApiError What AWS would answer instead.
   */
  handle(operation: string, input: JsonObject): JsonObject {
    if (operation !== "SendSSHPublicKey") {
      throw new ApiError(
        "UnknownOperationException",
        `The simulator has no EC2 Instance Connect operation ${operation}`,
      );
    }
    const id = requiredText(input, "InstanceId", {
      pattern: /^i-[a-f0-9]{8}([a-f0-9]{9})?$/,
    });
    const user = requiredText(input, "InstanceOSUser", { pattern: osUser });
    const key = requiredText(input, "SSHPublicKey", { min: 80, max: 4096 });
    if (!publicKey.test(key)) {
      throw new ApiError("InvalidArgsException", "Invalid public key");
    }
    const node = this.#options.nodes.find((each) => each.id === id);
    if (node === undefined) {
      throw new ApiError(
        "EC2InstanceNotFoundException",
        "EC2 instance not found",
      );
    }
    if ((node.ec2State ?? "running") !== "running") {
      throw new ApiError(
        "EC2InstanceStateInvalidException",
        `Instance ${id} is not running`,
      );
    }
    this.#keep(id, user, key.trim());
    return { RequestId: crypto.randomUUID(), Success: true };
  }

  #keep(id: string, user: string, key: string): void {
    const { folder, now } = this.#options;
    if (folder === undefined) return;
    const place = `${folder}/${id}`;
    const file = `${place}/${user}`;
    const until = now() + lifetime;
    const lines = (this.#keys.get(file) ?? []).filter((each) =>
      each.until > now()
    );
    // sshd itself stops taking it: nothing of ours has to run then.
    lines.push({ line: `expiry-time="${timeOf(until)}" ${key}`, until });
    if (!this.#folders.has(place)) {
      Deno.mkdirSync(place, { recursive: true, mode: 0o700 });
      this.#folders.add(place);
    }
    Deno.writeTextFileSync(
      file,
      lines.map(({ line }) => `${line}\n`).join(""),
      { mode: 0o600 },
    );
    this.#keys.set(file, lines);
  }

  /** Takes all keys away again. */
  [Symbol.dispose](): void {
    const { folder } = this.#options;
    if (folder === undefined) return;
    for (const file of [...this.#keys.keys(), ...this.#folders]) {
      try {
        Deno.removeSync(file);
      } catch {
        // Somebody has removed it, or put something else beside it.
      }
    }
  }
}

/** `YYYYMMDDHHMMSSZ`, as sshd(8) has it. */
function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+|[-:T]/g, "");
}
