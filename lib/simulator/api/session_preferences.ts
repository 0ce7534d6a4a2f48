/**
 * The account's session preferences: the document SSM-SessionManagerRunShell, as GetDocument gives
 * it (api.md §7).
 *
 * @module
 */

import type { SimulatorOptions } from "../options.ts";
import { defaultDocument, findDocument } from "./documents.ts";
import { ApiError } from "./errors.ts";
import { type JsonObject, optionalText, requiredText } from "./json_input.ts";

/** `inputs` of the document; `undefined` = there is no such document. */
export type SessionPreferences = Readonly<Record<string, unknown>> | undefined;

/** Preferences that are not text in the document. */
const booleans = /Enabled$/;

/**
 * The preferences of a simulator, those among them that are options of their own.
 * @param options What the simulator is.
 */
export function sessionPreferences(
  { preferences, kmsKeyId, idleTimeout, maxDuration }: Pick<
    SimulatorOptions,
    "preferences" | "kmsKeyId" | "idleTimeout" | "maxDuration"
  >,
): SessionPreferences {
  if (preferences === undefined) return undefined;
  const minutes = (seconds: number) => String(Math.ceil(seconds / 60));
  const inputs: Record<string, unknown> = {
    s3BucketName: "",
    s3KeyPrefix: "",
    s3EncryptionEnabled: true,
    cloudWatchLogGroupName: "",
    cloudWatchEncryptionEnabled: true,
    cloudWatchStreamingEnabled: true,
    kmsKeyId: kmsKeyId ?? "",
    runAsEnabled: false,
    runAsDefaultUser: "",
    idleSessionTimeout: idleTimeout > 0 ? minutes(idleTimeout) : "20",
    maxSessionDuration: maxDuration > 0 ? minutes(maxDuration) : "",
  };
  for (const [name, text] of Object.entries(preferences)) {
    inputs[name] = booleans.test(name) ? text === "true" : text;
  }
  return inputs;
}

/**
 * Answers GetDocument.
 *
 * @param input The request.
 * @param preferences The account's preferences.
 * @throws ApiError `InvalidDocument`.
 */
export function getDocument(
  input: JsonObject,
  preferences: SessionPreferences,
): JsonObject {
  const asked = requiredText(input, "Name", { min: 1, max: 1024 });
  optionalText(input, "DocumentFormat", { values: ["JSON", "YAML", "TEXT"] });
  const { name, document } = findDocument(asked);
  if (name === defaultDocument && preferences === undefined) {
    throw new ApiError(
      "InvalidDocument",
      `Document with name ${asked} does not exist.`,
    );
  }
  const content = {
    schemaVersion: "1.0",
    description: "Document to hold regional settings for Session Manager",
    sessionType: document.sessionType,
    inputs: name === defaultDocument ? preferences : undefined,
    properties: document.properties,
  };
  return {
    Name: name,
    DocumentVersion: "1",
    Status: "Active",
    Content: JSON.stringify(content, undefined, 2),
    DocumentType: "Session",
    DocumentFormat: "JSON",
  };
}
