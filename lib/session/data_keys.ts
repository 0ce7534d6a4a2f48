/**
 * The key of an encrypted session: fetched when the agent asks for it, given to the channel
 * (handshake.md §7.1).
 *
 * @module
 */

import type { DataChannel } from "../protocol/channel/data_channel.ts";
import type { DataKeyNeededEvent } from "../protocol/channel/events.ts";
import { ControlError, type SessionControl } from "./control.ts";
import type { Clock } from "./transport.ts";

/** What fetching keys needs. */
export interface DataKeysOptions {
  readonly control: SessionControl;
  readonly clock: Clock;
  readonly channel: DataChannel;
  /** Gives up, in silence. */
  readonly signal: AbortSignal;
  /** Called after the channel was used. */
  readonly flush: () => void;
  /** Something other than the control plane failed. */
  readonly onError: (error: unknown) => void;
}

/** Fetches keys for one channel. */
export class DataKeys {
  readonly #options: DataKeysOptions;
  #asked = 0;

  constructor(options: DataKeysOptions) {
    this.#options = options;
  }

  /**
   * Answers the event. A key that is not to be had is refused: the agent then ends the session,
   * with the reason in its last word.
   */
  async fetch({ keyId, challenge }: DataKeyNeededEvent): Promise<void> {
    const asked = ++this.#asked;
    const { control, clock, channel, signal, flush, onError } = this.#options;
    // A key for an earlier challenge answers no later one.
    const late = () => signal.aborted || asked !== this.#asked;
    try {
      const key = await control.dataKey(keyId, challenge, signal);
      if (late()) return;
      channel.provideDataKey(key, clock.now());
    } catch (error) {
      if (late()) return;
      if (!(error instanceof ControlError)) onError(error);
      const reason = error instanceof Error ? error.message : String(error);
      channel.refuseDataKey(reason, clock.now());
    }
    flush();
  }
}
