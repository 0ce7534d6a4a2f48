/**
 * A command on many nodes as a program of its own: `fleet_program.ts options.json-text`. Sessions are
 * stood in for by a script that each node is given here.
 *
 * @module
 */

import { processContext } from "../../cmd/context.ts";
import { describeError, formatFailure } from "../../cmd/errors.ts";
import { type FleetOptions, runFleet } from "../../cmd/exec/fleet/run.ts";
import type { RunOnNode } from "../../cmd/exec/fleet/run_on_node.ts";
import { listenForSignals } from "../../cmd/process_signals.ts";
import { openTerminal } from "../../lib/io/terminal.ts";

/** How long a stand-in takes for a session to begin, in milliseconds. */
const beginning = 50;

/** Runs the POSIX script of the options here, as a session would there. */
function standIn(lines: readonly string[]): RunOnNode {
  return async (node, onOutput, signal) => {
    await new Promise((resolve) => setTimeout(resolve, beginning));
    signal.throwIfAborted();
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", lines.join("\n")],
      env: { NODE: node.name ?? node.id },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const kill = () => child.kill("SIGTERM");
    signal.addEventListener("abort", kill, { once: true });
    const read = async (stream: "stdout" | "stderr") => {
      for await (const bytes of child[stream]) await onOutput(bytes, stream);
    };
    const [{ code }] = await Promise.all([
      child.status,
      read("stdout"),
      read("stderr"),
    ]);
    signal.removeEventListener("abort", kill);
    signal.throwIfAborted();
    return { kind: "exited", code };
  };
}

const defaults: FleetOptions = {
  connection: {
    profile: undefined,
    region: undefined,
    endpointUrl: undefined,
    transport: "native",
    streamHosts: [],
  },
  targets: [],
  tags: [],
  via: "auto",
  parallel: undefined,
  maxErrors: undefined,
  script: { posix: ["echo hello from $NODE"], windows: ["echo hello"] },
  timeout: undefined,
  json: false,
  noColor: false,
  quiet: false,
  verbose: 0,
};

const options: FleetOptions = {
  ...defaults,
  ...JSON.parse(Deno.args[0] ?? "{}"),
};
const terminal = openTerminal();
const context = processContext(
  terminal,
  listenForSignals(() => Deno.exit(1)),
);
let code: number;
try {
  using aws = await context.aws(options.connection);
  code = await runFleet(options, {
    context,
    aws,
    runOnNode: standIn(options.script.posix),
  });
} catch (error) {
  const failure = describeError(error);
  const text = formatFailure(failure, context.color);
  await terminal.writeError(new TextEncoder().encode(text));
  code = failure.exitCode;
}
Deno.exit(code);
