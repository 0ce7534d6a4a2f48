/**
 * Job control: stopping this process and those that wait for it, as Ctrl-Z does.
 *
 * @module
 */

/**
 * How long we wait to be continued, counted while we run. A stop is delivered at once, so all of it
 * passes only where the kernel drops the signal. Milliseconds.
 */
const stopGrace = 200;

/**
 * Stops this process's group, and resolves when it is continued; at once where nobody could
 * continue it.
 *
 * The whole group: a program that only waits for us, such as `ssm simulate` or a task runner, would
 * otherwise keep the terminal from the shell. Some of them (`deno task`) catch SIGTSTP, pass it on
 * and stay, so it is SIGSTOP wherever a shell with job control is known to be there.
 */
export async function stopProcessGroup(): Promise<void> {
  const signal = await hasJobControl() ? "SIGSTOP" : "SIGTSTP";
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onContinue = () => {};
  const continued = new Promise<void>((resolve) => {
    onContinue = resolve;
    timer = setTimeout(resolve, stopGrace);
  });
  Deno.addSignalListener("SIGCONT", onContinue);
  try {
    Deno.kill(0, signal);
    await continued;
  } finally {
    clearTimeout(timer);
    Deno.removeSignalListener("SIGCONT", onContinue);
  }
}

/** What is known of a process. */
interface ProcessFacts {
  readonly parent: number;
  readonly group: number;
  /** Its session, or its terminal where sessions have no number; alike for alike. */
  readonly session: string;
}

/**
 * True when our group has a parent outside itself in our session: the shell that can continue it
 * (POSIX: the group is not orphaned; in an orphaned one the kernel drops SIGTSTP, but not
 * SIGSTOP). False too where that cannot be known.
 */
async function hasJobControl(): Promise<boolean> {
  const processes = await allProcesses();
  const own = processes.get(Deno.pid);
  for (let above = own; own !== undefined && above !== undefined;) {
    if (above.group !== own.group) return above.session === own.session;
    above = processes.get(above.parent);
  }
  return false;
}

/** By process id; empty where the system does not tell. */
async function allProcesses(): Promise<ReadonlyMap<number, ProcessFacts>> {
  // Deno itself reads /proc only with all permissions. macOS has none, and numbers no sessions.
  const list = Deno.build.os === "linux"
    ? "cat /proc/[0-9]*/stat"
    : "ps -A -o pid=,ppid=,pgid=,tty=";
  let output: string;
  try {
    const { stdout } = await new Deno.Command("/bin/sh", {
      args: ["-c", list],
      stdin: "null",
      stderr: "null",
    }).output();
    output = new TextDecoder().decode(stdout);
  } catch {
    return new Map();
  }
  return new Map(
    output.split("\n").filter((line) => line !== "").map((line) => {
      // "pid (name) state parent group session …"; the name may hold anything (proc(5)).
      const [pid = "", parent, group, session = ""] = Deno.build.os === "linux"
        ? [
          line.split(" ")[0],
          ...line.slice(line.lastIndexOf(")") + 4).split(" "),
        ]
        : line.trim().split(/ +/);
      return [Number(pid), {
        parent: Number(parent),
        group: Number(group),
        session,
      }];
    }),
  );
}
