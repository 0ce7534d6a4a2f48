/**
 * What a file may hold, described once: the checker that says what is wrong in which line and the
 * JSON Schema that editors use both come from it.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import { didYouMean } from "../argv.ts";
import { suggest } from "../suggest.ts";
import type { JsonNode, Problem } from "./json_tree.ts";

/** A value that a file may hold. */
export type Shape =
  & { readonly description?: string }
  & (
    | {
      readonly kind: "text";
      /** JavaScript and JSON Schema mean the same by it. */
      readonly pattern?: string;
      /** What is wrong with a text that has the pattern; `undefined` for nothing. */
      readonly check?: (text: string) => string | undefined;
      /** What it is, for errors: `a time, as 10m`. */
      readonly what: string;
    }
    | {
      readonly kind: "number";
      readonly least: number;
      readonly most: number;
      /** As of a text. */
      readonly check?: (text: string) => string | undefined;
    }
    | { readonly kind: "boolean" }
    | { readonly kind: "word"; readonly values: readonly string[] }
    | { readonly kind: "either"; readonly shapes: readonly Shape[] }
    | {
      readonly kind: "list";
      readonly item: Shape;
      readonly least?: number;
      readonly most: number;
    }
    | {
      readonly kind: "object";
      readonly members: Readonly<Record<string, Shape>>;
      readonly required?: readonly string[];
      /** Names that are refused, and the reason to give. */
      readonly refused?: Readonly<Record<string, string>>;
    }
    | {
      readonly kind: "record";
      readonly value: Shape;
      /** What its names look like. */
      readonly names: string;
      /** The same in words. */
      readonly namesAre: string;
      /** What is wrong with a name that looks so. */
      readonly checkName?: (name: string) => string | undefined;
      readonly most: number;
    }
  );

/**
 * Finds what is wrong with a value.
 * @param node The value.
 * @param shape What it should be.
 * @param name What it is called, for errors; empty for the whole file.
 */
export function problemsOf(
  node: JsonNode,
  shape: Shape,
  name = "",
): Problem[] {
  const called = name === "" ? "it" : visible(name);
  const wrong = (message: string): Problem[] => [{ at: node.at, message }];
  switch (shape.kind) {
    case "text": {
      if (node.kind !== "string") return wrong(`${called} is ${shape.what}`);
      const { value } = node;
      if (visible(value) !== value) {
        return wrong(`${called} has control characters`);
      }
      if (
        shape.pattern !== undefined &&
        !new RegExp(shape.pattern, "u").test(value)
      ) return wrong(`${called} is ${shape.what}`);
      const reason = shape.check?.(value);
      return reason === undefined
        ? []
        : wrong(`${called} cannot be ${shown(value)}: ${reason}`);
    }
    case "number": {
      const { least, most } = shape;
      if (
        node.kind !== "number" || !Number.isInteger(node.value) ||
        node.value < least || node.value > most
      ) return wrong(`${called} is a whole number from ${least} to ${most}`);
      const reason = shape.check?.(String(node.value));
      return reason === undefined
        ? []
        : wrong(`${called} cannot be ${node.value}: ${reason}`);
    }
    case "boolean":
      return node.kind === "boolean" ? [] : wrong(`${called} is true or false`);
    case "word": {
      const { values } = shape;
      if (node.kind === "string" && values.includes(node.value)) return [];
      const near = node.kind === "string" ? suggest(node.value, values) : [];
      return wrong(`${called} is ${values.join(" or ")}${didYouMean(near)}`);
    }
    case "either": {
      const tries = shape.shapes.map((each) => problemsOf(node, each, name));
      if (tries.some((problems) => problems.length === 0)) return [];
      // The problems of the one that was meant, by what kind of value it takes.
      const meant = shape.shapes.findIndex((each) => takes(each, node));
      return meant < 0
        ? wrong(`${called} is ${shape.shapes.map(phrase).join(", or ")}`)
        : tries[meant] ?? [];
    }
    case "list": {
      if (node.kind !== "array") return wrong(`${called} is a list: […]`);
      const { least = 0, most } = shape;
      if (node.items.length < least) return wrong(`${called} is empty`);
      if (node.items.length > most) {
        return wrong(
          `${called} has ${node.items.length} entries, and at most ${most} are allowed`,
        );
      }
      return node.items.flatMap((item, at) =>
        problemsOf(item, shape.item, `${name}[${at}]`)
      );
    }
    case "object":
      return objectProblems(node, shape, name);
    case "record": {
      if (node.kind !== "object") return wrong(`${called} is an object: {…}`);
      const problems: Problem[] = [];
      if (node.members.size > shape.most) {
        problems.push(...wrong(
          `${called} has ${node.members.size} entries, and at most ${shape.most} are allowed`,
        ));
      }
      const names = new RegExp(shape.names, "u");
      for (const [key, { at, value }] of node.members) {
        const reason = names.test(key)
          ? shape.checkName?.(key)
          : shape.namesAre;
        if (reason !== undefined) {
          problems.push({
            at,
            message: `${called} cannot have the name ${shown(key)}: ${reason}`,
          });
        }
        problems.push(...problemsOf(value, shape.value, `${name}.${key}`));
      }
      return problems;
    }
  }
}

