/**
 * What the parser complains of, in our words.
 *
 * @module
 */

import {
  ArgumentParseError,
  EnumValidationError,
  UnexpectedPositionalError,
  UnsatisfiedPositionalError,
} from "@stricli/core";
import { shellQuote, visible } from "../lib/text.ts";
import type { FlagShape } from "./argv.ts";
import { UsageError } from "./errors.ts";

/**
 * A parser's error as a UsageError.
 * @param error What the parser threw.
 * @param command What was being parsed, `ssm shell`.
 * @param sources Where values come from that were not typed, by the flag's name as typed: what to
 * say before the value, `SSM_TIMEOUT=`.
 * @param flags The command's flags; what is none of them is an argument.
 */
export function parseFailure(
  error: unknown,
  command: string,
  sources: ReadonlyMap<string, string>,
  flags: readonly FlagShape[],
): UsageError {
  const hints = [`${command} --help`];
  const source = (name: string, input: string) => {
    const from = sources.get(name);
    if (from !== undefined) return from + shellQuote(input);
    return flags.some((flag) => flag.name === name)
      ? `--${name} ${shellQuote(input)}`
      : `the ${name} ${shellQuote(input)}`;
  };
  if (error instanceof ArgumentParseError) {
    const { externalFlagNameOrPlaceholder, input, exception } = error;
    const reason = exception instanceof Error
      ? exception.message
      : String(exception);
    return new UsageError(
      `Cannot use ${source(externalFlagNameOrPlaceholder, input)}: ${reason}`,
      hints,
      { cause: error },
    );
  }
  if (error instanceof EnumValidationError) {
    const { externalFlagName, input, values } = error;
    return new UsageError(
      `Cannot use ${source(externalFlagName, input)}: it is ${
        values.join(" or ")
      }`,
      hints,
      { cause: error },
    );
  }
  if (error instanceof UnexpectedPositionalError) {
    return new UsageError(
      `Cannot use the argument ${visible(error.input)}: ${command} takes ${
        error.expectedCount === 0 ? "none" : `only ${error.expectedCount}`
      }`,
      hints,
      { cause: error },
    );
  }
  if (error instanceof UnsatisfiedPositionalError) {
    return new UsageError(
      `Cannot run ${command}: its ${error.placeholder} is missing`,
      hints,
      { cause: error },
    );
  }
  const message = error instanceof Error ? error.message : String(error);
  return new UsageError(
    `Cannot read the command line: ${visible(message)}`,
    hints,
    {
      cause: error,
    },
  );
}
