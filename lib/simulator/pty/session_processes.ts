/**
 * The processes of one terminal session (setsid(2)), found and signalled.
 *
 * A shell's jobs are process groups of their own, so signalling the shell's group leaves them
 * running. Deno reads /proc with all permissions only, so a small shell script looks there.
 *
 * @module
 */

/** Looks through /proc where there is one, else asks ps for the processes on the terminal. */
const script = `
signal=$1 session=$2 tty=$3 pids=
if [ -r /proc/self/stat ]; then
  for file in /proc/[0-9]*/stat; do
    read -r line 2>/dev/null <"$file" || continue
    set -- \${line##*) }
    [ "$4" = "$session" ] && [ "$1" != Z ] && pids="$pids \${line%% *}"
  done
elif [ -n "$tty" ]; then
  pids=$(ps -o pid= -t "\${tty#/dev/}" 2>/dev/null)
fi
count=0
for pid in $pids; do
  count=$((count + 1))
  [ "$signal" = 0 ] || kill -"$signal" "$pid" 2>/dev/null
done
echo "$count"
`;

/** Names one session: its leader's process id and, for systems without /proc, its terminal. */
export interface TerminalSession {
  readonly leader: number;
  readonly tty: string;
}

/**
 * Sends a signal to every process of a session.
 *
 * @param signal "HUP", "KILL" or "0", which only counts.
 * @returns How many processes were found before the signal, zombies not counted.
 */
export async function signalSession(
  session: TerminalSession,
  signal: "HUP" | "KILL" | "0",
): Promise<number> {
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", script, "sh", signal, String(session.leader), session.tty],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).output();
  return Number.parseInt(new TextDecoder().decode(stdout), 10) || 0;
}

/** How long processes have to end after SIGHUP, in milliseconds. */
const grace = 500;

/** Ends every process of a session: SIGHUP, then SIGKILL for what stays. */
export async function endSession(session: TerminalSession): Promise<void> {
  if (await signalSession(session, "HUP") === 0) return;
  const deadline = performance.now() + grace;
  while (performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (await signalSession(session, "0") === 0) return;
  }
  // A process can fork while the list is made: look again until nothing is left.
  for (let i = 0; i < 20; i++) {
    if (await signalSession(session, "KILL") === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
