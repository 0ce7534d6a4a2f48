/**
 * The programs that run on a node around the user's command, where the agent alone does not tell
 * enough: POSIX shell, with tools that every system has.
 *
 * The outputs come in one stream, each in an alphabet of its own, so that it does not matter how
 * the system mixes what several processes write: standard output in base64, standard error in
 * sixteen signs that base64 does not have. `?` asks for input, `~` says that the command ended,
 * `[…]` is a message of the program itself: the exit code, or what is missing
 * ({@linkcode RelayDecoder} reads it). Nothing that a command prints can be mistaken for that.
 *
 * @module
 */

import { encodeBase64 } from "../../protocol/message/handshake.ts";
import { shellLine, shellWord } from "./words.ts";

/** The signs of standard error, by value of four bits: none of base64's, no space, no bracket. */
export const errorSigns = "!#$%&()*,.:;<>@-";
/** What the relay on a terminal says when it waits for its program. */
export const readyMark = "ready";
/** Bytes of input in one answer to `?`. */
export const inputPiece: number = 192 * 1024;

/** What is to run. */
export interface RelayCommand {
  /** Program and arguments; behind a script, its arguments. */
  readonly words: readonly string[];
  /** Variables of its environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** A script of ours, which becomes a file on the node while it runs. */
  readonly script?: Uint8Array | undefined;
  /** Whether it gets input. */
  readonly input: boolean;
}

/** Tools that have to be there. */
const tools = ["base64", "dd", "od", "tr"];
/** What it takes to make a file, or a pipe with a name. */
const folder = "writable temporary folder";

// Pieces of a multiple of three bytes need no padding in between. A tool's read gives what there
// is, so that nothing waits for a full piece. Signals are for the command alone.
const encoders = `
e(){ trap '' INT QUIT;while c=$(dd bs=49152 count=1 2>/dev/null|base64)&&[ -n "$c" ];do printf %s "$c";done;}
h(){ trap '' INT QUIT;while c=$(dd bs=4096 count=1 2>/dev/null|od -An -v -tx1|tr -d ' \\t\\n'|tr 0-9a-f '${errorSigns}')&&[ -n "$c" ];do printf %s "$c";done;}`;

/**
 * The program for a session without a terminal: it only encodes what the command prints, and its
 * last word proves that nothing is missing. The agent's signal reaches this shell alone, and a
 * command in its background ignores SIGINT, so that gets SIGTERM. What the shell itself has to say,
 * as of a child that was killed, would stand among the signs where the agent mixes outputs. It never
 * holds a writing end of the pipes itself: ksh may keep a copy of one that it was told to close.
 */
export const pipeRelay = `${needed(["mkfifo", "mktemp"])}${encoders}
d=$(mktemp -d)&&mkfifo "$d/o" "$d/e"||{ ${missing(folder)};rm -rf "$d";exit 1;}
exec 3>&1
e <"$d/o" >&3&x=$!
h <"$d/e" >&3&y=$!
unset -f e h
i=;p=
trap 'i=1;[ -z "$p" ]||kill $p' INT QUIT
(exec </dev/null >"$d/o" 2>"$d/e" 3>&-;rm -r "$d";exec "$@")&p=$!
exec 2>/dev/null
[ -z "$i" ]||kill $p
while i=;wait $p;s=$?;[ "$i" ];do :;done
wait $x $y
printf '[%s]' $s`;

/**
 * What makes a terminal a channel for bytes, and reads the real program from it, so that this is
 * all that a session's parameters, and with them CloudTrail, show. Ctrl-C remains a key, which by default would drop what is on its way.
 */
export const terminalBootstrap: string = shellLine([
  "sh",
  "-c",
  `stty raw -echo isig noflsh;printf '[${readyMark}]';IFS= read -r p;eval "$(printf %b "$p")"`,
]);

/**
 * The program for a session with a terminal, as the line that {@linkcode terminalBootstrap} reads.
 *
 * @param command What to run.
 */
export function terminalRelay(command: RelayCommand): Uint8Array {
  // Only there, as a PATH of the command's must not hide our tools, nor our names its programs.
  const run = `(unset -f e h f\n${
    variables(command)
  }exec "$@") 3>&- 4>&- 5>&- 6<&-`;
  const text = `${needed(command.input ? ["head"] : [])}${encoders}
f(){ trap '' INT QUIT;while printf '?' >&3&&IFS= read -r n <&6&&[ "$n" -gt 0 ];do head -c "$n" <&6|base64 -d;done;}
exec 3>&1 6<&0 2>/dev/null
${words(command)}
trap : INT QUIT
r=$(exec 4>&1;trap : INT QUIT
{ trap : INT QUIT;{ trap : INT QUIT
${
    command.input
      ? `f 2>/dev/null 4>&- 5>&-|{ trap : INT QUIT;${run};echo $? >&4;printf '~' >&3;}`
      : `${run} </dev/null;echo $? >&4`
  }
} 2>&1 >&5|h >&3;} 5>&1|e >&3)
printf '[%s]' "$r" >&3`;
  return new TextEncoder().encode(`${escaped(text)}\n`);
}

/** Text as one line that `printf %b` gives back, without a byte that a terminal takes for a key. */
function escaped(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x1f\x7f\\]/g,
    (character) => `\\0${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}

function needed(more: readonly string[]): string {
  return `for t in ${
    [...tools, ...more].join(" ")
  };do command -v $t >/dev/null` +
    `||{ printf '[!%s]' $t;exit 1;};done`;
}

/** Says what the node has not got. */
function missing(what: string): string {
  return `printf '[!${what}]'`;
}

function variables({ variables }: RelayCommand): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${shellWord(value)}\n`).join("");
}

/** The command's words; a script becomes a file that only its user can read, and is gone after. */
function words({ words, script }: RelayCommand): string {
  if (script === undefined) return `set -- ${shellLine(words)}`;
  // "#!"
  const interpreted = script[0] === 0x23 && script[1] === 0x21;
  return `p=$(umask 077;mktemp)||{ ${missing(folder)};exit 1;}
trap 'rm -f "$p"' EXIT
trap 'exit 129' HUP
trap 'exit 143' TERM
printf %s ${shellWord(encodeBase64(script))}|base64 -d >"$p"||{ ${
    missing("room for the script")
  };exit 1;}
${interpreted ? 'chmod 700 "$p"\nset -- "$p"' : 'set -- sh "$p"'} ${
    shellLine(words)
  }`;
}
