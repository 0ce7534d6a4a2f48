/**
 * SendCommand: what it takes, and what it refuses (api.md §5).
 *
 * @module
 */

import { simulatorAccountId } from "../credentials.ts";
import {
  type CommandDocument,
  type CommandRequest,
  suits,
} from "../command/command.ts";
import type { SimulatedNode } from "../options.ts";
import { ApiError } from "./errors.ts";
import {
  constraintError,
  isObject,
  type JsonObject,
  objectList,
  optionalInteger,
  optionalText,
  requiredText,
  typeError,
} from "./json_input.ts";

/** A node's id. */
const nodeId = /^(i-(\w{8}|\w{17})|mi-\w{17})$/;

/** Limits of the service. */
const mostIds = 50;
const mostTargets = 5;
const mostValues = 50;

/** Without TimeoutSeconds: the service's own hour. */
const defaultDelivery = 3600;

/** Longest parameters of a document in bytes (MaxDocumentSizeExceeded). */
const documentSize = 64 * 1024;

const parametersOf: Readonly<Record<CommandDocument, readonly string[]>> = {
  "AWS-RunShellScript": ["commands", "workingDirectory", "executionTimeout"],
  "AWS-RunPowerShellScript": [
    "commands",
    "workingDirectory",
    "executionTimeout",
  ],
};

/**
 * Reads SendCommand.
 * @param input The request.
 * @param nodes All there are.
 * @throws ApiError The model's errors.
 */
