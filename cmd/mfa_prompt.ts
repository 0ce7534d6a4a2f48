/**
 * Asks for the code of an MFA device, as the credentials of some profiles need.
 *
 * @module
 */

import type { Terminal } from "../lib/session/transport.ts";
import { visible } from "../lib/text.ts";
import { askLine } from "./ask_line.ts";
import { UsageError } from "./errors.ts";

/** The question before, whose answer is read first: several profiles may ask at the same time. */
let before: Promise<unknown> = Promise.resolve();

/**
 * Asks on standard error, reads one line; one question after the other.
 * @param terminal Where to ask.
 * @param serial The device's serial number or ARN, as the profile has it.
 * @param signal Gives up, and rejects with its reason.
 * @throws UsageError without a terminal, and for a line that is no code.
 */
export async function askMfaCode(
  terminal: Terminal,
  serial: string,
  signal: AbortSignal,
): Promise<string> {
  if (!terminal.interactive) {
    throw new UsageError(
      `Cannot ask for the code of the MFA device ${visible(serial)}: ` +
        "standard input is no terminal",
    );
  }
  const question = `Code of the MFA device ${visible(serial)}: `;
  const asked = before.then(() => askLine(terminal, question, signal));
  before = asked.catch(() => {});
  const code = await asked ?? "";
  if (!/^\d{6}$/.test(code)) {
    throw new UsageError("Cannot use the MFA code: it has six digits");
  }
  return code;
}
