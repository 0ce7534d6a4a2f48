/**
 * Ctrl-C while commands run elsewhere: the first is for them, the second ends their sessions.
 *
 * @module
 */

import { SignalError } from "../../lib/session/signal_error.ts";
import type { Context } from "../context.ts";

/** Signals of this process, as long as commands run. */
export class Interrupts implements Disposable {
  readonly #commands = new Set<() => boolean>();
  readonly #ended = new AbortController();
  readonly #handler: Disposable;
  readonly #outer: AbortSignal;
  #said: () => void;
  #times = 0;

  /**
   * @param context Whose signals.
   * @param said Called when the first Ctrl-C was passed on.
   */
  constructor(context: Context, said: () => void) {
    this.#said = said;
    this.#outer = context.signal;
    this.#handler = context.onSignal((signal) => {
      if (signal !== "SIGINT") return this.#end(signal);
      if (++this.#times > 1 || !this.#passOn()) this.#end(signal);
    });
  }

  /** Aborted with a SignalError by whatever ends the sessions. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.#outer, this.#ended.signal]);
  }

  /**
   * A command runs.
   * @param interrupt Passes Ctrl-C on to it; false when it takes none.
   * @returns Takes it off.
   */
  add(interrupt: () => boolean): () => void {
    this.#commands.add(interrupt);
    return () => void this.#commands.delete(interrupt);
  }

  /** Gives the signals back. */
  [Symbol.dispose](): void {
    this.#handler[Symbol.dispose]();
  }

  #passOn(): boolean {
    let some = false;
    for (const interrupt of this.#commands) some = interrupt() || some;
    if (some) this.#said();
    return some;
  }

  #end(signal: Deno.Signal): void {
    this.#ended.abort(new SignalError(signal));
  }
}
