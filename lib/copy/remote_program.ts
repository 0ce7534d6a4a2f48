/**
 * What runs on the node: a shell on the session's terminal, which reads lines and bytes, and writes
 * replies. POSIX sh, and tools that every Unix has; what differs between them is found out at the
 * start. (docs/decisions/cp.md)
 *
 * - The terminal is put into raw mode first, so that it takes and gives bytes as they are. Nothing
 *   is sent before that is said.
 * - Every line for the shell begins with the session's token, and every reply does: a line without
 *   it, as when a tool took too few bytes of a file, ends the program and is never run.
 * - `read` of a shell takes byte by byte from a pipe, so what follows a line is left to the next
 *   reader. From a terminal bash takes all it can get, hence a pipe between; and by `dd`, as
 *   the `cat` of busybox keeps bytes back.
 *
 * Replies are `token+text` for done, `token!code text` for an error, and `token=`, a line's end, and
 * bytes up to the next token. Text in replies has NUL for the byte EF, so that the agent's filter
 * (sessions.md §2.5) finds no character U+FFFD in it; bytes of files are sent as they are, and again
 * in another way if the filter took some (`permutation.ts`).
 *
 * @module
 */

/** Bytes in a block: chunks of files begin where one begins. */
export const blockSize: number = 64 * 1024;

/** Hexadecimal digits in a token; 96 bits, which no file has in it by chance or by guessing. */
const tokenDigits = 24;

/** A session's token. @param random As many bytes as asked for. */
export function makeToken(random: (length: number) => Uint8Array): string {
  const bytes = random(tokenDigits / 2);
  return `@${
    [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
  }`;
}

/**
 * The session's command: as short as it can be, as it stands in the account's history. It has no
 * single quote, so that it can be one word where there is no shell around it (sessions.md §9).
 */
export function bootCommand(token: string): string {
  const loop = `while IFS= read -r l;do case "$l" in "$P"*)eval "\${l#$P}";;` +
    `*)printf "%s!lost\\n" "$T";break;;esac;done`;
  const line = `T=${token};P="$T ";stty raw -echo&&printf "\\n%s+\\n" "$T"&&` +
    `dd bs=16384 2>/dev/null|{ ${loop};kill $$; }`;
  return `sh -c '${line}'`;
}

/** Names, an empty one, then a line of `mode:size:time` for each, and a line that tells which can be read. */
const listBatch = 'printf "%s//" "$@";printf "//";' +
  'if o=$($S "$@" 2>/dev/null);then printf "%s\\n" "$o";' +
  'else for f do $S "$f" 2>/dev/null||echo 0:0:0;done;fi;' +
  'for f do if [ -r "$f" ]&&{ [ ! -d "$f" ]||[ -x "$f" ]; };' +
  "then printf 1;else printf 0;fi;done;echo";

