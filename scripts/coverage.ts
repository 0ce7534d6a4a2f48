/**
 * `deno task coverage`: the tests of `lib/protocol` with coverage, per file. Fails where a file's
 * lines are covered below 95 %. Pure code has no excuse not to be; adapters have no number.
 *
 * @module
 */

import { filesUnder } from "./files.ts";

/** The least share of a pure file's lines that its tests must run, in percent. */
export const leastCoverage = 95;

/** How much of one file was run. */
export interface FileCoverage {
  /** The path as the report has it. */
  readonly file: string;
  /** Lines with code. */
  readonly lines: number;
  /** Those of them that were run. */
  readonly hit: number;
  /** The numbers of those that were not. */
  readonly missed: readonly number[];
}

/**
 * Reads a report in the lcov format.
 *
 * @param report Text with `SF:`, `DA:` and `end_of_record` lines.
 */
export function parseLcov(report: string): FileCoverage[] {
  const files: FileCoverage[] = [];
  let file = "";
  let lines = 0;
  let missed: number[] = [];
  for (const line of report.split("\n")) {
    const [key, value = ""] = line.trim().split(/:(.*)/s);
    if (key === "SF") {
      file = value;
      lines = 0;
      missed = [];
    } else if (key === "DA") {
      const [number, count] = value.split(",").map(Number);
      lines++;
      if (count === 0 && number !== undefined) missed.push(number);
    } else if (key === "end_of_record") {
      files.push({ file, lines, hit: lines - missed.length, missed });
    }
  }
  return files;
}

/**
 * Says which files are not covered enough.
 *
 * @param found What was run.
 * @param expected The files with code, as endings of the report's paths.
 * @returns A sentence per file; a file that is missing from the report was not run at all.
 */
export function belowLimit(
  found: readonly FileCoverage[],
  expected: readonly string[],
): string[] {
  const complaints: string[] = [];
  for (const name of expected) {
    const one = found.find(({ file }) =>
      file.replaceAll("\\", "/").endsWith(name)
    );
    if (one === undefined) complaints.push(`${name} is loaded by no test`);
    else if (100 * one.hit < leastCoverage * one.lines) {
      complaints.push(
        `${name}: ${one.hit} of ${one.lines} lines; not run: ${
          one.missed.join(", ")
        }`,
      );
    }
  }
  return complaints;
}

async function deno(args: string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (success) return;
  await Deno.stderr.write(stdout);
  await Deno.stderr.write(stderr);
  throw new Error(`Cannot measure coverage: deno ${args[0]} failed`);
}

/** True for a file that leaves something to run once its types are gone. */
async function hasCode(file: string): Promise<boolean> {
  const source = await Deno.readTextFile(file);
  return /^(export )?(abstract |async )*(const|let|class|function|enum)\b/m
    .test(source);
}

async function main(): Promise<number> {
  const root = new URL("../", import.meta.url);
  const folder = await Deno.makeTempDir({ prefix: "ssm-coverage-" });
  try {
    // The tests' own permissions are deno.json's; these need no more than reading the vectors.
    await deno([
      "test",
      "--quiet",
      "--reporter=dot",
      "--no-check",
      "--no-prompt",
      "--allow-read",
      "--allow-env",
      `--coverage=${folder}/raw`,
      "tests/protocol",
    ]);
    const report = `${folder}/lcov.info`;
    await deno([
      "coverage",
      "--lcov",
      `--output=${report}`,
      "--include=/lib/protocol/",
      `${folder}/raw`,
    ]);
    const found = parseLcov(await Deno.readTextFile(report));
    const files: string[] = [];
    for (const file of await filesUnder(root, "lib/protocol", ".ts")) {
      if (await hasCode(file)) files.push(file);
    }
    for (const { file, lines, hit, missed } of found) {
      const percent = lines === 0 ? 100 : 100 * hit / lines;
      const name = file.replaceAll("\\", "/").replace(/^.*\/lib\//, "lib/");
      console.log(
        `${percent.toFixed(1).padStart(5)} %  ${name}${
          missed.length === 0 ? "" : `  not run: ${missed.join(", ")}`
        }`,
      );
    }
    const complaints = belowLimit(found, files);
    for (const complaint of complaints) console.error(complaint);
    console.error(
      complaints.length === 0
        ? `${files.length} files, each at ${leastCoverage} % of its lines or above`
        : `${complaints.length} of ${files.length} files below ${leastCoverage} % of their lines`,
    );
    return complaints.length === 0 ? 0 : 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
