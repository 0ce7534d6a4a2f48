/**
 * Who listens on a port of this machine, and which port is free instead: for an error message.
 *
 * @module
 */

import {
  type PortOwner,
  readLsof,
  readNetstat,
  readSs,
  readTasklist,
} from "./port_tables.ts";

export type { PortOwner } from "./port_tables.ts";

/** How long all of the asking may take, in milliseconds. */
const limit = 1000;

/**
 * Runs a program of the system.
 * @param command The program and its arguments.
 * @returns What it prints; it may reject.
 */
export type RunTool = (command: readonly string[]) => Promise<string>;

/**
 * Finds out who listens on a TCP port, for at most a second. Programs of other users are not told
 * of unless we are root.
 *
 * @param port The port.
 * @param hostname The numeric address that was to be listened on: several programs may have the
 * port, each at an address of its own.
 * @param os The system, for the tests.
 * @param run Runs what the system has for it, for the tests.
 * @returns `undefined` where it cannot be learned. Never rejects.
 */
export async function portOwner(
  port: number,
  hostname: string,
  os: typeof Deno.build.os = Deno.build.os,
  run?: RunTool,
): Promise<PortOwner | undefined> {
  const deadline = new AbortController();
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    deadline.abort();
    resolve(undefined);
  }, limit);
  const tool = run ?? ((command) => runTool(command, deadline.signal));
  // What is not there, or fails, knows nothing.
  const lines: RunTool = (command) => tool(command).catch(() => "");
  try {
    return await Promise.race([
      os === "windows"
        ? askWindows(port, hostname, lines)
        : askUnix(port, hostname, os, lines),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

async function askUnix(
  port: number,
  hostname: string,
  os: typeof Deno.build.os,
  run: RunTool,
): Promise<PortOwner | undefined> {
  const lsof = ["lsof", "-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpcn"];
  const owner = readLsof(await run(lsof), port, hostname);
  if (owner !== undefined || os !== "linux") return owner;
  return readSs(await run(["ss", "-ltnpH"]), port, hostname);
}

async function askWindows(
  port: number,
  hostname: string,
  run: RunTool,
): Promise<PortOwner | undefined> {
  const pid = readNetstat(await run(["netstat", "-ano"]), port, hostname);
  if (pid === undefined) return undefined;
  const tasklist = ["tasklist", "/FI", `PID eq ${pid}`, "/FO", "CSV", "/NH"];
  const program = readTasklist(await run(tasklist), pid);
  return program === undefined ? undefined : { program, pid };
}

async function runTool(
  [program = "", ...args]: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { stdout } = await new Deno.Command(program, {
    args,
    stdin: "null",
    stderr: "null",
    signal,
  }).output();
  return new TextDecoder().decode(stdout);
}

/** How many ports are tried one after the other. */
const neighbours = 100;

/** 80 becomes 8080 and 443 becomes 8443, for those who may not listen below 1024. */
const unprivilegedTwin = 8000;

/**
 * The next port that could be listened on now.
 * @param port The one that is in use.
 * @param hostname The numeric address to listen on.
 * @returns `undefined` when none is found near.
 */
export function freePortNear(
  port: number,
  hostname: string,
): number | undefined {
  const near = Array.from({ length: neighbours }, (_, at) => port + 1 + at);
  return [...near, port + unprivilegedTwin].find((candidate) =>
    candidate <= 65535 && isFree(candidate, hostname)
  );
}

function isFree(port: number, hostname: string): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return true;
  } catch {
    return false;
  }
}
