/**
 * The few messages of the SSH agent protocol (draft-miller-ssh-agent) that offering one key and
 * asking for keys needs.
 *
 * @module
 */

/** Types of messages (draft-miller-ssh-agent §6.1). */
export const AgentMessage = {
  Failure: 5,
  RequestIdentities: 11,
  IdentitiesAnswer: 12,
  SignRequest: 13,
  SignResponse: 14,
} as const;

/** The longest message taken, in bytes, as OpenSSH's agent has it. */
export const longestMessage: number = 256 * 1024;

/** A key that an agent has. */
export interface AgentIdentity {
  /** The public key as SSH writes it (RFC 4253 §6.6). */
  readonly blob: Uint8Array;
  readonly comment: string;
}

/** Something that is no message of the protocol. */
export class AgentMessageError extends Error {
  override name = "AgentMessageError";
}

/**
 * Bytes with their length in front (RFC 4251 §5, `string`).
 *
 * @param parts What it is made of.
 */
export function sshString(...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, each) => sum + each.length, 0);
  const bytes = new Uint8Array(4 + length);
  new DataView(bytes.buffer).setUint32(0, length);
  let at = 4;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Text as an SSH `string`.
 *
 * @param text Any.
 */
export function sshText(text: string): Uint8Array {
  return sshString(new TextEncoder().encode(text));
}

/**
 * A whole message.
 *
 * @param type One of {@linkcode AgentMessage}.
 * @param parts What follows it.
 */
export function agentMessage(
  type: number,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  return sshString(Uint8Array.of(type), ...parts);
}

/**
 * The answer to "which keys are there".
 *
 * @param identities The keys.
 */
export function identitiesAnswer(
  identities: readonly AgentIdentity[],
): Uint8Array {
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, identities.length);
  return agentMessage(
    AgentMessage.IdentitiesAnswer,
    count,
    ...identities.flatMap(({ blob, comment }) => [
      sshString(blob),
      sshText(comment),
    ]),
  );
}

/** Reads the members of a message, one after the other. */
export class SshReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param bytes The message behind its type, or any other sequence of members. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * The next `uint32`.
   * @throws AgentMessageError
   */
  number(): number {
    const bytes = this.#take(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  }

  /**
   * The next `string`, a part of the message.
   * @throws AgentMessageError
   */
  bytes(): Uint8Array {
    return this.#take(this.number());
  }

  /**
   * The next `string` as text.
   * @throws AgentMessageError
   */
  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) {
      throw new AgentMessageError("The message ends too soon");
    }
    return this.#bytes.subarray(this.#at, this.#at += length);
  }
}

/**
 * The keys in an agent's answer.
 *
 * @param message Type and members, without the length in front.
 * @throws AgentMessageError
 */
export function readIdentities(message: Uint8Array): AgentIdentity[] {
  if (message[0] !== AgentMessage.IdentitiesAnswer) {
    throw new AgentMessageError("The answer is no list of keys");
  }
  const reader = new SshReader(message.subarray(1));
  const identities: AgentIdentity[] = [];
  for (let left = reader.number(); left > 0; left--) {
    identities.push({ blob: reader.bytes(), comment: reader.text() });
  }
  return identities;
}

/**
 * Reads one message of a connection.
 *
 * @param conn Whose next bytes begin one.
 * @returns Type and members; `undefined` where the connection ends instead.
 * @throws AgentMessageError For one that is empty or too long.
 */
export async function readAgentMessage(
  conn: Pick<Deno.Conn, "read">,
): Promise<Uint8Array | undefined> {
  const head = await readExactly(conn, 4);
  if (head === undefined) return undefined;
  const length = new DataView(head.buffer).getUint32(0);
  if (length === 0 || length > longestMessage) {
    throw new AgentMessageError(`A message has ${length} bytes`);
  }
  return await readExactly(conn, length);
}

async function readExactly(
  conn: Pick<Deno.Conn, "read">,
  length: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await conn.read(bytes.subarray(at));
    if (count === null) return undefined;
    at += count;
  }
  return bytes;
}

/**
 * Writes one message.
 *
 * @param conn Where to.
 * @param message From {@linkcode agentMessage}.
 */
export async function writeAgentMessage(
  conn: Pick<Deno.Conn, "write">,
  message: Uint8Array,
): Promise<void> {
  for (let at = 0; at < message.length;) {
    at += await conn.write(message.subarray(at));
  }
}
