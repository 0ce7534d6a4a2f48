/**
 * The terminal while a shell session has it: raw mode, and its size on the remote side
 * (sessions.md §2.1).
 *
 * @module
 */

import type { Terminal, TerminalSize } from "./transport.ts";

/** Takes the terminal for a session, and gives it back. */
export class ShellTerminal {
  readonly #terminal: Terminal;
  readonly #connected: () => boolean;
  readonly #send: (size: TerminalSize) => void;
  readonly #disposables = new DisposableStack();
  #raw: Disposable | undefined;
  #sent: TerminalSize | undefined;

  /**
   * @param connected False while the connection is lost or the session over.
   * @param send Sends the size to the remote side.
   */
  constructor(
    terminal: Terminal,
    connected: () => boolean,
    send: (size: TerminalSize) => void,
  ) {
    this.#terminal = terminal;
    this.#connected = connected;
    this.#send = send;
  }

  /**
   * The session begins: keys are its own from now on, and it hears of each new size.
   *
   * @param again True if a size sent before did not count.
   */
  take(again: boolean): void {
    const terminal = this.#terminal;
    if (terminal.interactive) {
      this.#raw = this.#disposables.use(terminal.raw());
    }
    this.#disposables.use(terminal.onResize(() => this.sendSize()));
    if (again) this.#sent = undefined;
    this.sendSize();
  }

  /** Sends the size unless it was sent; of those during an outage, only the last one matters. */
  sendSize(): void {
    if (!this.#connected()) return;
    const size = this.#terminal.size(), sent = this.#sent;
    if (size === undefined) return;
    if (size.cols === sent?.cols && size.rows === sent.rows) return;
    this.#sent = size;
    this.#send(size);
  }

  /** Stops this process as Ctrl-Z would; resolves when it goes on. */
  async suspend(): Promise<void> {
    await this.#terminal.suspend();
    this.sendSize();
  }

  /** Makes Ctrl-C a signal again. */
  leaveRawMode(): void {
    try {
      this.#raw?.[Symbol.dispose]();
    } catch {
      // A terminal that is gone has no keys either.
    }
  }

  /**
   * Gives the terminal back.
   *
   * @throws {unknown} What the terminal throws that is gone.
   */
  release(): void {
    this.#disposables.dispose();
  }
}
