/**
 * Many local connections through one port session, by smux (sessions.md §6).
 *
 * A forwarded byte, file by file:
 * 1. io/local_listener.ts accepts, forward.ts chooses the session;
 * 2. local_pump.ts reads while its stream has nothing queued;
 * 3. smux/stream.ts queues, smux/session.ts fills a payload from all streams in turn;
 * 4. from the channel on as a keystroke (driver.ts, from step 2).
 *
 * Back: the channel's payload → smux/frame.ts → the stream with that id → local_pump.ts, where it
 * waits if its program does not read. Nothing else waits for that, up to the backlog's bounds.
 *
 * @module
 */

import { largestPayload } from "../protocol/channel/payload_size.ts";
import { keepAliveInterval, SmuxSession } from "../protocol/smux/session.ts";
import type { SmuxStream } from "../protocol/smux/stream.ts";
import type { Carrier, CarrierHost, LocalPeer, Unsettled } from "./carrier.ts";
import { MuxConnection } from "./mux_connection.ts";

/** Bytes of frames that may wait to go out for the first time: what a transport takes at once. */
const unsentLimit: number = 256 * 1024;

/** The multiplexed half of a port session. */
export class MuxPort implements Carrier {
  readonly #host: CarrierHost;
  readonly #smux: SmuxSession;
  readonly #scratch = new Uint8Array(largestPayload);
  readonly #connections = new Map<SmuxStream, MuxConnection>();
  /** Failed dials that the agent reported and no stream was found for yet: when, in milliseconds. */
  #failedDials: number[] = [];
  /** Streams that ended without a byte, and when: the report may come behind. */
  #silentEnds: { readonly peer: string; readonly at: number }[] = [];
  #pumping = false;
  /** Connections that have more waiting than one may have. */
  #overfull = 0;
  #cancelNop: (() => void) | undefined;

  /** @param keepAlive True for agents that end a session without NOPs (sessions.md §6.4). */
  constructor(host: CarrierHost, keepAlive: boolean) {
    this.#host = host;
    this.#smux = new SmuxSession({
      role: "client",
      keepAlive: false,
      handler: {
        data: (stream, bytes) => this.#connections.get(stream)?.arrived(bytes),
        finished: (stream) => this.#finished(stream),
        drained: (stream) => this.#connections.get(stream)?.sent(),
      },
    }, host.clock.now());
    if (keepAlive) this.#keepAlive();
  }

  /** Connections open now. */
  get open(): number {
    return this.#connections.size;
  }
  /** True while more connections can be opened. */
  get canConnect(): boolean {
    return this.#smux.canOpen;
  }
  /** Bytes moved in the last second by each connection, to tell which are busy. */
  *activity(): Iterable<number> {
    for (const connection of this.#connections.values()) {
      yield connection.takeActivity();
    }
  }

  /**
   * Says one NOP: the agent acknowledges it when its tunnel is set up, and ends the session instead
   * when the destination is not allowed or not known (sessions.md §4, §6.6).
   */
  probe(): void {
    this.#smux.nop();
    this.progress();
  }

  /** Takes a local connection over. */
  connect(peer: LocalPeer): void {
    const stream = this.#smux.open();
    const connection = new MuxConnection(peer, stream, {
      clock: this.#host.clock,
      grace: this.#host.grace,
      changed: () => this.#schedule(),
      moved: (up, down) => this.#host.moved(up, down),
      waits: (bytes) => this.#host.waits(bytes),
      heldUp: (waiting) => this.#host.heldUp(peer.name, waiting),
      overfull: (change) => this.#overfull += change,
      closed: () => {
        this.#connections.delete(stream);
        this.#schedule();
        this.#host.disconnected();
      },
    });
    this.#connections.set(stream, connection);
    this.#schedule();
  }

  /** Takes a payload of the channel. */
  payload(bytes: Uint8Array): void {
    this.#smux.receive(bytes);
  }

  /** True while some connection has more waiting than one may have. */
  get overfull(): boolean {
    return this.#overfull > 0;
  }

  /** The agent could not connect to the destination; it does not say for which stream (pitfalls.md §2.15). */
  dialFailed(): void {
    const now = this.#host.clock.now();
    const end = this.#recent(this.#silentEnds, ({ at }) => at).shift();
    if (end === undefined) this.#failedDials.push(now);
    else this.#host.refused(end.peer);
  }

  #finished(stream: SmuxStream): void {
    const connection = this.#connections.get(stream);
    if (connection === undefined) return;
    const now = this.#host.clock.now();
    if (connection.received > 0) return connection.remoteEnded();
    if (this.#recent(this.#failedDials, (at) => at).shift() !== undefined) {
      this.#host.refused(connection.name);
      return connection.destroy();
    }
    this.#silentEnds = this.#recent(this.#silentEnds, ({ at }) => at);
    this.#silentEnds.push({ peer: connection.name, at: now });
    connection.remoteEnded();
  }

  /** Those of the last second, in place. */
  #recent<T>(entries: T[], at: (entry: T) => number): T[] {
    const since = this.#host.clock.now() - 1000;
    while (entries.length > 0 && at(entries[0]!) < since) entries.shift();
    return entries;
  }

  /** Fills payloads once the present turn is over: what came in it goes out together. */
  #schedule(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.progress();
    });
  }

  /** Sends while there is something to send and the channel has room. */
  progress(): void {
    const { channel, size, clock } = this.#host;
    // What has not gone out is a queue that the window does not see, and what is said next would
    // stand behind it.
    const room = () => channel.writable && channel.unsent < unsentLimit;
    if (!this.#smux.pending || !room()) return;
    const now = clock.now();
    while (this.#smux.pending && room()) {
      const target = this.#scratch.subarray(0, size.bytes);
      const length = this.#smux.poll(target);
      if (length === 0) break;
      size.sending(now);
      channel.send(target.subarray(0, length), now);
    }
    this.#host.flush();
  }

  #keepAlive(): void {
    this.#cancelNop = this.#host.clock.setTimer(keepAliveInterval, () => {
      // Whatever is on its way is as good, and one as the many of a long outage.
      if (this.#host.channel.unacknowledged === 0) this.probe();
      this.#keepAlive();
    });
  }

  /** Closes behind what local programs have said before they hung up, and says what is left. */
  unsettled(): Unsettled {
    let left: Unsettled = "nothing";
    for (const connection of this.#connections.values()) {
      if (connection.localEnded) {
        connection.finish();
        left = "ended";
      } else if (connection.sending && left === "nothing") left = "sending";
    }
    return left;
  }

  /** The connection with the most waiting. */
  fullest(): { peer: string; waiting: number } | undefined {
    let fullest: { peer: string; waiting: number } | undefined;
    for (const { name, waiting } of this.#connections.values()) {
      if (waiting > (fullest?.waiting ?? 0)) fullest = { peer: name, waiting };
    }
    return fullest;
  }

  /** Ends all connections at once. */
  dispose(): number {
    const open = this.#connections.size;
    this.#cancelNop?.();
    this.#cancelNop = undefined;
    for (const connection of [...this.#connections.values()]) {
      connection.destroy();
    }
    return open;
  }
}
