/**
 * The session documents that the simulated service knows, and what they take (api.md §7).
 *
 * @module
 */

import { ApiError } from "./errors.ts";

/** One parameter of a session document. */
export interface DocumentParameter {
  /** Used by the agent when the caller gives none; `undefined` = the caller must give one. */
  readonly defaultValue: string | undefined;
  /** The document's `allowedPattern`. */
  readonly allowedPattern?: RegExp;
}

/** What a session document says about itself. */
export interface SessionDocument {
  readonly sessionType:
    | "Standard_Stream"
    | "Port"
    | "InteractiveCommands"
    | "NonInteractiveCommands";
  readonly parameters: Readonly<Record<string, DocumentParameter>>;
  /**
   * `properties` as they reach the client, `{{ name }}` standing for a parameter; absent where
   * none do. Keys in the order in which Go writes a map.
   */
  readonly properties?: Readonly<Record<string, string>>;
}

/** The document of a StartSession that names none. */
export const defaultDocument = "SSM-SessionManagerRunShell";

// The patterns admit 0–65535 and 1–65535, as the copies of the documents in public repositories.
const portNumber =
  /^([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])$/;
const localPortNumber = new RegExp(`^0$|${portNumber.source}`);
const localPort: DocumentParameter = {
  defaultValue: "0",
  allowedPattern: localPortNumber,
};
const port = (defaultValue: string | undefined): DocumentParameter => ({
  defaultValue,
  allowedPattern: portNumber,
});
const command: DocumentParameter = { defaultValue: undefined };
const forwarding = {
  portNumber: "{{ portNumber }}",
  type: "LocalPortForwarding",
};

/** Every document by name. */
export const sessionDocuments: Readonly<Record<string, SessionDocument>> = {
  "SSM-SessionManagerRunShell": {
    sessionType: "Standard_Stream",
    parameters: {},
  },
  "AWS-StartPortForwardingSession": {
    sessionType: "Port",
    parameters: { portNumber: port("80"), localPortNumber: localPort },
    properties: { localPortNumber: "{{ localPortNumber }}", ...forwarding },
  },
  "AWS-StartPortForwardingSessionToRemoteHost": {
    sessionType: "Port",
    parameters: {
      host: { defaultValue: undefined },
      portNumber: port(undefined),
      localPortNumber: localPort,
    },
    properties: {
      host: "{{ host }}",
      localPortNumber: "{{ localPortNumber }}",
      ...forwarding,
    },
  },
  "AWS-StartPortForwardingSessionToSocket": {
    sessionType: "Port",
    parameters: {
      portNumber: port("80"),
      localUnixSocket: { defaultValue: "" },
    },
    properties: {
      localConnectionType: "unix",
      localUnixSocket: "{{ localUnixSocket }}",
      ...forwarding,
    },
  },
  "AWS-StartSSHSession": {
    sessionType: "Port",
    parameters: { portNumber: port("22") },
    properties: { portNumber: "{{ portNumber }}" },
  },
  "AWS-StartInteractiveCommand": {
    sessionType: "InteractiveCommands",
    parameters: { command },
  },
  // What is behind ecs:ExecuteCommand (api.md §6).
  "AmazonECS-ExecuteInteractiveCommand": {
    sessionType: "InteractiveCommands",
    parameters: { command },
  },
  "AWS-StartNonInteractiveCommand": {
    sessionType: "NonInteractiveCommands",
    parameters: { command },
  },
};

/**
 * The document a caller names, by name or by ARN.
 *
 * @param name `DocumentName` of StartSession; `undefined` = the default document.
 * @returns Its bare name and its description.
 * @throws ApiError `InvalidDocument`.
 */
export function findDocument(
  name: string | undefined,
): { readonly name: string; readonly document: SessionDocument } {
  const bare = name?.replace(/^arn:[^/]*:document\//, "") ?? defaultDocument;
  const document = Object.hasOwn(sessionDocuments, bare)
    ? sessionDocuments[bare]
    : undefined;
  if (document === undefined) {
    throw new ApiError(
      "InvalidDocument",
      `Document with name ${name} does not exist.`,
    );
  }
  return { name: bare, document };
}

/**
 * A document's properties with the caller's parameters put in, as the agent does it (api.md §7,
 * handshake.md §3); `null` where the client gets none.
 *
 * @param name The document's bare name.
 * @param parameters `Parameters` of StartSession, checked.
 */
export function documentProperties(
  name: string,
  parameters: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, string>> | null {
  const document = Object.hasOwn(sessionDocuments, name)
    ? sessionDocuments[name]
    : undefined;
  if (document?.properties === undefined) return null;
  const value = (parameter: string) =>
    parameters[parameter]?.[0] ?? document.parameters[parameter]
      ?.defaultValue ??
      "";
  return Object.fromEntries(
    Object.entries(document.properties).map(([key, text]) => [
      key,
      text.replace(/\{\{ (\w+) \}\}/g, (_, parameter) => value(parameter)),
    ]),
  );
}

/**
 * Refuses parameters that a document does not have, cannot take or cannot do without.
 *
 * @param name The document's name, for the message.
 * @param document The document.
 * @param parameters `Parameters` of StartSession.
 * @throws ApiError `InvalidParameters`.
 */
export function checkParameters(
  name: string,
  document: SessionDocument,
  parameters: Readonly<Record<string, readonly string[]>>,
): void {
  for (const [key, values] of Object.entries(parameters)) {
    const known = Object.hasOwn(document.parameters, key)
      ? document.parameters[key]
      : undefined;
    if (known === undefined) {
      throw new ApiError(
        "InvalidParameters",
        `Parameter ${key} is not defined in document ${name}.`,
      );
    }
    if (values.length !== 1) {
      throw new ApiError(
        "InvalidParameters",
        `Parameter ${key} of type String must have exactly one value.`,
      );
    }
    const [value = ""] = values;
    if (known.allowedPattern && !known.allowedPattern.test(value)) {
      throw new ApiError(
        "InvalidParameters",
        `Parameter value '${value.slice(0, 100)}' of ${key} does not match ` +
          `the allowed pattern of document ${name}.`,
      );
    }
  }
  for (const [key, parameter] of Object.entries(document.parameters)) {
    if (
      parameter.defaultValue === undefined && !Object.hasOwn(parameters, key)
    ) {
      throw new ApiError(
        "InvalidParameters",
        `Parameter ${key} of document ${name} is required.`,
      );
    }
  }
}
