/**
 * Reads members of a JSON request, refusing what AWS's model of the call refuses.
 *
 * @module
 */

import { ApiError } from "./errors.ts";

/** A JSON object of unchecked members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What a text member has to be. */
export interface TextRule {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly values?: readonly string[];
}

/**
 * True for a JSON object, as opposed to a list, null or a plain value.
 *
 * @param value Anything JSON.parse gives.
 */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The error for a value of the wrong JSON type, as AWS words it.
 *
 * @param member The member's name.
 * @param type What it must be: `String`, `List`, `Map`, `Integer`.
 */
export function typeError(member: string, type: string): ApiError {
  return new ApiError(
    "SerializationException",
    `Value of '${member}' cannot be converted to ${type}`,
  );
}

/**
 * The error for a value outside the model's limits, as AWS words it.
 *
 * @param value The value as it came.
 * @param member The member's name, its first letter in lower case.
 * @param constraint What follows "Member must".
 */
export function constraintError(
  value: unknown,
  member: string,
  constraint: string,
): ApiError {
  const shown = value === undefined || value === null
    ? "null"
    : `'${String(value).slice(0, 400)}'`;
  const described = shown === "null" ? "Value null" : `Value ${shown}`;
  return new ApiError(
    "ValidationException",
    `1 validation error detected: ${described} at '${lowerFirst(member)}' ` +
      `failed to satisfy constraint: Member must ${constraint}`,
  );
}

/**
 * An optional text member.
 *
 * @param input The request.
 * @param member Its name.
 * @param rule The model's limits.
 * @throws ApiError `SerializationException` or `ValidationException`.
 */
export function optionalText(
  input: JsonObject,
  member: string,
  rule: TextRule = {},
): string | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw typeError(member, "String");
  checkText(value, member, rule);
  return value;
}

/**
 * A text member that must be there.
 *
 * @param input The request.
 * @param member Its name.
 * @param rule The model's limits.
 * @throws ApiError `SerializationException` or `ValidationException`.
 */
export function requiredText(
  input: JsonObject,
  member: string,
  rule: TextRule = {},
): string {
  const value = optionalText(input, member, rule);
  if (value === undefined) throw constraintError(null, member, "not be null");
  return value;
}

/**
 * An optional whole number within limits.
 *
 * @param input The request.
 * @param member Its name.
 * @param min The smallest value allowed.
 * @param max The largest value allowed.
 * @throws ApiError `SerializationException` or `ValidationException`.
 */
export function optionalInteger(
  input: JsonObject,
  member: string,
  min: number,
  max: number,
): number | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw typeError(member, "Integer");
  }
  if (value < min) {
    throw constraintError(
      value,
      member,
      `have value greater than or equal to ${min}`,
    );
  }
  if (value > max) {
    throw constraintError(
      value,
      member,
      `have value less than or equal to ${max}`,
    );
  }
  return value;
}

/**
 * A list of objects; an absent one is empty.
 *
 * @param input The request.
 * @param member Its name.
 * @throws ApiError `SerializationException`.
 */
export function objectList(
  input: JsonObject,
  member: string,
): readonly JsonObject[] {
  const value = input[member];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw typeError(member, "List");
  if (!value.every(isObject)) throw typeError(member, "Structure");
  return value;
}

/**
 * A list of texts that must be there and hold something.
 *
 * @param input The request.
 * @param member Its name.
 * @param max The most texts allowed.
 * @throws ApiError `SerializationException` or `ValidationException`.
 */
export function textList(
  input: JsonObject,
  member: string,
  max: number,
): readonly string[] {
  const value = input[member];
  if (value === undefined || value === null) {
    throw constraintError(null, member, "not be null");
  }
  if (!Array.isArray(value)) throw typeError(member, "List");
  if (!value.every((text) => typeof text === "string")) {
    throw typeError(member, "String");
  }
  if (value.length < 1 || value.length > max) {
    const bound = value.length < 1
      ? "greater than or equal to 1"
      : `less than or equal to ${max}`;
    throw constraintError(
      `[${value.join(", ")}]`,
      member,
      `have length ${bound}`,
    );
  }
  return value;
}

function checkText(value: string, member: string, rule: TextRule): void {
  if (rule.min !== undefined && value.length < rule.min) {
    throw constraintError(
      value,
      member,
      `have length greater than or equal to ${rule.min}`,
    );
  }
  if (rule.max !== undefined && value.length > rule.max) {
    throw constraintError(
      value,
      member,
      `have length less than or equal to ${rule.max}`,
    );
  }
  if (rule.values !== undefined && !rule.values.includes(value)) {
    throw constraintError(
      value,
      member,
      `satisfy enum value set: [${rule.values.join(", ")}]`,
    );
  }
  if (rule.pattern !== undefined && !rule.pattern.test(value)) {
    throw constraintError(
      value,
      member,
      `satisfy regular expression pattern: ${rule.pattern.source}`,
    );
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
