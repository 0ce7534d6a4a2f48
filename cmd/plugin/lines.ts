/**
 * What the official plugin prints on standard output around a session, byte for byte: scripts wait
 * for these lines, and filter them out. They are the one exception to the rule that standard output
 * is for the session alone (api.md §9, sessions.md §4).
 *
 * @module
 */

import type { LocalAddress } from "../../lib/session/transport.ts";
import { visible } from "../../lib/text.ts";

/** Before everything else. */
export function startLine(sessionId: string): string {
  return `\nStarting session with SessionId: ${visible(sessionId)}\n`;
}

/** The session ended, and nothing was said about it. */
export function exitLine(sessionId: string): string {
  return `\n\nExiting session with sessionId: ${visible(sessionId)}.\n\n`;
}

/** The session ended with a text of the agent or the service, which may have several lines. */
export function closedLine(sessionId: string, text: string): string {
  const lines = text.split("\n").map(visible).join("\n");
  return `\n\nSessionId: ${visible(sessionId)} : ${lines}\n\n`;
}

/** Nobody may resume it any more. */
export function timedOutLine(sessionId: string): string {
  return `Session: ${visible(sessionId)} timed out.\n`;
}

/** The local end of a port session is there. */
export function openedLine(address: LocalAddress, sessionId: string): string {
  const what = address.kind === "tcp"
    ? `Port ${address.port}`
    : `Unix socket ${visible(address.path)}`;
  return `${what} opened for sessionId ${visible(sessionId)}.\n` +
    "Waiting for connections...\n";
}

/** The first connection came; those after it are not told. */
export function acceptedLine(sessionId: string): string {
  return `\nConnection accepted for session [${visible(sessionId)}]\n`;
}

/** Ctrl-C ends a port session. */
export const interruptedLine = "Terminate signal received, exiting.\n";

/** Too few arguments. */
export function unknownLine(operation: string): string {
  return `\nUnknown operation ${visible(operation)}. \nUse ` +
    "session-manager-plugin --version to check the version.\n\n";
}

/** Another operation than StartSession. */
export const invalidLine = "Invalid Operation";