export function readSendCommand(
  input: JsonObject,
  nodes: readonly SimulatedNode[],
): CommandRequest {
  const document = readDocument(input);
  const comment = optionalText(input, "Comment", { max: 100 });
  const deliveryTimeout = optionalInteger(
    input,
    "TimeoutSeconds",
    30,
    2_592_000,
  );
  const concurrency = optionalText(input, "MaxConcurrency", {
    min: 1,
    max: 7,
    pattern: /^([1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)$/,
  }) ?? "50";
  const errors = optionalText(input, "MaxErrors", {
    min: 1,
    max: 7,
    pattern: /^([1-9][0-9]*|[0]|[1-9][0-9]%|[0-9]%|100%)$/,
  }) ?? "0";
  const parameters = readParameters(input, document);
  const ids = readIds(input);
  const targets = readTargets(input);
  if ((ids.length > 0) === (targets.length > 0)) {
    throw new ApiError(
      "ValidationException",
      ids.length > 0
        ? "Targets and InstanceIds cannot be given together."
        : "Either Targets or InstanceIds must be given.",
    );
  }
  const chosen = ids.length > 0
    ? nodesById(ids, nodes, document)
    : nodes.filter((node) =>
      node.registered && targets.every((target) => matches(node, target))
    );
  return {
    document,
    nodes: chosen,
    lines: parameters["commands"] ?? [],
    workingDirectory: parameters["workingDirectory"]?.[0] ?? "",
    executionTimeout: readTimeout(parameters),
    deliveryTimeout: deliveryTimeout ?? defaultDelivery,
    maxConcurrency: Math.max(1, share(concurrency, chosen.length)),
    maxErrors: share(errors, chosen.length),
    echo: {
      DocumentName: document,
      DocumentVersion: "$DEFAULT",
      Comment: comment ?? "",
      Parameters: parameters,
      InstanceIds: ids,
      Targets: targets.map(({ key, values }) => ({ Key: key, Values: values })),
      MaxConcurrency: concurrency,
      MaxErrors: errors,
      TimeoutSeconds: deliveryTimeout ?? defaultDelivery,
    },
  };
}

/** A number, or a part of a hundred of all; what is left over does not count. */
function share(text: string, all: number): number {
  const number = Number.parseInt(text, 10);
  return text.endsWith("%") ? Math.floor(all * number / 100) : number;
}

function readDocument(input: JsonObject): CommandDocument {
  const named = requiredText(input, "DocumentName", {
    pattern: /^[a-zA-Z0-9_\-.:/]{3,128}$/,
  });
  const bare = named.replace(/^arn:[^/]*:document\//, "");
  if (bare === "AWS-RunShellScript" || bare === "AWS-RunPowerShellScript") {
    return bare;
  }
  throw new ApiError(
    "InvalidDocument",
    `document ${named} does not exist in your account.`,
  );
}

function readParameters(
  input: JsonObject,
  document: CommandDocument,
): Readonly<Record<string, readonly string[]>> {
  const value = input["Parameters"] ?? {};
  if (!isObject(value)) throw typeError("Parameters", "Map");
  const parameters: Record<string, readonly string[]> = {};
  for (const [key, list] of Object.entries(value)) {
    if (!Array.isArray(list)) throw typeError(`Parameters.${key}`, "List");
    if (!list.every((item) => typeof item === "string")) {
      throw typeError(`Parameters.${key}`, "String");
    }
    if (!parametersOf[document].includes(key)) {
      throw new ApiError(
        "InvalidParameters",
        `Parameter: ${key} is not defined in document ${document}.`,
      );
    }
    if (key !== "commands" && list.length !== 1) {
      throw new ApiError(
        "InvalidParameters",
        `Parameter ${key} of type String must have exactly one value.`,
      );
    }
    parameters[key] = list;
  }
  if (parameters["commands"] === undefined) {
    throw new ApiError(
      "InvalidParameters",
      `Parameter commands of document ${document} is required.`,
    );
  }
  if (JSON.stringify(parameters).length > documentSize) {
    throw new ApiError(
      "MaxDocumentSizeExceeded",
      "The size limit of a document is 64 KB.",
    );
  }
  return parameters;
}

/** `executionTimeout`, in seconds; the document's allowedPattern admits up to 172800. */
function readTimeout(
  parameters: Readonly<Record<string, readonly string[]>>,
): number {
  const text = parameters["executionTimeout"]?.[0] ?? "3600";
  const seconds = Number(text);
  if (!/^\d{1,6}$/.test(text) || seconds < 1 || seconds > 172_800) {
    throw new ApiError(
      "InvalidParameters",
      `Parameter value '${text.slice(0, 100)}' of executionTimeout does not ` +
        "match the allowed pattern.",
    );
  }
  return seconds;
}

function readIds(input: JsonObject): readonly string[] {
  const value = input["InstanceIds"] ?? [];
  if (!Array.isArray(value)) throw typeError("InstanceIds", "List");
  if (value.length > mostIds) {
    throw constraintError(
      `[${value.join(", ")}]`,
      "InstanceIds",
      `have length less than or equal to ${mostIds}`,
    );
  }
  for (const id of value) {
    if (typeof id !== "string") throw typeError("InstanceIds", "String");
    if (!nodeId.test(id)) {
      throw constraintError(
        `[${id}]`,
        "InstanceIds",
        `satisfy regular expression pattern: ${nodeId.source}`,
      );
    }
  }
  if (new Set(value).size < value.length) {
    throw new ApiError("DuplicateInstanceId", "An instance ID is given twice.");
  }
  return value;
}

interface Target {
  readonly key: string;
  readonly values: readonly string[];
}

function readTargets(input: JsonObject): readonly Target[] {
  const targets = objectList(input, "Targets").map((target) => {
    const key = requiredText(target, "Key", { min: 1, max: 163 });
    const values = target["Values"] ?? [];
    if (!Array.isArray(values)) throw typeError("Values", "List");
    if (!values.every((each) => typeof each === "string")) {
      throw typeError("Values", "String");
    }
    if (values.length > mostValues) {
      throw constraintError(
        `[${values.length} values]`,
        "Values",
        `have length less than or equal to ${mostValues}`,
      );
    }
    if (key !== "InstanceIds" && !/^tag:./.test(key)) {
      throw new ApiError(
        "ValidationException",
        `The simulator takes the target keys InstanceIds and tag:… alone, not ${key}.`,
      );
    }
    return { key, values };
  });
  if (targets.length > mostTargets) {
    throw constraintError(
      `[${targets.length} targets]`,
      "Targets",
      `have length less than or equal to ${mostTargets}`,
    );
  }
  return targets;
}

function matches(node: SimulatedNode, { key, values }: Target): boolean {
  if (key === "InstanceIds") return values.includes(node.id);
  const value = Object.hasOwn(node.tags, key.slice(4))
    ? node.tags[key.slice(4)]
    : undefined;
  return value !== undefined && values.includes(value);
}

/** The nodes, which must all be there, connected and of the right platform. */
function nodesById(
  ids: readonly string[],
  nodes: readonly SimulatedNode[],
  document: CommandDocument,
): readonly SimulatedNode[] {
  const wanted = new Set(ids);
  const found = nodes.filter(({ id }) => wanted.has(id));
  const usable = found.filter(({ registered, ping }) =>
    registered && ping !== "ConnectionLost"
  );
  if (usable.length < ids.length) {
    const good = new Set(usable.map(({ id }) => id));
    const bad = ids.filter((id) => !good.has(id));
    throw new ApiError(
      "InvalidInstanceId",
      `Instances [[${bad.join(", ")}]] not in a valid state for account ` +
        simulatorAccountId,
    );
  }
  if (!usable.every((node) => suits(node, document))) {
    throw new ApiError(
      "UnsupportedPlatformType",
      `The document ${document} does not support the platform of the given nodes.`,
    );
  }
  return usable;
}
