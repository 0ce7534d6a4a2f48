/**
 * `ssm doctor` against a simulator in this process: the real command and its real calls, without
 * processes of their own.
 *
 * @module
 */

import type { CheckResult } from "../../cmd/doctor/check.ts";
import { openDoctorCalls } from "../../cmd/doctor/open_calls.ts";
import { runCommandLine } from "../../cmd/mod.ts";
import { systemClock } from "../../lib/io/clock.ts";
import {
  defaultOptions,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from "../../lib/simulator/mod.ts";
import { AwsHome } from "./aws_home.ts";
import { TestContext } from "./context.ts";

/** What one run gave. */
export interface DoctorRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Of `--json`; empty without it. */
  readonly checks: readonly CheckResult[];
}

/** A running simulator, and the doctor beside it. */
export interface DoctorBench extends AsyncDisposable {
  readonly simulator: Simulator;
  /** Runs the command. */
  run(...args: readonly string[]): Promise<DoctorRun>;
  /** Runs `ssm doctor … --json`; ids and statuses of what is not as it should be. */
  trouble(...args: readonly string[]): Promise<readonly string[]>;
}

/**
 * Starts the simulator.
 * @param options What is broken in it.
 * @param env What is broken in the environment; `undefined` takes a variable away.
 */
export async function startDoctorBench(
  options: Partial<SimulatorOptions> = {},
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<DoctorBench> {
  const simulator = await startSimulator({
    ...defaultOptions,
    pace: "fast",
    ...options,
  });
  const variables = Object.fromEntries(
    Object.entries({ ...simulator.environment, ...env }).flatMap((
      [name, value],
    ) => value === undefined ? [] : [[name, value]]),
  );
  const home = await AwsHome.create({ env: variables });
  const run = async (...args: readonly string[]): Promise<DoctorRun> => {
    const context = new TestContext();
    for (const [name, value] of Object.entries(variables)) {
      context.variables.set(name, value);
    }
    const real = Object.assign(context, { clock: systemClock });
    context.onDoctor = (connection) =>
      Promise.resolve(openDoctorCalls(connection, context.terminal, context));
    const code = await runCommandLine(args, real);
    const { outputText: out, errorText: err } = context.terminal;
    const json = args.includes("--json") && out.startsWith("{");
    const report: { checks: CheckResult[] } = json
      ? JSON.parse(out)
      : { checks: [] };
    return { code, out, err, checks: report.checks };
  };
  return {
    simulator,
    run,
    async trouble(...args) {
      const { checks } = await run("doctor", ...args, "--json");
      return checks.filter(({ status }) => /error|warning/.test(status))
        .map(({ id, status }) => `${status} ${id}`);
    },
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await simulator.close();
    },
  };
}
