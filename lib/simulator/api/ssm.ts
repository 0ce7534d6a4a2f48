/**
 * The Session Manager calls of the SSM API (api.md §2–§4), and the way to those of Run Command.
 *
 * @module
 */

import { simulatorAccountId, simulatorCallerArn } from "../credentials.ts";
import { SessionTargets } from "../session_targets.ts";
import type { SimulatedTask } from "../tasks.ts";
import {
  idleOutput,
  type SessionRegistry,
  terminatedOutput,
} from "../registry.ts";
import { checkParameters, findDocument } from "./documents.ts";
import { ApiError } from "./errors.ts";
import {
  constraintError,
  isObject,
  type JsonObject,
  optionalText,
  requiredText,
  typeError,
} from "./json_input.ts";
import { type CommandCalls, commandOperations } from "./ssm_commands.ts";
import { getDocument, type SessionPreferences } from "./session_preferences.ts";
import { describeInstanceInformation } from "./ssm_instances.ts";
import { describeSessions } from "./ssm_sessions.ts";

/** What the SSM API needs. */
export interface SsmOptions extends CommandCalls {
  /** ECS's tasks, whose containers are targets too (api.md §6). */
  readonly tasks: readonly SimulatedTask[];
  readonly registry: SessionRegistry;
  /** A session's StreamUrl (data-channel.md §1.1). */
  readonly streamUrl: (sessionId: string) => string;
  /** The fault "ResumeSession answers without a token". */
  readonly refuseResume: boolean;
  /** Part of a document's ARN. */
  readonly region: string;
  /** Bare names of documents that IAM lets nobody start a session with. */
  readonly denyDocuments: readonly string[];
  /** What SSM-SessionManagerRunShell says. */
  readonly preferences: SessionPreferences;
  /** Now, in milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** The SSM API of one run. */
export class SimulatedSsm {
  readonly #options: SsmOptions;
  readonly #targets: SessionTargets;
  readonly #started: number;

  /** @param options Nodes, sessions, time. */
  constructor(options: SsmOptions) {
    this.#options = options;
    this.#targets = new SessionTargets(options.nodes, options.tasks);
    this.#started = options.now();
  }

  /**
   * Answers a call.
   *
   * @param operation The part of X-Amz-Target behind the dot.
   * @param input The request's JSON object.
   * @throws ApiError What AWS would answer instead.
   */
  handle(operation: string, input: JsonObject): JsonObject {
    const run = Object.hasOwn(commandOperations, operation)
      ? commandOperations[operation]
      : undefined;
    if (run !== undefined) return run(input, this.#options);
    switch (operation) {
      case "StartSession":
        return this.#startSession(input);
      case "ResumeSession":
        return this.#resumeSession(input);
      case "TerminateSession":
        return this.#terminateSession(input);
      case "GetConnectionStatus":
        return this.#getConnectionStatus(input);
      case "GetDocument":
        return getDocument(input, this.#options.preferences);
      case "DescribeSessions":
        return describeSessions(input, this.#options);
      case "DescribeInstanceInformation":
        return describeInstanceInformation(input, {
          nodes: this.#options.nodes,
          pager: this.#options.pager,
          now: this.#options.now,
          started: this.#started,
        });
      default:
        throw new ApiError(
          "UnknownOperationException",
          `The simulator has no SSM operation ${operation}`,
        );
    }
  }

  #startSession(input: JsonObject): JsonObject {
    const target = requiredText(input, "Target", { min: 1, max: 400 });
    const named = optionalText(input, "DocumentName", {
      pattern: /^[a-zA-Z0-9_\-.:/]{3,128}$/,
    });
    const reason = optionalText(input, "Reason", { min: 1, max: 256 });
    const parameters = readParameters(input);
    const { name, document } = findDocument(named);
    if (this.#options.denyDocuments.includes(name)) {
      throw denied(name, this.#options.region);
    }
    checkParameters(name, document, parameters);
    const node = this.#targets.find(target);
    if (node === undefined) {
      throw new ApiError("TargetNotConnected", `${target} is not connected.`);
    }
    const { registry } = this.#options;
    const session = registry.start({
      node,
      documentName: name,
      parameters,
      reason,
      owner: simulatorCallerArn,
    });
    try {
      return this.#grant(session.id);
    } catch (cause) {
      // The caller never learns the id, so nobody else can end the session.
      registry.terminate(session.id, "", "Failed");
      throw cause;
    }
  }

  #resumeSession(input: JsonObject): JsonObject {
    const id = requiredText(input, "SessionId", { min: 1, max: 96 });
    const { registry, refuseResume } = this.#options;
    const session = registry.get(id);
    if (session === undefined || session.endDate !== undefined) {
      throw noSession(id);
    }
    if (refuseResume) {
      // No token means that the session has timed out (api.md §3), so it has.
      registry.terminate(id, idleOutput(id));
      return { SessionId: id };
    }
    // A resume puts the idle time-out off (sessions.md §8).
    registry.touch(id);
    return this.#grant(id);
  }

  #grant(id: string): JsonObject {
    const token = this.#options.registry.grantToken(id);
    if (token === undefined) throw noSession(id);
    return {
      SessionId: id,
      TokenValue: token,
      StreamUrl: this.#options.streamUrl(id),
    };
  }

  #terminateSession(input: JsonObject): JsonObject {
    const id = requiredText(input, "SessionId", { min: 1, max: 96 });
    const { registry } = this.#options;
    if (registry.get(id) === undefined) throw noSession(id);
    // Ending an ended session is harmless (api.md §3).
    registry.terminate(id, terminatedOutput(id));
    return { SessionId: id };
  }

  #getConnectionStatus(input: JsonObject): JsonObject {
    const target = requiredText(input, "Target", { min: 1, max: 400 });
    return {
      Target: target,
      Status: this.#targets.find(target) === undefined
        ? "notconnected"
        : "connected",
    };
  }
}

function noSession(id: string): ApiError {
  return new ApiError(
    "DoesNotExistException",
    `Session with id ${id} does not exist`,
  );
}

/** What IAM says; documents that AWS owns have no account in their ARN. */
function denied(document: string, region: string): ApiError {
  const account = /^(AWS|Amazon)/.test(document) ? "" : simulatorAccountId;
  return new ApiError(
    "AccessDeniedException",
    `User: ${simulatorCallerArn} is not authorized to perform: ssm:StartSession on resource: ` +
      `arn:aws:ssm:${region}:${account}:document/${document} because no identity-based policy ` +
      "allows the ssm:StartSession action",
  );
}

/** `Parameters`: text → list of text, always lists (api.md §2). */
function readParameters(
  input: JsonObject,
): Readonly<Record<string, readonly string[]>> {
  const value = input["Parameters"];
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw typeError("Parameters", "Map");
  const parameters: [string, readonly string[]][] = [];
  for (const [key, list] of Object.entries(value)) {
    if (!Array.isArray(list)) throw typeError(`Parameters.${key}`, "List");
    if (!list.every((item) => typeof item === "string")) {
      throw typeError(`Parameters.${key}`, "String");
    }
    if (key.length < 1 || key.length > 255) {
      throw constraintError(
        key,
        "Parameters",
        "satisfy constraint: [Member must have length between 1 and 255]",
      );
    }
    parameters.push([key, list]);
  }
  return Object.fromEntries(parameters);
}
