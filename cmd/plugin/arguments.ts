/**
 * The plugin's contract with the AWS CLI, argument by argument (api.md §9). Pure but for the
 * environment variable, which is taken away as soon as it is read: a child of ours is not to have
 * the session's token.
 *
 * @module
 */

import type { SessionGrant } from "../../lib/session/control.ts";
import { UsageError } from "../errors.ts";
import { responseVariable } from "./started_as.ts";

/** The one operation there is. */
const startSession = "StartSession";

/** The session that the CLI started, and as whom. */
export interface PluginSession {
  readonly kind: "session";
  readonly grant: SessionGrant;
  /** `undefined` where an argument is empty or missing: the environment decides. */
  readonly region: string | undefined;
  readonly profile: string | undefined;
  /** What StartSession was told; `undefined` in the form without a profile. */
  readonly request: PluginRequest | undefined;
  /** Of the SSM calls. */
  readonly endpointUrl: string | undefined;
}

/** The request of StartSession, as far as it was passed on. */
export interface PluginRequest {
  readonly target: string;
  readonly documentName: string | undefined;
  /** As they came. */
  readonly parameters: unknown;
}

/** What the plugin is asked for. */
export type PluginTask =
  | PluginSession
  /** Fewer arguments than a session has. */
  | { readonly kind: "unknown"; readonly operation: string }
  /** Another operation than StartSession. */
  | { readonly kind: "invalid" };

/**
 * Reads the arguments.
 *
 * @param words argv 1 and on; what {@linkcode pluginAnswer} answers is none of them.
 * @param takeVariable Reads an environment variable and takes it away.
 * @throws UsageError For a session that cannot be read.
 */
export function parsePluginWords(
  words: readonly string[],
  takeVariable: (name: string) => string | undefined,
): PluginTask {
  const [response = "", region, operation, profile, request, endpoint] = words;
  if (words.length < 3) return { kind: "unknown", operation: response };
  // Taken whatever else is wrong.
  const variable = response.startsWith(responseVariable)
    ? { name: response, value: takeVariable(response) }
    : undefined;
  if (operation !== startSession) return { kind: "invalid" };
  const grant = variable === undefined
    ? readGrant(response, "argument 1")
    : readGrant(variable.value, `the variable ${responseVariable}`);
  return {
    kind: "session",
    grant,
    region: region || undefined,
    profile: profile || undefined,
    request: request === undefined ? undefined : readRequest(request),
    endpointUrl: ssmEndpoint(endpoint),
  };
}

/** The session. Nothing of it may be shown: it holds the token. */
function readGrant(json: string | undefined, where: string): SessionGrant {
  if (!json) throw refusal(`${where}, which holds the session, is not set`);
  const members = readMembers(json);
  if (members === undefined) {
    throw refusal(`${where}, which holds the session, is no JSON object`);
  }
  const member = (name: string) => {
    const value = members.get(name.toLowerCase());
    if (typeof value === "string" && value !== "") return value;
    throw refusal(`the session in ${where} has no ${name}`);
  };
  return {
    sessionId: member("SessionId"),
    tokenValue: member("TokenValue"),
    streamUrl: member("StreamUrl"),
  };
}

function readRequest(json: string): PluginRequest {
  const members = readMembers(json);
  const target = members?.get("target");
  if (typeof target !== "string" || target === "") {
    throw refusal("argument 5, which holds the request, has no Target");
  }
  const documentName = members?.get("documentname");
  return {
    target,
    documentName: typeof documentName === "string" ? documentName : undefined,
    parameters: members?.get("parameters"),
  };
}

/**
 * The members of a JSON object, by their names in lower case: ECS spells them otherwise than SSM,
 * and the official plugin does not mind (api.md §6, §9).
 */
function readMembers(json: string): Map<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return undefined;
  }
  return new Map(
    Object.entries(value).map(([name, each]) => [name.toLowerCase(), each]),
  );
}

/** ECS gives its own endpoint, which knows no sessions (api.md §9). */
function ssmEndpoint(url: string | undefined): string | undefined {
  if (!url) return undefined;
  return /^ecs[.-]/i.test(URL.parse(url)?.hostname ?? "") ? undefined : url;
}

function refusal(why: string): UsageError {
  return new UsageError(`Cannot perform start session: ${why}`);
}
