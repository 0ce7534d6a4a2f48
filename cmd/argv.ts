/**
 * What the user typed, made unambiguous before the parser sees it. The parser (`@stricli/core`)
 * takes `-e~` and `--reason=` for arguments, refuses `--reason -x` and a flag given twice, and
 * knows no flags before the command; people who know `gh`, `kubectl` and `aws` expect all of that
 * to work, so it is settled here: what goes on to the parser is `--name=value`, `--name`, or an
 * argument.
 *
 * @module
 */

import { visible } from "../lib/text.ts";
import { UsageError } from "./errors.ts";
import { outputForms } from "./output_flag.ts";
import { suggest } from "./suggest.ts";

/** What must be known of a flag to tell flags from values. */
export interface FlagShape {
  /** As typed, without dashes: `document-name`. */
  readonly name: string;
  /** Its one-letter forms. */
  readonly letters: readonly string[];
  /** `optional`: a value may follow, and only behind `=`. */
  readonly kind: "value" | "optional" | "boolean" | "counter";
  /** True when giving it twice means two values; else the last one counts. */
  readonly repeats: boolean;
  readonly hidden: boolean;
  /** The environment variable that stands in for it; `undefined` where there is none. */
  readonly variable: string | undefined;
  /** That one, and those of AWS that mean the same. */
  readonly variables?: readonly string[];
  /** What its value has to be one of; `undefined` for any. */
  readonly values?: readonly string[] | undefined;
}

/** What {@linkcode flagShapes} reads of a command's parameters. */
export interface FlagTable {
  readonly flags?: Readonly<
    Record<string, {
      readonly kind: string;
      readonly brief: string;
      readonly hidden?: boolean | undefined;
      readonly variadic?: boolean | string | undefined;
      readonly inferEmpty?: boolean | undefined;
      readonly values?: readonly string[] | undefined;
    }>
  >;
  /** Letters to names in code. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** `--help`, which every command has. */
export const helpFlag: FlagShape = {
  name: "help",
  letters: ["h"],
  kind: "boolean",
  repeats: false,
  hidden: false,
  variable: undefined,
  variables: [],
};

/** argv before and after the first `--`. */
export interface SplitArguments {
  readonly own: readonly string[];
  /** `undefined` when there is no `--`. */
  readonly rest: readonly string[] | undefined;
}

/**
 * Splits argv at the first `--`. What follows belongs to another program and is not looked at.
 * @param args argv without the program.
 */
export function splitArguments(args: readonly string[]): SplitArguments {
  const at = args.indexOf("--");
  return at < 0
    ? { own: args, rest: undefined }
    : { own: args.slice(0, at), rest: args.slice(at + 1) };
}

/**
 * A flag's name as it is typed.
 * @param name The name in code, `documentName`.
 */
export function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * The variables that a flag's description names at its end: `[SSM_REGION, AWS_REGION]`.
 * @param brief The description.
 */
export function variablesOf(brief: string): string[] {
  return /\[([A-Z_]+(?:, [A-Z_]+)*)\]/.exec(brief)?.[1]?.split(", ") ?? [];
}

/**
 * The flags of a command, `--help` among them.
 * @param parameters What the command was built with.
 */
export function flagShapes(parameters: FlagTable): FlagShape[] {
  const aliases = Object.entries(parameters.aliases ?? {});
  const shapes = Object.entries(parameters.flags ?? {}).map(
    ([key, flag]): FlagShape => ({
      name: flagName(key),
      letters: aliases.filter(([, name]) => name === key)
        .map(([letter]) => letter),
      kind: flag.kind === "boolean" || flag.kind === "counter"
        ? flag.kind
        : flag.inferEmpty
        ? "optional"
        : "value",
      repeats: flag.kind === "counter" || Boolean(flag.variadic),
      hidden: flag.hidden ?? false,
      // The one that its description names, so that help and behaviour cannot differ.
      variable: variablesOf(flag.brief).find((name) => name.startsWith("SSM_")),
      variables: variablesOf(flag.brief),
      values: flag.values,
    }),
  );
  return [...shapes, helpFlag];
}

/** One thing the user typed: a flag, or an argument. */
export type Token =
  | { readonly flag: FlagShape; readonly value: string | undefined }
  | { readonly argument: string };

/**
 * Tells flags, their values and arguments apart, as POSIX and GNU do: `--name=value`,
 * `--name value`, `-n value`, `-nvalue`, `-qv`; `--no-name` and `--name=false` switch a boolean off.
 *
 * @param args argv up to the first `--`.
 * @param flags The flags there are.
 * @param command For the error messages: `ssm shell`.
 * @throws UsageError for an unknown flag, a value that is missing, and one that is not wanted.
 */
export function tokenize(
  args: readonly string[],
  flags: readonly FlagShape[],
  command: string,
): Token[] {
  const tokens: Token[] = [];
  const waiting = [...args];
  for (let arg = waiting.shift(); arg !== undefined; arg = waiting.shift()) {
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      const name = arg.slice(2, equals < 0 ? undefined : equals);
      const [flag, negated] = findFlag(name, flags);
      if (flag === undefined) throw unknownFlag(`--${name}`, flags, command);
      let value = equals < 0 ? undefined : arg.slice(equals + 1);
      if (value !== undefined && (negated || flag.kind === "counter")) {
        throw new UsageError(`Cannot use --${name}: it takes no value`, [
          `${command} --help`,
        ]);
      }
      if (flag.kind === "value") {
        value ??= nextValue(`--${name}`, waiting, flags, command);
      } else if (flag.kind === "optional") value ??= "";
      tokens.push({ flag, value: negated ? "false" : value });
    } else if (arg.startsWith("-") && arg !== "-") {
      tokens.push(...cluster(arg.slice(1), waiting, flags, command));
    } else {
      tokens.push({ argument: arg });
    }
  }
  return tokens;
}