function objectProblems(
  node: JsonNode,
  shape: Shape & { kind: "object" },
  name: string,
): Problem[] {
  const called = name === "" ? "it" : visible(name);
  if (node.kind !== "object") {
    return [{ at: node.at, message: `${called} is an object: {…}` }];
  }
  const { members, required = [], refused = {} } = shape;
  const allowed = Object.keys(members);
  const problems: Problem[] = [];
  for (const [key, { at, value }] of node.members) {
    const member = Object.hasOwn(members, key) ? members[key] : undefined;
    if (member !== undefined) {
      problems.push(
        ...problemsOf(value, member, name === "" ? key : `${name}.${key}`),
      );
      continue;
    }
    const where = name === "" ? "" : ` in ${visible(name)}`;
    if (Object.hasOwn(refused, key)) {
      problems.push({
        at,
        message: `${shown(key)} is not allowed${where}: ${refused[key]}`,
      });
      continue;
    }
    // People who know other files write documentName or document_name.
    const kebab = key.replace(/[A-Z]/g, (letter) => `-${letter}`)
      .replaceAll("_", "-").toLowerCase();
    const near = allowed.includes(kebab) ? [kebab] : suggest(key, allowed);
    problems.push({
      at,
      message: `${shown(key)} is not known${where}` +
        (near.length > 0 ? didYouMean(near) : `; there is ${
          // Without the keys that are one command's alone, which are many.
          allowed.filter((each) => !/[$.]/.test(each)).join(", ")}`),
    });
  }
  for (const key of required) {
    if (!node.members.has(key)) {
      problems.push({ at: node.at, message: `${called} has no ${key}` });
    }
  }
  return problems;
}

function shown(text: string): string {
  return visible(
    JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text),
  );
}

/** Whether a shape takes values of this kind at all. */
function takes(shape: Shape, node: JsonNode): boolean {
  switch (shape.kind) {
    case "text":
    case "word":
      return node.kind === "string";
    case "list":
      return node.kind === "array";
    case "object":
    case "record":
      return node.kind === "object";
    case "either":
      return shape.shapes.some((each) => takes(each, node));
    default:
      return node.kind === shape.kind;
  }
}

function phrase(shape: Shape): string {
  switch (shape.kind) {
    case "text":
      return shape.what;
    case "word":
      return shape.values.join(" or ");
    case "number":
      return `a whole number from ${shape.least} to ${shape.most}`;
    case "boolean":
      return "true or false";
    case "list":
      return "a list";
    case "either":
      return shape.shapes.map(phrase).join(", or ");
    default:
      return "an object";
  }
}

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema (draft 2020-12) of a shape. What only a program can check is left out.
 * @param shape The shape.
 */
export function schemaOf(shape: Shape): JsonSchema {
  const { description } = shape;
  return {
    ...(description === undefined ? {} : { description }),
    ...typeSchema(shape),
  };
}

function typeSchema(shape: Shape): JsonSchema {
  switch (shape.kind) {
    case "text":
      return {
        type: "string",
        ...(shape.pattern === undefined ? {} : { pattern: shape.pattern }),
      };
    case "number":
      return { type: "integer", minimum: shape.least, maximum: shape.most };
    case "boolean":
      return { type: "boolean" };
    case "word":
      return { enum: shape.values };
    case "either":
      return { anyOf: shape.shapes.map(schemaOf) };
    case "list":
      return {
        type: "array",
        items: schemaOf(shape.item),
        ...(shape.least === undefined ? {} : { minItems: shape.least }),
        maxItems: shape.most,
      };
    case "object":
      return {
        type: "object",
        properties: Object.fromEntries(
          Object.entries(shape.members).map(([name, each]) => [
            name,
            schemaOf(each),
          ]),
        ),
        ...(shape.required === undefined ? {} : { required: shape.required }),
        additionalProperties: false,
      };
    case "record":
      return {
        type: "object",
        propertyNames: { pattern: shape.names },
        additionalProperties: schemaOf(shape.value),
        maxProperties: shape.most,
      };
  }
}
