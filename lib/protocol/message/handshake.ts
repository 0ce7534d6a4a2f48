/**
 * The JSON of the handshake, PayloadTypes 5 to 9, built and checked (handshake.md §3–§5, §7.3).
 *
 * @module
 */

import {
  asObject,
  decodeJsonObject,
  encodeJson,
  type JsonObject,
  member,
  textMember,
} from "./json.ts";
import { PayloadError } from "./payload.ts";

/** The session types that agents know (sessions.md §1). */
export type SessionType =
  | "Standard_Stream"
  | "InteractiveCommands"
  | "NonInteractiveCommands"
  | "Port";

const sessionTypes: readonly string[] = [
  "Standard_Stream",
  "InteractiveCommands",
  "NonInteractiveCommands",
  "Port",
];

/** True for a session type that we can run. */
export function isSessionType(name: string): name is SessionType {
  return sessionTypes.includes(name);
}

/** One thing the agent asks of the client. */
export interface RequestedClientAction {
  /** `SessionType`, `KMSEncryption`, or one that we do not know. */
  readonly actionType: string;
  readonly parameters: JsonObject;
}

/** PayloadType 5. */
export interface HandshakeRequest {
  readonly agentVersion: string;
  readonly actions: readonly RequestedClientAction[];
}

/** What became of a requested action (handshake.md §4). */
export const ActionStatus = { Success: 1, Failed: 2, Unsupported: 3 } as const;

/** One answer to a {@linkcode RequestedClientAction}. */
export interface ProcessedClientAction {
  readonly actionType: string;
  /** One of {@linkcode ActionStatus}; an agent refuses any other. */
  readonly status: number;
  /** `null`, or the result of KMSEncryption. */
  readonly result: unknown;
  /** Empty on success. */
  readonly error: string;
}

/** PayloadType 6. */
export interface HandshakeResponse {
  readonly clientVersion: string;
  readonly actions: readonly ProcessedClientAction[];
}

/** PayloadType 7. */
export interface HandshakeComplete {
  /** Milliseconds; nanoseconds on the wire. */
  readonly timeToComplete: number;
  /** A line to show, if not empty. */
  readonly customerMessage: string;
}

function arrayMember(
  object: JsonObject,
  name: string,
  what: string,
): readonly unknown[] {
  const value = member(object, name) ?? [];
  if (!Array.isArray(value)) {
    throw new PayloadError(`Cannot decode ${what}: ${name} is not a list`);
  }
  return value;
}

/** The JSON of a request, as the agent writes it. */
export function encodeHandshakeRequest(request: HandshakeRequest): Uint8Array {
  return encodeJson({
    AgentVersion: request.agentVersion,
    RequestedClientActions: request.actions.map((action) => ({
      ActionType: action.actionType,
      ActionParameters: action.parameters,
    })),
  });
}

/**
 * Reads a request. Parameters are checked when the action is processed.
 *
 * @throws {PayloadError} If its shape is wrong.
 */
export function decodeHandshakeRequest(payload: Uint8Array): HandshakeRequest {
  const what = "handshake request";
  const object = decodeJsonObject(payload, what);
  return {
    agentVersion: textMember(object, "AgentVersion", what),
    actions: arrayMember(object, "RequestedClientActions", what).map(
      (entry) => {
        const action = asObject(entry, what);
        return {
          actionType: textMember(action, "ActionType", what),
          parameters: asObject(member(action, "ActionParameters") ?? {}, what),
        };
      },
    ),
  };
}

/** The JSON of a response, keys in the official order, `Errors` collected from the actions. */
export function encodeHandshakeResponse(
  response: HandshakeResponse,
): Uint8Array {
  const errors = response.actions.map((action) => action.error).filter((
    error,
  ) => error !== "");
  return encodeJson({
    ClientVersion: response.clientVersion,
    ProcessedClientActions: response.actions.map((action) => ({
      ActionType: action.actionType,
      ActionStatus: action.status,
      ActionResult: action.result,
      Error: action.error,
    })),
    Errors: errors.length > 0 ? errors : null,
  });
}

/**
 * Reads a response, as the agent does: a missing status is 0.
 *
 * @throws {PayloadError} If its shape is wrong.
 */
export function decodeHandshakeResponse(
  payload: Uint8Array,
): HandshakeResponse {
  const what = "handshake response";
  const object = decodeJsonObject(payload, what);
  return {
    clientVersion: textMember(object, "ClientVersion", what),
    actions: arrayMember(object, "ProcessedClientActions", what).map(
      (entry) => {
        const action = asObject(entry, what);
        const status = member(action, "ActionStatus") ?? 0;
        if (typeof status !== "number") {
          throw new PayloadError(
            `Cannot decode ${what}: ActionStatus is not a number`,
          );
        }
        return {
          actionType: textMember(action, "ActionType", what),
          status,
          result: member(action, "ActionResult") ?? null,
          error: textMember(action, "Error", what),
        };
      },
    ),
  };
}

/** The JSON of the last message of a handshake. */
export function encodeHandshakeComplete(
  complete: HandshakeComplete,
): Uint8Array {
  return encodeJson({
    HandshakeTimeToComplete: Math.round(complete.timeToComplete * 1e6),
    CustomerMessage: complete.customerMessage,
  });
}

/**
 * Reads the last message of a handshake.
 *
 * @throws {PayloadError} If its shape is wrong.
 */
export function decodeHandshakeComplete(
  payload: Uint8Array,
): HandshakeComplete {
  const what = "handshake complete";
  const object = decodeJsonObject(payload, what);
  const nanoseconds = member(object, "HandshakeTimeToComplete") ?? 0;
  if (typeof nanoseconds !== "number") {
    throw new PayloadError(
      `Cannot decode ${what}: HandshakeTimeToComplete is not a number`,
    );
  }
  return {
    timeToComplete: nanoseconds / 1e6,
    customerMessage: textMember(object, "CustomerMessage", what),
  };
}

/** PayloadTypes 8 and 9: the challenge in base64, both directions alike (handshake.md §7.3). */
export function encodeChallenge(challenge: Uint8Array): Uint8Array {
  return encodeJson({ Challenge: encodeBase64(challenge) });
}

/**
 * Reads a challenge: its ciphertext.
 *
 * @throws {PayloadError} If its shape is wrong or it is no base64.
 */
export function decodeChallenge(payload: Uint8Array): Uint8Array {
  const what = "encryption challenge";
  return decodeBase64(
    textMember(decodeJsonObject(payload, what), "Challenge", what),
    what,
  );
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/**
 * Reads standard base64.
 *
 * @param what The payload's name in the error.
 * @throws {PayloadError} If it is none.
 */
export function decodeBase64(text: string, what: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new PayloadError(`Cannot decode ${what}: it is not base64`, {
      cause,
    });
  }
}
