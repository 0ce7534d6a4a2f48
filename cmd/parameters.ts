/**
 * `--parameters`: the parameters of a document, in the forms the AWS CLI takes.
 *
 * @module
 */

import { visible } from "../lib/text.ts";
import { UsageError } from "./errors.ts";

/** A document's parameters, as StartSession takes them (api.md §2). */
export type DocumentParameters = Readonly<Record<string, readonly string[]>>;

/** A parameter's name, and the equals sign. */
const nameAndEquals = /^\s*([A-Za-z0-9_.:/@-]+)=/;

/**
 * Reads what one or more `--parameters` gave. Each is one of the AWS CLI's forms:
 *
 * - `key=value`, `key=value1,value2`, several keys `a=1,b=2`;
 * - values in quotes, `key="a,b"`, or with `\,` keep their commas;
 * - `key=["a","b"]`, or `{"key":["a","b"]}` in JSON.
 *
 * A key that comes again adds values to its list.
 *
 * @param inputs What followed each `--parameters`.
 * @throws UsageError that says what is wrong with which one.
 */
export function documentParameters(
  inputs: readonly string[],
): DocumentParameters {
  const all = new Map<string, string[]>();
  const add = (name: string, values: readonly string[]) =>
    all.set(name, [...all.get(name) ?? [], ...values]);
  for (const input of inputs) {
    if (input.trimStart().startsWith("{")) addJson(input, add);
    else addShorthand(input, add);
  }
  return Object.fromEntries(all);
}

type Add = (name: string, values: readonly string[]) => void;

function addJson(input: string, add: Add): void {
  const parsed = parseJson(input, input);
  if (typeof parsed !== "object" || parsed === null) {
    throw badParameters(input, "it is no JSON object");
  }
  for (const [name, value] of Object.entries(parsed)) {
    add(name, stringList(value, input));
  }
}

/** AWS CLI "shorthand syntax", as far as it can say a map of lists of strings. */
function addShorthand(input: string, add: Add): void {
  let rest = input;
  let name: string | undefined;
  for (;;) {
    const start = nameAndEquals.exec(rest);
    if (start?.[1] !== undefined) {
      name = start[1];
      rest = rest.slice(start[0].length);
    } else if (name === undefined) {
      throw badParameters(input, "it is not key=value");
    }
    if (rest.startsWith("[")) {
      add(name, stringList(parseJson(rest, input), input));
      return;
    }
    const [value, after] = takeValue(rest, input);
    add(name, [value]);
    if (after === "") return;
    rest = after.slice(1);
  }
}

/** One value, and what follows it: nothing, or a comma and more. */
function takeValue(
  text: string,
  input: string,
): [value: string, after: string] {
  const quote = text[0];
  if (quote === '"' || quote === "'") {
    const quoted = /^(["'])((?:\\.|(?!\1)[^\\])*)\1(?=,|$)/s.exec(text);
    if (quoted?.[2] === undefined) {
      throw badParameters(
        input,
        "a quoted value has no end, or no comma after it",
      );
    }
    return [
      quoted[2].replaceAll(`\\${quote}`, quote).replaceAll("\\\\", "\\"),
      text.slice(quoted[0].length),
    ];
  }
  const [bare = ""] = /^(?:\\,|[^,])*/s.exec(text) ?? [];
  return [bare.replaceAll("\\,", ","), text.slice(bare.length)];
}

function parseJson(text: string, input: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw badParameters(
      input,
      `a value that begins with [ or { is JSON, or goes into quotes: ${reason}`,
      error,
    );
  }
}

function stringList(value: unknown, input: string): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.map((each: unknown) => {
    if (typeof each === "string") return each;
    if (typeof each === "number" || typeof each === "boolean") return `${each}`;
    throw badParameters(input, "a value is a string or a list of strings");
  });
}

function badParameters(
  input: string,
  reason: string,
  cause?: unknown,
): UsageError {
  return new UsageError(
    `Cannot use --parameters ${visible(input)}: ${visible(reason)}`,
    ["ssm shell web-server --document-name NAME --parameters 'key=value'"],
    { cause },
  );
}
