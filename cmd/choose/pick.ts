/**
 * Lets the user choose one of many on a full screen, while they are still coming in.
 *
 * @module
 */

import { SignalError } from "../../lib/session/signal_error.ts";
import type { Clock, Terminal } from "../../lib/session/transport.ts";
import type { Context } from "../context.ts";
import type { CommandLog } from "../log.ts";
import { ChoiceState } from "./choice_state.ts";
import { FullScreen, leaveBytes } from "./full_screen.ts";
import { marksPastes } from "./full_screen_terminal.ts";
import { readKey } from "./keys.ts";
import { announcesPaste, Paste, TypedAhead } from "./paste.ts";
import type { ChoiceSource } from "./source.ts";
import { viewOf, type ViewOptions } from "./view.ts";

/** What a choice is made with. */
export interface PickWorld {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** The environment, for what the terminal knows. */
  readonly env: Context["env"];
  /** What it says meanwhile is shown afterwards. */
  readonly log: Pick<CommandLog, "redirect" | "redirected">;
}

/** How long the rest of a key's bytes may take, as over a slow line. Milliseconds; fzf waits as long. */
const escapeWait = 50;

/** Of what is logged meanwhile, the last lines are kept. */
const mostLogged = 1000;

/** While items come in, the screen is drawn no more often than this. Milliseconds. */
const drawInterval = 100;

/**
 * Shows the items and takes keys until there is a choice. The terminal is as before afterwards, on
 * every way out, and what was typed behind the choice is left for whoever reads next; what was
 * pasted is not, and nothing in it is a key.
 *
 * @param world Where.
 * @param source What there is.
 * @param options How it is shown.
 * @param signal Gives up; its reason is thrown.
 * @returns `undefined` when the user wants none.
 * @throws SignalError after Ctrl-C.
 */
export async function pick<Item extends object>(
  world: PickWorld,
  source: ChoiceSource<Item>,
  options: ViewOptions,
  signal: AbortSignal,
): Promise<Item | undefined> {
  signal.throwIfAborted();
  return await new PickRun(world, source, options).run(signal);
}

class PickRun<Item extends object> {
  readonly #world: PickWorld;
  readonly #options: ViewOptions;
  readonly #state: ChoiceState<Item>;
  readonly #screen: FullScreen;
  #drawing: Promise<void> | undefined;
  #drawAgain = false;
  #cancelDraw: (() => void) | undefined;
  #broken: unknown;

  constructor(
    world: PickWorld,
    source: ChoiceSource<Item>,
    options: ViewOptions,
  ) {
    this.#world = world;
    this.#options = options;
    this.#state = new ChoiceState(source);
    this.#screen = new FullScreen(world.terminal);
  }

  async run(signal: AbortSignal): Promise<Item | undefined> {
    const { terminal, log } = this.#world;
    const logged: string[] = [];
    const redirected = log.redirect((line) => {
      if (logged.push(line) > mostLogged) logged.shift();
    });
    const raw = terminal.raw(leaveBytes);
    try {
      await this.#screen.open();
      using _resize = terminal.onResize(() => this.#draw());
      using _change = this.#state.source.onChange(() => this.#drawSoon());
      this.#draw();
      return await this.#keys(signal);
    } finally {
      this.#cancelDraw?.();
      this.#drawAgain = false;
      await this.#drawing;
      await this.#screen.close();
      raw[Symbol.dispose]();
      redirected[Symbol.dispose]();
      for (const line of logged) {
        if (log.redirected !== undefined) log.redirected(line);
        else {
          await terminal.writeError(new TextEncoder().encode(`${line}\n`))
            .catch(() => {});
        }
      }
    }
  }

  async #keys(signal: AbortSignal): Promise<Item | undefined> {
    const { terminal } = this.#world;
    let waiting = new Uint8Array();
    let paste: Paste | undefined;
    for (;;) {
      const more = await this.#read(
        waiting.length > 0 && paste === undefined && !announcesPaste(waiting),
        signal,
      );
      // The input has ended, as when the terminal was closed.
      if (more === undefined) return undefined;
      const bytes = new Uint8Array([...waiting, ...more]);
      let at = 0;
      while (at < bytes.length) {
        if (paste !== undefined) {
          const { text, used, ended } = paste.take(bytes.subarray(at));
          at += used;
          if (text !== "") this.#state.take({ kind: "text", text });
          if (!ended) break;
          paste = undefined;
          continue;
        }
        const read = readKey(bytes.subarray(at), more.length === 0);
        if (read === undefined) break;
        at += read.bytes;
        if (read.key.kind === "key" && read.key.name === "paste") {
          paste = new Paste();
          continue;
        }
        this.#state.refresh();
        const outcome = this.#state.take(read.key);
        switch (outcome.kind) {
          case "chosen":
            terminal.unread(await this.#behind(bytes.subarray(at), signal));
            return outcome.item;
          case "left":
            return undefined;
          case "interrupted":
            throw new SignalError("SIGINT");
          case "suspend":
            await this.#suspend();
            break;
          case "redraw":
            this.#screen.spoilt();
        }
      }
      waiting = bytes.slice(at);
      if (this.#broken !== undefined) throw this.#broken;
      this.#draw();
    }
  }

  /** What was typed ahead, for what comes next. */
  async #behind(
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const ahead = new TypedAhead();
    ahead.take(bytes);
    while (ahead.unfinished) {
      const more = await this.#read(true, signal);
      if (more === undefined || more.length === 0) break;
      ahead.take(more);
    }
    const { typed } = ahead;
    // Two lines in one read are hardly typed: it is a paste without its marks.
    return marksPastes(this.#world.env) || !typed.some(isLineBreak)
      ? typed
      : new Uint8Array();
  }

  /** Bytes; none where those that wait are all that comes soon. */
  async #read(
    waiting: boolean,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const { terminal, clock } = this.#world;
    if (!waiting) return await terminal.read(signal);
    const late = new AbortController();
    const cancel = clock.setTimer(escapeWait, () => late.abort());
    try {
      return await terminal.read(AbortSignal.any([signal, late.signal]));
    } catch (error) {
      signal.throwIfAborted();
      if (late.signal.aborted) return new Uint8Array();
      throw error;
    } finally {
      cancel();
    }
  }

  async #suspend(): Promise<void> {
    await this.#drawing;
    await this.#screen.close();
    await this.#world.terminal.suspend();
    await this.#screen.open();
  }

  #drawSoon(): void {
    this.#cancelDraw ??= this.#world.clock.setTimer(drawInterval, () => {
      this.#cancelDraw = undefined;
      this.#draw();
    });
  }

  /** Draws, one after the other: on a slow line those in between are left out. */
  #draw(): void {
    this.#drawAgain = true;
    this.#drawing ??= this.#drawAll();
  }

  /** Never rejects. */
  async #drawAll(): Promise<void> {
    // It is under way before it can be over.
    await Promise.resolve();
    try {
      while (this.#drawAgain) {
        this.#drawAgain = false;
        this.#state.refresh();
        const { size } = this.#screen;
        await this.#screen.show(
          viewOf(this.#state, size, this.#options),
          size,
        );
      }
    } catch (error) {
      this.#broken = error;
    } finally {
      // Not a moment later than the last look: who asks then would ask in vain.
      this.#drawing = undefined;
    }
  }
}

function isLineBreak(byte: number): boolean {
  return byte === 0x0d || byte === 0x0a;
}