/** Each entry is a command of its own; they are sent as one line. */
const program: readonly string[] = [
  "LC_ALL=C",
  "export LC_ALL",
  `N=$(printf '\\nx')`,
  "N=${N%x}",
  // What is made here is ours alone until it is complete.
  "U=$(umask)",
  "umask 077",
  // A partial file that nobody could take up again goes with the session.
  `Z=`,
  `trap '[ -z "$Z" ]||rm -f "$Z";exit' HUP TERM`,
  // Where a path begins, as with scp.
  "cd 2>/dev/null||cd /",
  // done [text]
  `o(){ printf '%s+%s\\n' "$T" "$*"; }`,
  // error code text
  `x(){ printf '%s!%s ' "$T" "$1";shift;printf %s "$*"|tr '\\n\\357' ' \\000';echo; }`,
  // mode:size:time of files, and the permissions of one.
  `if stat -c %s / >/dev/null 2>&1;then S='stat -L -c %f:%s:%Y --';M='stat -L -c %a --';` +
  `else S='stat -L -f %Xp:%z:%m --';M='stat -L -f %Lp --';fi`,
  // SHA-256 of what is piped in.
  "if sha256sum </dev/null >/dev/null 2>&1;then h(){ sha256sum; };" +
  "elif shasum -a 256 </dev/null >/dev/null 2>&1;then h(){ shasum -a 256; };" +
  "elif openssl dgst -sha256 </dev/null >/dev/null 2>&1;then h(){ openssl dgst -sha256 -r; };" +
  "elif sha256 </dev/null >/dev/null 2>&1;then h(){ sha256; };" +
  "else h(){ echo none; };fi",
  // Exactly so many bytes of the input. Some tools read ahead, and what they read is gone.
  `if [ "$(printf abcd|{ head -c 2 >/dev/null;cat; })" = cd ];then R=exact;r(){ head -c "$1"; };` +
  `elif [ "$(printf abcd|{ dd bs=2 count=1 iflag=fullblock 2>/dev/null >/dev/null;cat; })" = cd ];` +
  "then R=exact;r(){ [ $1 -lt 4096 ]||dd bs=4096 count=$(($1/4096)) iflag=fullblock 2>/dev/null;" +
  "[ $(($1%4096)) = 0 ]||dd bs=$(($1%4096)) count=1 iflag=fullblock 2>/dev/null; };" +
  `else R=greedy;r(){ head -c "$1"; };fi`,
  // What was found out.
  `i(){ o "$R $U $(h </dev/null)"; }`,
  // Sources: [path…]
  // A file of /proc has a size only for those that read it.
  `t(){ printf '%s=\\n' "$T";for f do if l=$($S "$f" 2>&1);then ` +
  `if [ -r "$f" ];then case $l in 8*:0:*)k=$(wc -c <"$f");l=\${l%%:*}:$((k)):\${l##*:};;esac;` +
  `l="1 $l";else l="0 $l";fi;else l="! $l";fi;` +
  `printf '%s//%s//' "$l" "$f";done|tr '\\357' '\\000';o; }`,
  // What is in a folder: path
  `l(){ printf '%s=\\n' "$T";(cd "$1" >/dev/null&&S=$S find -L . -exec sh -c '${listBatch}' sh {} +) ` +
  `2>/dev/null|tr '\\357' '\\000';o; }`,
  // A part of a file: path block blocks [bytes]
  `b(){ if [ -n "$4" ];then dd if="$1" bs=${blockSize} skip=$2 count=$3|head -c $4;` +
  `else dd if="$1" bs=${blockSize} skip=$2 count=$3;fi 2>/dev/null; }`,
  // The same as a reply: path block blocks bytes [permutation]
  `d(){ printf '%s=\\n' "$T";if [ -n "$5" ];then b "$@"|tr '\\000-\\377' "$5";else b "$@";fi;` +
  `if [ -r "$1" ];then o;else x gone "$1";fi; }`,
  // A file, and its SHA-256: path bytes [permutation]
  `g(){ printf '%s=\\n' "$T";[ -r "$1" ]||{ x gone "$1";return; };` +
  `if [ -n "$3" ];then head -c $2 <"$1"|tr '\\000-\\377' "$3";else head -c $2 <"$1";fi;` +
  `o "$(head -c $2 <"$1"|h)"; }`,
  // The SHA-256 of a file's beginning: path bytes
  `s(){ if [ -r "$1" ];then o "$(head -c $2 <"$1"|h)";else x gone "$1";fi; }`,
  // The SHA-256 of a file that has so many bytes: path bytes
  `y(){ k=$($S "$1" 2>/dev/null);case $k in 8*:"$2":*)o "$(h <"$1" 2>/dev/null)";;*)o;;esac; }`,
  // The SHA-256 of parts: path blocks-in-each how-many
  `v(){ printf '%s=\\n' "$T";k=0;while [ $k -lt $3 ];do b "$1" $((k*$2)) $2|h;k=$((k+1));done;o; }`,
  // A partial file, new or not, which is ours: path
  `n(){ if [ -e "$1" ]||[ -L "$1" ];then if [ -L "$1" ]||[ ! -f "$1" ]||[ ! -O "$1" ];` +
  `then x err "$1 is not ours";return;fi;fi;` +
  `if e=$( (: >>"$1") 2>&1);then o "$($S "$1")";else x err "$e";fi; }`,
  // A part of it, which follows the line: path block bytes
  `w(){ if e=$(r $3|{ dd of="$1" bs=${blockSize} seek=$2 conv=notrunc 2>&1;c=$?;` +
  `cat >/dev/null;exit $c; });then o;else x err "$e";fi; }`,
  // The end of it: partial path sha256 mode [time]; K keeps the mode of what was there.
  `f(){ g=$(h <"$1" 2>&1);case $g in *"$3"*);;*)x sum "$g";return;;esac;m=$4;t=$2;` +
  `if [ -d "$t" ];then x err "$t: Is a directory";return;fi;` +
  `if [ -e "$t" ]&&[ ! -f "$t" ];then x err "$t: it is no regular file";return;fi;` +
  `[ -L "$t" ]&&t=$(readlink -f "$t")||t=$2;[ -n "$K" ]&&[ -f "$t" ]&&m=$($M "$t");` +
  `if e=$({ chmod $m "$1"&&{ [ -z "$5" ]||TZ=UTC0 touch -t $5 "$1"; }&&mv -f "$1" "$t"; } 2>&1);` +
  `then o;else x err "$e";fi; }`,
  // A whole file, which follows the line: partial path sha256 mode time bytes
  `p(){ Z=$1;if e=$({ r $6|{ cat >"$1";c=$?;cat >/dev/null;exit $c; }; } 2>&1);` +
  `then f "$@";else x err "$e";fi;[ ! -e "$1" ]||rm -f "$1";Z=; }`,
  // A partial file of a stream, and the end of it: [path]
  `j(){ Z=$1;o; }`,
  // New folders: mode [path…]
  `a(){ m=$1;shift;e=;for f do [ -d "$f" ]||e=$(mkdir "$f" 2>&1&&chmod $m "$f" 2>&1)||` +
  `{ x err "$e";return;};done;o; }`,
  // Their permissions: mode [path…], and time: time [path…]
  `c(){ if e=$(chmod "$@" 2>&1);then o;else x err "$e";fi; }`,
  `u(){ if e=$(TZ=UTC0 touch -t "$@" 2>&1);then o;else x err "$e";fi; }`,
  // Away: [path…]
  `z(){ rm -f "$@";o; }`,
];

/**
 * The line that makes a shell the other end of `requests.ts`, without its token.
 *
 * @param keepModes True where a file that is there keeps its permissions.
 */
export function programLine(keepModes: boolean): string {
  return [...program, `K=${keepModes ? "1" : ""}`].join(";");
}
