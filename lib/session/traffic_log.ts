/**
 * The connections of sessions, and what goes over them, for the log: which messages, how large and
 * how long until they were acknowledged, never what is in them. It stands between sessions and
 * their transports, and is not there where nothing is logged.
 *
 * @module
 */

import type { Logger } from "../log/log.ts";
import { decodeAcknowledgedNumber } from "../protocol/message/acknowledge.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  headerBytes,
} from "../protocol/message/client_message.ts";
import { MessageType, PayloadType } from "../protocol/message/payload.ts";
import type {
  Clock,
  OpenTransport,
  Transport,
  TransportRequest,
} from "./transport.ts";

/** Messages that are waited for; beyond that many, the oldest are forgotten. */
const mostWaiting = 10_000;

const payloadNames: ReadonlyMap<number, string> = new Map(
  Object.entries(PayloadType).map(([name, number]) => [number, name]),
);

/**
 * Opens transports as `open` does, and logs what they do.
 * @param open Opens them.
 * @param log At level 1 it hears of connections, at level 2 of messages.
 * @param clock Measures.
 */
export function logTraffic(
  open: OpenTransport,
  log: Logger,
  clock: Clock,
): OpenTransport {
  if (log.level === 0) return open;
  let count = 0;
  return async (request) => {
    const stream = ++count;
    const begun = clock.now();
    const opening = {
      stream,
      host: URL.parse(request.url)?.host,
      signed: isSigned(request),
    };
    try {
      const transport = await open(request);
      log.event({
        level: 1,
        what: "stream open",
        values: { ...opening, ms: clock.now() - begun },
      });
      return new LoggedTransport(transport, log, clock, stream);
    } catch (error) {
      log.event({
        level: 1,
        what: "stream not opened",
        values: {
          ...opening,
          ms: clock.now() - begun,
          error: error instanceof Error ? error.message : String(error),
        },
      });
      throw error;
    }
  };
}

function isSigned({ headers }: TransportRequest): boolean {
  return Object.keys(headers).some((name) =>
    name.toLowerCase() === "authorization"
  );
}

class LoggedTransport implements Transport {
  readonly closed: Transport["closed"];
  readonly #transport: Transport;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #stream: number;
  /** When each stream data message went out first, by its number. */
  readonly #sent = new Map<number, number>();
  #largest = 0;
  #frames = { sent: 0, received: 0 };
  #bytes = { sent: 0, received: 0 };

  constructor(
    transport: Transport,
    log: Logger,
    clock: Clock,
    stream: number,
  ) {
    this.#transport = transport;
    this.#log = log;
    this.#clock = clock;
    this.#stream = stream;
    const opened = clock.now();
    this.closed = transport.closed.then((close) => {
      log.event({
        level: 1,
        what: "stream closed",
        values: {
          stream,
          code: close.code,
          reason: close.reason,
          clean: close.clean,
          seconds: (clock.now() - opened) / 1000,
          "frames-sent": this.#frames.sent,
          "frames-received": this.#frames.received,
          "bytes-sent": this.#bytes.sent,
          "bytes-received": this.#bytes.received,
        },
      });
      return close;
    });
  }

  get buffered(): number {
    return this.#transport.buffered;
  }

  get canAsk(): boolean {
    return this.#transport.canAsk;
  }

  send(message: Uint8Array): void {
    this.#count("sent", message);
    const size = message.length - headerBytes;
    // Payloads grow by fours from 1024 on; anything smaller is no choice of ours.
    if (size >= 1024 && size >= 2 * this.#largest) {
      this.#largest = size;
      this.#log.event({
        level: 1,
        what: "payload size",
        values: { stream: this.#stream, bytes: size },
      });
    }
    if (this.#log.level >= 2) this.#message("→", message);
    this.#transport.send(message);
  }

  sendText(message: string): void {
    this.#frames.sent++;
    // The token is in it.
    this.#log.event({
      level: 2,
      what: "→ open_data_channel",
      values: { stream: this.#stream },
    });
    this.#transport.sendText(message);
  }

  drained(): Promise<void> {
    return this.#transport.drained();
  }

  async read(): Promise<readonly Uint8Array[] | undefined> {
    const frames = await this.#transport.read();
    for (const frame of frames ?? []) {
      this.#count("received", frame);
      if (this.#log.level >= 2) this.#message("←", frame);
    }
    return frames;
  }

  check(limit: number): void {
    this.#log.event({
      level: 1,
      what: "stream checked",
      values: { stream: this.#stream, limit },
    });
    this.#transport.check(limit);
  }

  close(code?: number, reason?: string): Promise<void> {
    return this.#transport.close(code, reason);
  }

  #count(direction: "sent" | "received", frame: Uint8Array): void {
    this.#frames[direction]++;
    this.#bytes[direction] += frame.length;
  }

  #message(direction: "→" | "←", frame: Uint8Array): void {
    let message: ClientMessage;
    try {
      message = decodeClientMessage(frame);
    } catch (error) {
      return this.#log.event({
        level: 2,
        what: `${direction} damaged`,
        values: {
          stream: this.#stream,
          bytes: frame.length,
          error: error instanceof Error ? error.message : String(error),
        },
      });
    }
    const acknowledged = message.messageType === MessageType.Acknowledge
      ? acknowledgedBy(message)
      : undefined;
    const isData = message.messageType === MessageType.InputStreamData ||
      message.messageType === MessageType.OutputStreamData;
    this.#log.event({
      level: 2,
      what: `${direction} ${message.messageType}`,
      values: {
        stream: this.#stream,
        seq: isData ? message.sequence : acknowledged,
        payload: isData
          ? payloadNames.get(message.payloadType) ?? message.payloadType
          : undefined,
        bytes: isData ? message.payload.length : undefined,
        flags: isData && message.flags !== 0n
          ? Number(message.flags)
          : undefined,
        again: direction === "→" && isData && this.#isAgain(message.sequence)
          ? true
          : undefined,
        rtt: direction === "←" && acknowledged !== undefined
          ? this.#roundTrip(acknowledged)
          : undefined,
      },
    });
  }

  /** Whether this message went out before; notes when it did first. */
  #isAgain(sequence: number): boolean {
    if (this.#sent.has(sequence)) return true;
    this.#sent.set(sequence, this.#clock.now());
    if (this.#sent.size > mostWaiting) {
      for (const oldest of this.#sent.keys()) {
        this.#sent.delete(oldest);
        break;
      }
    }
    return false;
  }

  /** Milliseconds since the message went out. */
  #roundTrip(sequence: number): number | undefined {
    const sent = this.#sent.get(sequence);
    if (sent === undefined) return undefined;
    this.#sent.delete(sequence);
    return this.#clock.now() - sent;
  }
}

function acknowledgedBy(message: ClientMessage): number | undefined {
  try {
    return decodeAcknowledgedNumber(message.payload);
  } catch {
    return undefined;
  }
}
