/**
 * A small part of the shell's grammar: lists of simple commands, for `imitation.ts`.
 *
 * @module
 */

/** One simple command. */
export interface ShellCommand {
  /** What stands between it and the one before. */
  readonly after: ";" | "&&" | "||";
  /** Its words; variables are looked up when it is called. */
  words(): readonly string[];
  /** True where `>&2` sends its output to standard error. */
  readonly toError: boolean;
}

/** A word that is still to be put together. */
type Piece = string | { readonly variable: string; readonly split: boolean };

/** What ends a word unless it is quoted. */
const plain = /[^\s;&|'"\\$#<>`()]/;

/**
 * The commands of a script, in order.
 * @param script Its text.
 * @param lookUp A variable's value; `?` is the last exit code.
 * @throws Error for what a shell, or this part of one, cannot read.
 */
export function shellCommands(
  script: string,
  lookUp: (name: string) => string,
): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  let after: ShellCommand["after"] = ";";
  let words: Piece[][] = [];
  let word: Piece[] | undefined;
  let toError = false;
  const endWord = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (next: ShellCommand["after"]) => {
    endWord();
    if (words.length > 0) commands.push(command(after, words, toError, lookUp));
    after = next;
    words = [];
    toError = false;
  };
  let at = 0;
  const dollar = (split: boolean) => {
    const [text, host, braced, bare] =
      /^\$(?:(\(hostname\))|\{(\w+)\}|(\w+|\?))/.exec(script.slice(at)) ?? [];
    if (text === undefined) throw new Error(`cannot read ${script.slice(at)}`);
    at += text.length;
    (word ??= []).push({
      variable: host === undefined ? braced ?? bare ?? "" : "HOSTNAME",
      split,
    });
  };
  const double = () => {
    word ??= [];
    for (at++; script[at] !== '"';) {
      const here = script[at];
      if (here === undefined) throw new Error("unterminated quoted string");
      if (here === "$") {
        dollar(false);
        continue;
      }
      const escaped = here === "\\" && /["\\$`]/.test(script[at + 1] ?? "");
      word.push(escaped ? script[at + 1] as string : here);
      at += escaped ? 2 : 1;
    }
    at++;
  };
  while (at < script.length) {
    const here = script[at] as string;
    const rest = script.slice(at, at + 4);
    const redirect = /^1?>&2/.exec(rest);
    if (redirect !== null && (word === undefined || here === ">")) {
      toError = true;
      at += redirect[0].length;
    } else if (plain.test(here)) {
      (word ??= []).push(here);
      at++;
    } else if (here === "#" && word === undefined) {
      while (at < script.length && script[at] !== "\n") at++;
    } else if (here === "'") {
      const end = script.indexOf("'", at + 1);
      if (end < 0) throw new Error("unterminated quoted string");
      (word ??= []).push(script.slice(at + 1, end));
      at = end + 1;
    } else if (here === '"') double();
    else if (here === "\\") {
      if (script[at + 1] !== "\n") (word ??= []).push(script[at + 1] ?? "");
      at += 2;
    } else if (here === "$") dollar(true);
    else if (here === "\n" || here === ";") {
      endCommand(";");
      at++;
    } else if (/^\s/.test(here)) {
      endWord();
      at++;
    } else if (rest.startsWith("&&") || rest.startsWith("||")) {
      endCommand(rest.startsWith("&&") ? "&&" : "||");
      at += 2;
    } else if (here === "#") {
      (word ??= []).push(here);
      at++;
    } else throw new Error(`cannot imitate ${here}`);
  }
  endCommand(";");
  return commands;
}

function command(
  after: ShellCommand["after"],
  words: readonly (readonly Piece[])[],
  toError: boolean,
  lookUp: (name: string) => string,
): ShellCommand {
  return {
    after,
    toError,
    words: () =>
      words.flatMap((pieces) => {
        const text = pieces.map((piece) =>
          typeof piece === "string" ? piece : lookUp(piece.variable)
        ).join("");
        // A word of nothing but unquoted variables that are empty is no word.
        const vanishes = text === "" && pieces.length > 0 &&
          pieces.every((piece) => typeof piece !== "string" && piece.split);
        return vanishes ? [] : [text];
      }),
  };
}
