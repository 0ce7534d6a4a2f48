/**
 * Bytes of a file of the node, in spite of the agent's filter (`permutation.ts`).
 *
 * @module
 */

import { ChangedError } from "./copy_job.ts";
import { drawPermutation, type Permutation, undo } from "./permutation.ts";
import type { RemoteShell } from "./remote_shell.ts";
import type { Reply } from "./reply_parser.ts";
import { fetchRequest, type Range, readRequest } from "./requests.ts";

/**
 * So often are the same bytes asked for. The lot hits something in one of a hundred draws, so this is
 * never reached by a file that has as many bytes as it says.
 */
const tries = 6;

/** Reads one file; what helped for one part of it helps for the next. */
export class RangeReader {
  readonly #path: string;
  readonly #random: (length: number) => Uint8Array;
  #permutation: Permutation | undefined;

  /**
   * @param path On the node.
   * @param random As many bytes as asked for; nobody who made the file may know them.
   */
  constructor(path: string, random: (length: number) => Uint8Array) {
    this.#path = path;
    this.#random = random;
  }

  /**
   * The bytes of a range.
   *
   * @throws {ChangedError} When the file has fewer; RemoteError, ShellLostError.
   */
  async range(shell: RemoteShell, range: Range): Promise<Uint8Array> {
    const { data } = await this.#ask(
      shell,
      range.length,
      (permutation) => readRequest(this.#path, range, permutation),
    );
    return data;
  }

  /**
   * A whole file of few bytes, and the line with its SHA-256.
   *
   * @throws {ChangedError} When it has fewer; RemoteError, ShellLostError.
   */
  whole(shell: RemoteShell, length: number): Promise<Reply> {
    return this.#ask(
      shell,
      length,
      (permutation) => fetchRequest(this.#path, length, permutation),
    );
  }

  async #ask(
    shell: RemoteShell,
    length: number,
    line: (permutation: Permutation | undefined) => string,
  ): Promise<Reply> {
    for (let attempt = 1; attempt <= tries; attempt++) {
      const permutation = this.#permutation;
      const reply = await shell.request(line(permutation));
      if (reply.data.length === length) {
        if (permutation !== undefined) undo(permutation, reply.data);
        return reply;
      }
      // Parts that were asked for together are spoilt together: one draw is enough for them.
      if (this.#permutation === permutation) {
        this.#permutation = drawPermutation(this.#random);
      }
    }
    throw new ChangedError();
  }
}
