/**
 * `--record`, where it was given; its code is loaded then.
 *
 * @module
 */

import type { Terminal } from "../../lib/session/transport.ts";
import type { Context } from "../context.ts";
import type { RecordOptions } from "./flags.ts";

/** A recording that goes on. */
export interface Recorder {
  /** The terminal to use in place of the context's. */
  readonly terminal: Terminal;
  /** Told in one sentence why the recording ended early; nothing is said where nobody listens. */
  onFailure: (sentence: string) => void;
  /**
   * A session has begun: what is there of it is worth keeping, even if it is nothing but its end.
   * Idempotent.
   */
  began(): void;
  /**
   * Writes the rest and closes the file; one that was made for nothing, as no session began, is
   * removed. Never rejects; idempotent.
   */
  close(): Promise<void>;
}

/** What a recorder uses of the world. */
export type RecorderContext = Pick<
  Context,
  "terminal" | "clock" | "env" | "errorIsTerminal" | "log"
>;

/**
 * Opens a recording.
 * @param options Where to; `undefined` records nothing.
 * @param title What a player may show.
 * @param context The terminal, and the clock.
 * @throws CommandError When the file cannot be made, or must not be replaced.
 */
export async function startRecorder(
  options: RecordOptions | undefined,
  title: string,
  context: RecorderContext,
): Promise<Recorder> {
  if (options === undefined) {
    const { terminal } = context;
    return {
      terminal,
      onFailure() {},
      began() {},
      close: () => Promise.resolve(),
    };
  }
  const { openRecorder } = await import("./recorder.ts");
  return await openRecorder(options, title, context);
}
