/**
 * The shell on the node as we talk to it: requests in one row, replies in the same one.
 *
 * @module
 */

import { encodePath } from "./path_text.ts";
import { bootCommand, makeToken, programLine } from "./remote_program.ts";
import { type Reply, ReplyParser } from "./reply_parser.ts";

/** The session that carries it. */
export interface CopyLink {
  /** Sends bytes; resolves when there is room for more. Rejects when the session is over. */
  write(bytes: Uint8Array): Promise<void>;
}

/** What the node's tools can do. */
export interface NodeTools {
  /** True where a tool takes exactly as many bytes from the terminal as it is told to. */
  readonly exact: boolean;
  /** Permissions that new files do not get. */
  readonly umask: number;
}

/** The session is over, or was never of use; what it was to do can be done by another. */
export class ShellLostError extends Error {
  override name = "ShellLostError";
}

/** The node cannot do what was asked for; the message is its own. */
export class RemoteError extends Error {
  override name = "RemoteError";
  /**
   * @param code The reply's.
   * @param message What the node says.
   */
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

interface Pending {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** Bytes of a body that are written together: progress shows in such steps. */
const piece: number = 64 * 1024;
const LF = "\n";

/** One session's shell. */
export class RemoteShell {
  readonly #token: string;
  readonly #parser: ReplyParser;
  readonly #pending: Pending[] = [];
  #link: CopyLink | undefined;
  #writing: Promise<void> = Promise.resolve();
  #lost: ShellLostError | undefined;
  #noise = "";
  #tools: NodeTools = { exact: false, umask: 0o022 };
  readonly #ready: Promise<Reply>;

  /** @param random As many bytes as asked for, fit for keys. */
  constructor(random: (length: number) => Uint8Array) {
    this.#token = makeToken(random);
    this.#parser = new ReplyParser(this.#token, {
      reply: (reply) => this.#reply(reply),
      noise: (line) => this.#noise = line,
    });
    this.#ready = this.#expect();
    this.#ready.catch(() => {});
  }

  /** What the session is to run. */
  get command(): string {
    return bootCommand(this.#token);
  }
  /** What was found out about the node. */
  get tools(): NodeTools {
    return this.#tools;
  }
  /** The last thing that was printed and is no reply: a shell's complaint, as a rule. */
  get noise(): string {
    return this.#noise;
  }

  /** Takes the session's output. */
  receive(bytes: Uint8Array): void {
    if (this.#lost !== undefined) return;
    try {
      this.#parser.push(bytes);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      this.lost(new ShellLostError(message, { cause }));
    }
  }

  /**
   * Makes the shell ours.
   *
   * @param link The session, which has begun.
   * @param keepModes True where files that are there keep their permissions.
   * @throws {ShellLostError} When it ends before, and {@linkcode RemoteError} when it lacks tools.
   */
  async start(link: CopyLink, keepModes: boolean): Promise<void> {
    this.#link = link;
    await this.#ready;
    this.#send(`${programLine(keepModes)};i`);
    const { text } = await this.#expect();
    const [reader, umask = "", ...sum] = text.split(" ");
    if (
      !/^[0-9a-f]{64}$/.test(sum.join(" ").match(/[0-9a-f]{64}/)?.[0] ?? "")
    ) {
      throw new RemoteError(
        "tools",
        "the node has none of sha256sum, shasum, openssl and sha256",
      );
    }
    this.#tools = {
      exact: reader === "exact",
      umask: Number.parseInt(umask, 8) || 0,
    };
  }

  /**
   * Asks for something.
   *
   * @param line A line of shell; from `requests.ts`.
   * @param body Bytes that follow it. They must not change until the reply.
   * @param sent Told how many of them went out.
   * @throws {RemoteError | ShellLostError} What the node says; that it says nothing any more.
   */
  async request(
    line: string,
    body?: Uint8Array,
    sent?: (bytes: number) => void,
  ): Promise<Reply> {
    this.#send(line, body, sent);
    const reply = this.#expect();
    // Where tools read ahead, nothing may follow a body before it is done with.
    if (body !== undefined && !this.#tools.exact) {
      this.#writing = this.#writing.then(() => reply).then(() => {}, () => {});
    }
    const answer = await reply;
    if (answer.ok) return answer;
    if (answer.code === "lost") {
      const error = new ShellLostError(
        "The node lost its place in what it is sent",
      );
      this.lost(error);
      throw error;
    }
    throw new RemoteError(answer.code, answer.text);
  }

  #send(line: string, body?: Uint8Array, sent?: (bytes: number) => void): void {
    const head = encodePath(`${this.#token} ${line}${LF}`);
    this.#writing = this.#writing.then(async () => {
      if (this.#lost !== undefined) return;
      await this.#link?.write(head);
      for (let at = 0; body !== undefined && at < body.length; at += piece) {
        if (this.#lost !== undefined) return;
        const part = body.subarray(at, at + piece);
        await this.#link?.write(part);
        sent?.(part.length);
      }
    }).catch((error) => {
      this.lost(
        new ShellLostError(
          error instanceof Error ? error.message : String(error),
          { cause: error },
        ),
      );
    });
  }

  #expect(): Promise<Reply> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) =>
      this.#pending.push({ resolve, reject })
    );
  }

  #reply(reply: Reply): void {
    if (reply.code === "lost") {
      for (const { resolve } of this.#pending.splice(0)) resolve(reply);
      return;
    }
    this.#pending.shift()?.resolve(reply);
  }

  /** There is no shell any more: whoever waits is told. */
  lost(error: ShellLostError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }

  /** Lets the shell end by itself, behind everything that it was asked for. */
  async leave(): Promise<void> {
    this.#send("break");
    await this.#writing;
  }
}
