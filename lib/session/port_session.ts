/**
 * A port session: one session on a node that carries local connections to one destination
 * (sessions.md §4). What they are carried by is the carrier's; beginning, resuming and ending are
 * the same for both and stand here.
 *
 * @module
 */

import type { ChannelEvent, StartedEvent } from "../protocol/channel/events.ts";
import { PayloadSize } from "../protocol/channel/payload_size.ts";
import { Flag } from "../protocol/message/payload.ts";
import { SmuxProtocolError } from "../protocol/smux/frame.ts";
import {
  agentIsAfter,
  terminateFlagAfter,
} from "../protocol/message/version.ts";
import type { Backlog } from "./backlog.ts";
import type { Carrier, CarrierHost, LocalPeer, Unsettled } from "./carrier.ts";
import { type CarrierRequest, chooseCarrier } from "./choose_carrier.ts";
import type { SessionControl, SessionGrant } from "./control.ts";
import { type MakeDriver, newDriver, type SessionDriver } from "./driver.ts";
import { leave } from "./leave.ts";
import {
  type PortEnd,
  portEndOfChannel,
  portEndOfLoss,
  type PortNotice,
  PortStartError,
  type PortStats,
} from "./port_end.ts";
import { PortIntake } from "./port_intake.ts";
import { Progress } from "./progress.ts";
import type { Patience } from "./resume.ts";
import { notStarted, startLimit } from "./start_limit.ts";
import type { Clock } from "./transport.ts";

export { PortStartError };

/** How long leaving waits for the acknowledgement of Flag 2, in milliseconds (data-channel.md §9). */
const flagLimit = 1000;
/**
 * A basic session tells a failure to connect by its end, and nothing tells success: so long without
 * an end, in milliseconds, counts as that.
 */
const basicProbe = 300;

/** What {@linkcode PortSession.open} needs. */
export interface PortSessionOptions extends CarrierRequest {
  readonly grant: SessionGrant;
  readonly control: SessionControl;
  readonly clock: Clock;
  readonly backlog: Backlog;
  /** Bytes in each payload, where that is not to change by itself. */
  readonly payloadSize: number | undefined;
  /** Milliseconds that a connection stays half open (sessions.md §6.3). */
  readonly grace: number;
  /** How long a lost connection is tried again. */
  readonly patience: Omit<Patience, "onLogin">;
  readonly notify: (notice: PortNotice) => void;
  /** A connection is over: there may be room for another. */
  readonly onRoom: () => void;
  /** True while connections wait for room. */
  readonly othersWait?: () => boolean;
  /** Makes the driver; a new one when absent. */
  readonly drive?: MakeDriver | undefined;
}

/** A session that carries connections. */
export class PortSession {
  readonly #options: PortSessionOptions;
  readonly #driver: SessionDriver;
  readonly #size: PayloadSize;
  readonly #end = Promise.withResolvers<PortEnd>();
  readonly #started = Promise.withResolvers<void>();
  readonly #intake: PortIntake;
  readonly #going: Progress;
  #carrier: Carrier | undefined;
  /** Connections that the end of the session ended. */
  resetConnections = 0;
  #agentVersion = "";
  #over: PortEnd | undefined;
  #probed = false;
  #total = 0;
  #up = 0;
  #down = 0;
  #reconnects = 0;
  #leaving: Promise<void> | undefined;

