/**
 * What happens, for people who look for a fault: one event to a line, without secrets and without
 * what sessions carry. While nobody listens, an event costs the look at {@linkcode Log.level}.
 *
 * @module
 */

import { visible } from "../text.ts";
import { Mask } from "./mask.ts";

/**
 * How much is logged: 0 nothing, 1 what happens (calls to AWS, connections), 2 the protocol as well
 * (each message, without its payload).
 */
export type LogLevel = 0 | 1 | 2;

/** One thing that happened. Values of `undefined` are left out. */
export interface LogEvent {
  /** At which level it is said. */
  readonly level: LogLevel;
  /** Who says so, and what: `aws ssm:StartSession`. */
  readonly what: string;
  /** True for what the user has been told already. */
  readonly said?: boolean;
  readonly values?: Readonly<
    Record<string, string | number | boolean | undefined>
  >;
}

/** Where lines go to. */
export interface LogSink {
  /** The highest level it takes. */
  readonly level: LogLevel;
  /**
   * @param line Masked, and safe to show.
   * @param event What it is of.
   */
  write(line: string, event: LogEvent): void;
}

/** Whoever reports: everything but where it goes. */
export interface Logger {
  /** The highest level that anybody listens to. */
  readonly level: LogLevel;
  /** Logs an event, where somebody listens to its level. */
  event(event: LogEvent): void;
  /** This text must not be in any later line. */
  secret(text: string): void;
}

/** The log of one run. */
export class Log implements Logger {
  readonly #mask = new Mask();
  readonly #sinks = new Set<LogSink>();
  #level: LogLevel = 0;

  /** The highest level that anybody listens to. */
  get level(): LogLevel {
    return this.#level;
  }

  /**
   * Sends lines there as well, until disposed.
   * @param sink Where.
   */
  add(sink: LogSink): Disposable {
    this.#sinks.add(sink);
    this.#settle();
    return {
      [Symbol.dispose]: () => {
        this.#sinks.delete(sink);
        this.#settle();
      },
    };
  }

  /** Logs an event, where somebody listens to its level. */
  event(event: LogEvent): void {
    if (event.level > this.#level || this.#sinks.size === 0) return;
    const line = lineOf(event, this.#mask);
    for (const sink of this.#sinks) {
      if (event.level <= sink.level) sink.write(line, event);
    }
  }

  /** This text must not be in any later line. */
  secret(text: string): void {
    this.#mask.learn(text);
  }

  #settle(): void {
    let level: LogLevel = 0;
    for (const sink of this.#sinks) {
      if (sink.level > level) level = sink.level;
    }
    this.#level = level;
  }
}

/** Logs nothing. */
export const noLog: Logger = { level: 0, event() {}, secret() {} };

/**
 * An event in one line: `aws ssm:StartSession ms=142 request=…`.
 * @param event What happened.
 * @param mask Applied to each value before it is quoted, and to the whole.
 */
export function lineOf({ what, values = {} }: LogEvent, mask: Mask): string {
  const words = [visible(mask.apply(what))];
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) words.push(`${name}=${valueText(value, mask)}`);
  }
  return mask.apply(words.join(" "));
}

function valueText(value: string | number | boolean, mask: Mask): string {
  if (typeof value === "number") {
    return String(Number.isInteger(value) ? value : Number(value.toFixed(2)));
  }
  if (typeof value === "boolean") return String(value);
  const text = visible(mask.apply(value));
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
