/**
 * Pages of a list, with tokens that only the simulator that made them reads.
 *
 * @module
 */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { ApiError } from "./errors.ts";

/** One page and the token of the next, if there is one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken: string | undefined;
}

/** Cuts lists into pages; a token holds place and question, signed with a key of the run. */
export class Pager {
  readonly #key: Uint8Array;

  /** @param key At least 16 random bytes. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /**
   * One page of a list.
   *
   * @param items The whole list, in an order that stays.
   * @param size How many items a page holds.
   * @param token The last page's token; `undefined` for the first page.
   * @param question Call and filters; a token is good for the question it was given for only.
   * @param invalid The error's code for a token that is none of ours.
   */
  page<T>(
    items: readonly T[],
    size: number,
    token: string | undefined,
    question: unknown,
    invalid = "InvalidNextToken",
  ): Page<T> {
    const hash = createHash("sha256").update(JSON.stringify(question))
      .digest("hex");
    const start = token === undefined ? 0 : this.#read(token, hash);
    if (start === undefined) {
      throw new ApiError(invalid, "The specified token is not valid.");
    }
    const end = start + size;
    return {
      items: items.slice(start, end),
      nextToken: end < items.length ? this.#write(end, hash) : undefined,
    };
  }

  #write(offset: number, hash: string): string {
    return btoa(`${offset}.${this.#mac(offset, hash)}`);
  }

  #read(token: string, hash: string): number | undefined {
    let text: string;
    try {
      text = atob(token);
    } catch {
      return undefined;
    }
    const match = /^(\d{1,9})\.([0-9a-f]{64})$/.exec(text);
    if (match === null) return undefined;
    const offset = Number(match[1]);
    const given = new TextEncoder().encode(match[2]);
    const wanted = new TextEncoder().encode(this.#mac(offset, hash));
    return timingSafeEqual(given, wanted) ? offset : undefined;
  }

  #mac(offset: number, hash: string): string {
    return createHmac("sha256", this.#key).update(`${offset}.${hash}`)
      .digest("hex");
  }
}