/** The flag called `name`, or, for `no-name`, the boolean flag to switch off. */
function findFlag(
  name: string,
  flags: readonly FlagShape[],
): [flag: FlagShape | undefined, negated: boolean] {
  const flag = flags.find((each) => each.name === name);
  if (flag !== undefined || !name.startsWith("no-")) return [flag, false];
  const positive = name.slice("no-".length);
  return [
    flags.find((each) =>
      each.kind === "boolean" && each.name === positive && each !== helpFlag
    ),
    true,
  ];
}

/** The flags of one `-abc`; the first that takes a value takes the rest, or the next argument. */
function* cluster(
  letters: string,
  waiting: string[],
  flags: readonly FlagShape[],
  command: string,
): Generator<Token> {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] as string;
    const flag = flags.find((each) => each.letters.includes(letter));
    if (flag === undefined) {
      throw unknownFlag(
        letters.length === 1 ? `-${letter}` : `-${letter} in -${letters}`,
        flags,
        command,
      );
    }
    if (flag.kind !== "value") {
      yield { flag, value: undefined };
      continue;
    }
    const rest = letters.slice(at + 1).replace(/^=/, "");
    yield {
      flag,
      value: at + 1 < letters.length
        ? rest
        : nextValue(`-${letter}`, waiting, flags, command),
    };
    return;
  }
}

/** A value may begin with a dash, but a flag of this command there means that it was forgotten. */
function nextValue(
  typed: string,
  waiting: string[],
  flags: readonly FlagShape[],
  command: string,
): string {
  const next = waiting.shift();
  if (next === undefined || isFlag(next, flags)) {
    throw new UsageError(`Cannot use ${typed}: its value is missing`, [
      `${command} --help`,
    ]);
  }
  return next;
}

function isFlag(arg: string, flags: readonly FlagShape[]): boolean {
  return flags.some(({ name, letters }) =>
    arg === `--${name}` || arg.startsWith(`--${name}=`) ||
    letters.some((letter) => arg === `-${letter}`)
  );
}

function unknownFlag(
  typed: string,
  flags: readonly FlagShape[],
  command: string,
): UsageError {
  const known = flags.filter((flag) => !flag.hidden);
  const hasJson = known.some(({ name, values }) =>
    name === "output" && values?.includes("json")
  );
  const near = typed === "--json" && hasJson
    ? ["output json"]
    : typed.startsWith("--")
    ? suggest(typed.slice(2), known.map((flag) => flag.name))
    : [];
  return new UsageError(
    `Unknown flag for ${command}: ${visible(typed)}` + didYouMean(
      near.map((name) => `--${name}`),
    ),
    [`${command} --help`],
  );
}

/**
 * The end of a sentence about something unknown; empty when nothing is near.
 * @param near What may have been meant.
 */
export function didYouMean(near: readonly string[]): string {
  if (near.length === 0) return "";
  return `; did you mean ${near.join(" or ")}?`;
}

/**
 * Adds the flags that are not among the tokens and whose variable is set. A flag that repeats
 * takes none, and one of SSM_OUTPUT's other forms counts as not set.
 * @param tokens From {@linkcode tokenize}.
 * @param flags The flags there are.
 * @param env Looks up a variable.
 */
export function withVariables(
  tokens: readonly Token[],
  flags: readonly FlagShape[],
  env: (name: string) => string | undefined,
): Token[] {
  const given = new Set(
    tokens.map((token) => "flag" in token ? token.flag : undefined),
  );
  const added = flags.flatMap((flag) => {
    const several = flag.repeats && flag.kind !== "counter";
    if (flag.variable === undefined || several || given.has(flag)) return [];
    const value = env(flag.variable);
    if (!value || isOfOthers(flag, value)) return [];
    if (flag.kind !== "counter") return [{ flag, value }];
    return times(flag, value, `${flag.variable}=${value}`);
  });
  return [...tokens, ...added];
}

/** A form that other commands have: what is said for all of them is no mistake of this one. */
function isOfOthers({ name, values }: FlagShape, value: string): boolean {
  return name === "output" && values !== undefined &&
    !values.includes(value) && outputForms.includes(value);
}

/** A flag so often as if it had been typed. */
function times(flag: FlagShape, value: string, source: string): Token[] {
  if (!/^[0-3]$/.test(value)) {
    throw new UsageError(
      `Cannot use ${visible(source)}: a number from 0 to 3 is needed`,
    );
  }
  return Array.from(
    { length: Number(value) },
    () => ({ flag, value: undefined }),
  );
}

/**
 * The tokens in the one form that the parser cannot misread. Of a flag that does not repeat the
 * last one counts, so that an alias's `--profile` can be overruled.
 * @param tokens From {@linkcode tokenize}.
 */
export function toParserInput(tokens: readonly Token[]): string[] {
  const last = new Map<string, Token>();
  for (const token of tokens) {
    if ("flag" in token) last.set(token.flag.name, token);
  }
  return tokens.flatMap((token) => {
    if ("argument" in token) return [token.argument];
    const { flag, value } = token;
    if (!flag.repeats && last.get(flag.name) !== token) return [];
    if (value === undefined) return [`--${flag.name}`];
    // The parser's pattern for `--name=value` knows neither an empty value nor one with a line
    // break; as an argument of its own such a value cannot be taken for a flag.
    return value === "" || /[\r\n\u2028\u2029]/.test(value)
      ? [`--${flag.name}`, value]
      : [`--${flag.name}=${value}`];
  });
}
