/**
 * Asks for the code of an MFA device, as the credentials of some profiles need.
 *
 * @module
 */

import type { Terminal } from "../lib/session/transport.ts";
import { visible } from "../lib/text.ts";
import { UsageError } from "./errors.ts";

/** Longer than any code; a line that long is no code. */
const longestLine = 256;

/**
 * Asks on standard error, reads one line.
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
  await terminal.writeError(
    new TextEncoder().encode(`Code of the MFA device ${visible(serial)}: `),
  );
  // The terminal is in line mode, so a read gives a line.
  const decoder = new TextDecoder();
  let line = "";
  while (!/[\r\n]/.test(line) && line.length < longestLine) {
    const bytes = await terminal.read(signal);
    if (bytes === undefined) break;
    line += decoder.decode(bytes, { stream: true });
  }
  const code = line.trim();
  if (!/^\d{6}$/.test(code)) {
    throw new UsageError("Cannot use the MFA code: it has six digits");
  }
  return code;
}
