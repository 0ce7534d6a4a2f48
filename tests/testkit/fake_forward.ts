/**
 * A forward without sessions: what the command asks of it is written down, what happens in it is
 * up to the test.
 *
 * @module
 */

import { Forward, type ForwardOptions } from "../../lib/session/forward.ts";
import { noStats, type PortStats } from "../../lib/session/port_end.ts";

/** A forward that a test looks into. */
export class FakeForward extends Forward {
  /** What it was made with. */
  readonly options: ForwardOptions;
  /** For each `close`: whether what is under way is to settle. */
  readonly closes: boolean[] = [];
  /** What `stats` gives. */
  figures: PortStats = noStats;

  /** @param onStart What `start` does. */
  constructor(
    options: ForwardOptions,
    private readonly onStart: (signal: AbortSignal) => Promise<void>,
  ) {
    super(options);
    this.options = options;
  }

  override get stats(): PortStats {
    return this.figures;
  }

  override get sessionIds(): readonly string[] {
    return ["session-1"];
  }

  override start(signal: AbortSignal): Promise<void> {
    return this.onStart(signal);
  }

  override close(settle?: AbortSignal): Promise<void> {
    this.closes.push(settle !== undefined);
    for (const listener of this.options.listeners) listener.close();
    return Promise.resolve();
  }
}
