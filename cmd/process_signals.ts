/**
 * The signals of this process as one AbortSignal.
 *
 * @module
 */

import { SignalError } from "../lib/session/signal_error.ts";
import { endingSignals } from "./signals.ts";

/** The signals that ask this process to end, while it lives. */
export interface ProcessSignals {
  /** Aborted with a SignalError by the first one. */
  readonly signal: AbortSignal;
  /** Aborts as a signal would, with another reason. */
  abort(reason: unknown): void;
  /** Gives the signals to `handle` until disposed; the latest one to ask gets them. */
  intercept(handle: (signal: Deno.Signal) => void): Disposable;
}

/** The signals that ask how it goes, where the platform has them. */
const statusSignals: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? []
  : Deno.build.os === "darwin"
  ? ["SIGUSR1", "SIGINFO"]
  : ["SIGUSR1"];

/**
 * Takes the signals that ask how it goes, until disposed.
 * @param handle Called for each.
 */
export function onStatusRequest(handle: () => void): Disposable {
  for (const name of statusSignals) Deno.addSignalListener(name, handle);
  return {
    [Symbol.dispose]() {
      for (const name of statusSignals) Deno.removeSignalListener(name, handle);
    },
  };
}

/**
 * Starts listening. It goes on to the end of the process.
 * @param onSecond Called for every signal after the first: the user will not wait.
 */
export function listenForSignals(
  onSecond: (signal: Deno.Signal) => void,
): ProcessSignals {
  const controller = new AbortController();
  const interceptors: ((signal: Deno.Signal) => void)[] = [];
  const onSignal = (name: Deno.Signal) => {
    const interceptor = interceptors.at(-1);
    if (interceptor !== undefined) interceptor(name);
    else if (controller.signal.aborted) onSecond(name);
    else controller.abort(new SignalError(name));
  };
  for (const name of endingSignals) {
    try {
      Deno.addSignalListener(name, () => onSignal(name));
    } catch {
      // This platform or version cannot listen for it.
    }
  }
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    intercept(handle) {
      interceptors.push(handle);
      return {
        [Symbol.dispose]() {
          const at = interceptors.indexOf(handle);
          if (at >= 0) interceptors.splice(at, 1);
        },
      };
    },
  };
}
