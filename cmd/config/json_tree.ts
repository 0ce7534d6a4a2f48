/**
 * JSON with comments as a tree that knows where everything stands, so that a mistake can be shown by
 * line and column. Names are keys of a Map: `__proto__` is a name like any other.
 *
 * @module
 */

import {
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";

/** Where something stands, both from 1; columns count UTF-16 units, as editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A value, and where it stands. */
export type JsonNode =
  & { readonly at: Place }
  & (
    | {
      readonly kind: "object";
      readonly members: ReadonlyMap<string, JsonMember>;
    }
    | { readonly kind: "array"; readonly items: readonly JsonNode[] }
    | { readonly kind: "string"; readonly value: string }
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "boolean"; readonly value: boolean }
    | { readonly kind: "null" }
  );

/** A member of an object. */
export interface JsonMember {
  /** Where its name stands. */
  readonly at: Place;
  readonly value: JsonNode;
}

/** What is wrong, and where. */
export interface Problem {
  readonly at: Place;
  /** A sentence without its full stop, with what is allowed. */
  readonly message: string;
}

/** A value nested deeper than this is none that we know. */
const deepest = 32;

/**
 * Reads a text.
 * @param text JSON, with comments and commas behind the last of a list.
 * @returns The tree, `undefined` where there is none, and what is wrong with it: names that are
 * there twice, too.
 */
export function readTree(
  text: string,
): { readonly tree: JsonNode | undefined; readonly problems: Problem[] } {
  const placeOf = places(text);
  const problems: Problem[] = [];
  // The parser calls itself for each level.
  const tooDeep = firstTooDeep(text);
  if (tooDeep !== undefined) {
    return {
      tree: undefined,
      problems: [{
        at: placeOf(tooDeep),
        message: `this is nested more than ${deepest} levels deep`,
      }],
    };
  }
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, {
    allowTrailingComma: true,
    disallowComments: false,
  });
  for (const { error, offset } of errors) {
    problems.push({
      at: placeOf(offset),
      message: syntaxMessage(printParseErrorCode(error)),
    });
  }
  if (root === undefined) {
    if (problems.length === 0) {
      problems.push({ at: placeOf(0), message: "there is nothing in it" });
    }
    return { tree: undefined, problems };
  }
  const convert = (node: Node): JsonNode => {
    const at = placeOf(node.offset);
    switch (node.type) {
      case "object": {
        const members = new Map<string, JsonMember>();
        for (const property of node.children ?? []) {
          const [key, value] = property.children ?? [];
          if (key === undefined || value === undefined) continue;
          const name = String(key.value);
          const keyAt = placeOf(key.offset);
          const first = members.get(name);
          if (first !== undefined) {
            problems.push({
              at: keyAt,
              message: `${JSON.stringify(name)} is there twice, first in ` +
                `line ${first.at.line}`,
            });
          }
          members.set(name, { at: keyAt, value: convert(value) });
        }
        return { kind: "object", at, members };
      }
      case "array":
        return {
          kind: "array",
          at,
          items: (node.children ?? []).map(convert),
        };
      case "string":
        return { kind: "string", at, value: String(node.value) };
      case "number":
        return { kind: "number", at, value: Number(node.value) };
      case "boolean":
        return { kind: "boolean", at, value: node.value === true };
      default:
        return { kind: "null", at };
    }
  };
  return { tree: convert(root), problems };
}

/** Lines begin behind each of JSON's line breaks. */
function places(text: string): (offset: number) => Place {
  const starts = [0];
  for (const { index, 0: lineBreak } of text.matchAll(/\r\n|\r|\n/g)) {
    starts.push(index + lineBreak.length);
  }
  return (offset) => {
    let line = starts.findIndex((start) => start > offset);
    if (line < 0) line = starts.length;
    return { line, column: offset - (starts[line - 1] ?? 0) + 1 };
  };
}

/** Where the level begins that is one too deep; brackets in strings and comments count for none. */
function firstTooDeep(text: string): number | undefined {
  const token =
    /"(?:[^"\\\r\n]|\\.)*"?|\/\/[^\r\n]*|\/\*[^]*?(?:\*\/|$)|[{}[\]]/g;
  let depth = 0;
  for (const { 0: found, index } of text.matchAll(token)) {
    if (found === "{" || found === "[") depth++;
    else if (found === "}" || found === "]") depth--;
    if (depth > deepest) return index;
  }
  return undefined;
}

function syntaxMessage(code: string): string {
  switch (code) {
    case "PropertyNameExpected":
      return "a name in double quotes is expected here";
    case "ValueExpected":
      return "a value is expected here";
    case "ColonExpected":
      return "a colon is expected here";
    case "CommaExpected":
      return "a comma is expected here";
    case "CloseBraceExpected":
      return "a } is missing";
    case "CloseBracketExpected":
      return "a ] is missing";
    case "EndOfFileExpected":
      return "the file should end here";
    case "UnexpectedEndOfComment":
      return "a comment does not end";
    case "UnexpectedEndOfString":
      return "a string does not end";
    case "InvalidNumberFormat":
    case "UnexpectedEndOfNumber":
      return "this is no number";
    case "InvalidEscapeCharacter":
    case "InvalidUnicode":
      return "this is no escape that a string can have";
    case "InvalidCharacter":
      return "a string has no control characters";
    default:
      return "this is no JSON; a string has double quotes";
  }
}
