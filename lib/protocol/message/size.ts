/**
 * The payload of PayloadType 3: a terminal's size (sessions.md §2.1).
 *
 * @module
 */

/** A terminal's size in characters. */
export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}
