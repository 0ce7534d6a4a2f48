/**
 * Quoting for `sh -c`, for the test kit alone: it must not trust what it tests.
 *
 * @module
 */

/** One `sh` command line that runs `command` as it is. */
export function shellWords(command: readonly string[]): string {
  return command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}