  private constructor(options: PortSessionOptions) {
    this.#options = options;
    const { grant, control, clock, backlog, notify, patience } = options;
    this.#size = new PayloadSize(options.payloadSize);
    this.#started.promise.catch(() => {});
    this.#driver = (options.drive ?? newDriver)({
      grant,
      control,
      clock,
      // An agent whose destination does not read acknowledges nothing, for as long as that takes;
      // one that is gone is reported by the service.
      silenceLimit: Infinity,
      patience: {
        ...patience,
        onLogin: (error) => notify({ kind: "login", error }),
      },
      onEvent: (event) => this.#event(event),
      onProgress: () => this.#progress(),
      onClosed: ({ code }) => this.#closed(code),
      onLost: (reason) => notify({ kind: "lost", reason }),
      onResumed: (after) => {
        this.#reconnects++;
        notify({ kind: "resumed", after });
      },
      onSlept: (milliseconds) => notify({ kind: "slept", milliseconds }),
      onGone: (error) => this.#finish(portEndOfLoss(error)),
      onError: (cause) => this.#fail(cause),
    });
    this.#going = new Progress(clock);
    this.#intake = new PortIntake({
      backlog,
      overfull: () => this.#carrier?.overfull ?? false,
      heldUp: () => {
        const fullest = this.#carrier?.fullest();
        if (fullest !== undefined) notify({ kind: "held-up", ...fullest });
      },
      consumed: (bytes) => {
        this.#driver.channel.consumed(bytes, clock.now());
        this.#driver.flush();
      },
    });
  }

  /**
   * Opens a session to the end of its beginning: the agent has set its tunnel up, or has said why
   * it cannot. A session that does not get there has been ended.
   *
   * @param signal Gives up.
   * @throws {PortStartError | TransportError | ControlError} Why it cannot begin.
   */
  static async open(
    options: PortSessionOptions,
    signal: AbortSignal,
  ): Promise<PortSession> {
    const session = new PortSession(options);
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const cancel = options.clock.setTimer(startLimit, () => {
      session.#finish({ kind: "failed", message: notStarted });
    });
    try {
      await session.#driver.start(signal);
      await Promise.race([session.#started.promise, aborted.promise]);
      return session;
    } catch (error) {
      // Of a connection that is given up, the reason is the session's.
      const end = session.#over;
      await session.close();
      throw end === undefined || signal.aborted
        ? error
        : new PortStartError(end);
    } finally {
      cancel();
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Resolves at the end of the session, with no connection left. */
  get ended(): Promise<PortEnd> {
    return this.#end.promise;
  }
  /** The session's id. */
  get id(): string {
    return this.#options.grant.sessionId;
  }
  /** Four numeric parts. */
  get agentVersion(): string {
    return this.#agentVersion;
  }
  /** True while connections can be opened. */
  get canConnect(): boolean {
    return this.#over === undefined && this.#leaving === undefined &&
      (this.#carrier?.canConnect ?? false);
  }
  /** True when larger payloads seemed to be too much for the service. */
  get payloadsFellBack(): boolean {
    return this.#size.fellBack;
  }
  /** Connections open now. */
  get open(): number {
    return this.#carrier?.open ?? 0;
  }
  /** Bytes that each connection moved since the last call. */
  activity(): number[] {
    return [...this.#carrier?.activity() ?? []];
  }
  /** The figures. */
  get stats(): PortStats {
    const { channel } = this.#driver;
    return {
      open: this.open,
      total: this.#total,
      up: this.#up,
      down: this.#down,
      roundTrip: channel.roundTrip,
      resends: channel.resends,
      reconnects: this.#reconnects,
      waiting: this.#intake.waiting,
    };
  }

  /** Grows with what local programs send and the agent takes. */
  get sent(): number {
    return this.#up + this.#driver.channel.acknowledgedBytes;
  }

  /** Hurries what local programs left behind, and says what is left of it. */
  unsettled(): Unsettled {
    return this.#over === undefined
      ? this.#carrier?.unsettled() ?? "nothing"
      : "nothing";
  }

  /** Takes a local connection over; it is closed when the session is over. */
  connect(peer: LocalPeer): void {
    if (!this.canConnect) return peer.conn.close();
    this.#total++;
    this.#carrier!.connect(peer);
  }

  #event(event: ChannelEvent): void {
    switch (event.type) {
      case "started":
        return this.#begin(event);
      case "payload":
        return this.#payload(event.payload);
      case "flag":
        if (event.flag === Flag.ConnectToPortError) {
          this.#carrier?.dialFailed();
        }
        return;
      case "closed":
      case "failed":
        return this.#finish(portEndOfChannel(event));
    }
  }

  #begin(event: StartedEvent): void {
    const chosen = chooseCarrier(event, this.#options, this.#host());
    if (typeof chosen === "string") {
      return this.#finish({ kind: "failed", message: chosen });
    }
    const { carrier, ready } = chosen;
    this.#agentVersion = event.agentVersion ?? "";
    this.#carrier = carrier;
    if (ready.by === "at once") return this.#ready();
    if (ready.by === "probe") {
      this.#probed = true;
      return ready.probe();
    }
    const { roundTrip = 0 } = this.#driver.channel;
    const cancel = this.#options.clock.setTimer(
      Math.max(basicProbe, 3 * roundTrip),
      () => this.#ready(),
    );
    this.#end.promise.then(cancel, cancel);
  }

  #ready(): void {
    this.#probed = false;
    this.#started.resolve();
  }

  #host(): CarrierHost {
    const { clock, grace, notify } = this.#options;
    const { channel } = this.#driver;
    return {
      channel,
      size: this.#size,
      clock,
      grace,
      othersWait: () => this.#options.othersWait?.() ?? false,
      flush: () => this.#driver.flush(),
      moved: (up, down) => {
        this.#up += up;
        this.#down += down;
      },
      waits: (bytes) => this.#intake.waits(bytes),
      refused: (peer) => notify({ kind: "refused", peer }),
      heldUp: (peer, waiting) => notify({ kind: "held-up", peer, waiting }),
      disconnected: () => {
        this.#intake.release();
        if (this.#over === undefined) this.#options.onRoom();
      },
    };
  }

  #payload(bytes: Uint8Array): void {
    const carrier = this.#carrier;
    if (carrier === undefined) return;
    try {
      carrier.payload(bytes);
    } catch (error) {
      if (!(error instanceof SmuxProtocolError)) throw error;
      return this.#finish({ kind: "failed", message: error.message });
    }
    this.#intake.took(bytes.length);
  }

  #progress(): void {
    const { channel } = this.#driver;
    // The one message out is the probe.
    if (this.#probed && channel.unacknowledged === 0) this.#ready();
    this.#size.acknowledged(channel.acknowledgedBytes);
    if (this.#over === undefined) this.#carrier?.progress();
    this.#going.made();
  }

  #closed(code: number): void {
    this.#size.closed(code, this.#options.clock.now());
    if (!this.#size.hopeless) return;
    const message = "The service takes no messages so large";
    this.#finish({ kind: "failed", message });
  }

  #fail(cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause);
    this.#finish({ kind: "failed", message, cause });
  }

  #finish(end: PortEnd): void {
    if (this.#over !== undefined) return;
    this.#over = end;
    this.#started.reject(new PortStartError(end));
    this.resetConnections = this.#carrier?.dispose() ?? 0;
    this.#intake[Symbol.dispose]();
    // Whoever learns of the end may count on nothing being left, in what came last neither.
    const left = end.kind === "left";
    this.close().then(() => left ? undefined : this.#carrier?.drained?.())
      .then(() => this.#end.resolve(end));
  }

  /**
   * Ends the session: the flag, its acknowledgement, TerminateSession as a safety net
   * (data-channel.md §9). Never rejects.
   */
  close(): Promise<void> {
    return this.#leaving ??= this.#close();
  }

  async #close(): Promise<void> {
    const { clock, control, notify } = this.#options;
    const { channel } = this.#driver;
    const left = this.#over === undefined;
    let told = false;
    this.#carrier?.dispose();
    if (
      left && !channel.over && channel.started && this.#driver.connected &&
      agentIsAfter(this.#agentVersion, terminateFlagAfter)
    ) {
      const flag = channel.flag(Flag.TerminateSession, clock.now());
      this.#driver.flush();
      const alone = this.#options.standardStreams !== undefined;
      // An agent acknowledges what overtook others, and takes it only behind them.
      const taken = () =>
        channel.isAcknowledged(flag) &&
        !(alone && channel.unacknowledged > 0);
      await this.#going.until(() => channel.over || taken(), flagLimit);
      // Without a listener there is nothing to come after the flag, and a call more could only ask
      // for a login that ssh's user does not need any more (sessions.md §7).
      told = alone && taken();
    }
    const gone = told || channel.over && this.#over?.kind !== "failed";
    await leave({
      driver: this.#driver,
      clock,
      control: gone || this.#over?.kind === "idle" ? undefined : control,
      warn: (text) => {
        // A session that the service has ended needs no ending.
        if (left) notify({ kind: "warning", text });
      },
    });
    if (left) this.#finish({ kind: "left", message: "The session was left" });
  }
}
