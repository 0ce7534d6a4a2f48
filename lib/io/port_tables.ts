/**
 * What the tools of the systems print about listeners.
 *
 * @module
 */

/** A program that listens. */
export interface PortOwner {
  /** Its name, as it came from the system. */
  readonly program: string;
  readonly pid: number;
}

/** One line of a table. */
interface Row {
  /** `127.0.0.1:8080`, `[::1]:8080`, `*:8080`, … */
  readonly place: string;
  readonly program: string;
  readonly pid: number;
}

/**
 * Reads `lsof -Fpcn`: a line per field, its letter in front.
 * @param text What it printed.
 * @param port The port.
 * @param hostname The numeric address that is asked about.
 */
export function readLsof(
  text: string,
  port: number,
  hostname: string,
): PortOwner | undefined {
  const rows: Row[] = [];
  let pid = NaN;
  let program = "";
  for (const line of text.split("\n")) {
    const value = line.slice(1);
    if (line.startsWith("p")) pid = Number(value);
    else if (line.startsWith("c")) program = value;
    else if (line.startsWith("n")) rows.push({ place: value, program, pid });
  }
  return ownerAt(rows, port, hostname);
}

/**
 * Reads `ss -ltnpH`: columns, the fourth with the address, and the programs behind.
 * @param text What it printed.
 * @param port The port.
 * @param hostname The numeric address that is asked about.
 */
export function readSs(
  text: string,
  port: number,
  hostname: string,
): PortOwner | undefined {
  const rows = text.split("\n").flatMap((line): Row[] => {
    const [place, users] = /^\S+ +\S+ +\S+ +(\S+) +\S+ +users:(.*)$/.exec(line)
      ?.slice(1) ?? [];
    const [program, pid] = /^\(\("(.*?)",pid=(\d+)/.exec(users ?? "")
      ?.slice(1) ?? [];
    return place === undefined || program === undefined
      ? []
      : [{ place, program, pid: Number(pid) }];
  });
  return ownerAt(rows, port, hostname);
}

/**
 * Reads `netstat -ano` of Windows. The word for "listening" is in the user's language; that there
 * is no other end is not.
 * @param text What it printed.
 * @param port The port.
 * @param hostname The numeric address that is asked about.
 * @returns The process id.
 */
export function readNetstat(
  text: string,
  port: number,
  hostname: string,
): number | undefined {
  const rows = text.split(/\r?\n/).flatMap((line): Row[] => {
    const [place, pid] = /^ *TCP +(\S+) +(?:0\.0\.0\.0|\[::\]):0 +.*?(\d+) *$/
      .exec(line)?.slice(1) ?? [];
    return place === undefined
      ? []
      : [{ place, program: "-", pid: Number(pid) }];
  });
  return ownerAt(rows, port, hostname)?.pid;
}

/**
 * Reads `tasklist /FO CSV /NH`.
 * @param text What it printed.
 * @param pid The process that was asked for.
 * @returns The program's name.
 */
export function readTasklist(text: string, pid: number): string | undefined {
  return text.split(/\r?\n/).map((line) => /^"([^"]*)","(\d+)"/.exec(line))
    .find((row) => Number(row?.[2]) === pid)?.[1];
}

/** Every address, as the tools write it. */
const everywhere = ["*", "0.0.0.0", "::"];

/** The one at the very address, else the one at every address, else none: it is not in our way. */
function ownerAt(
  rows: readonly Row[],
  port: number,
  hostname: string,
): PortOwner | undefined {
  const here = rows.flatMap((row) => {
    const [host, digits] = /^(.*):(\d+)$/.exec(row.place)?.slice(1) ?? [];
    // "[::1]", "::ffff:…" and "127.0.0.1%lo" of ss
    const plain = host?.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
    const valid = row.program !== "" && Number.isSafeInteger(row.pid);
    return Number(digits) === port && valid ? [{ ...row, host: plain }] : [];
  });
  const asksAll = everywhere.includes(hostname);
  const found = here.find(({ host }) => host === hostname) ??
    here.find(({ host }) => asksAll || everywhere.includes(host ?? ""));
  return found && { program: found.program, pid: found.pid };
}
