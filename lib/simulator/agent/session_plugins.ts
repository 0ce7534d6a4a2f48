/**
 * Which plugin runs a session.
 *
 * @module
 */

import type { SessionType } from "../../protocol/message/handshake.ts";
import { sessionDocuments } from "../api/documents.ts";
import { nonInteractiveCommandsPlugin } from "./command_plugin.ts";
import { portPlugin } from "./port_plugin.ts";
import type { SessionPlugin } from "./session_plugin.ts";
import { interactiveCommandsPlugin, shellPlugin } from "./terminal_plugin.ts";

const plugins: Partial<Record<SessionType, SessionPlugin>> = {
  Standard_Stream: shellPlugin,
  InteractiveCommands: interactiveCommandsPlugin,
  NonInteractiveCommands: nonInteractiveCommandsPlugin,
  Port: portPlugin,
};

/**
 * The plugin for a document; `undefined` when this agent cannot run its session type.
 *
 * @param documentName Bare, as the API found it.
 */
export function findPlugin(documentName: string): SessionPlugin | undefined {
  const document = Object.hasOwn(sessionDocuments, documentName)
    ? sessionDocuments[documentName]
    : undefined;
  return document && plugins[document.sessionType];
}
