/**
 * `deno task coverage`: the tests of `lib/protocol` with coverage, per file. Fails where a file's
 * lines are covered below 95 %. Pure code has no excuse not to be; adapters have no number.
 *
 * `deno task coverage --all`: what all tests run of `lib/` and `cmd/`, per folder, with the files
 * that are covered least. What runs in a process of its own (tests/cli) does not count.
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

/**
 * Sums files up by folder, to the second level: `lib/aws`, `cmd/exec`.
 *
 * @param found What was run; paths begin with `lib/` or `cmd/`.
 * @returns In the order of their names.
 */
export function byFolder(found: readonly FileCoverage[]): FileCoverage[] {
  const folders = new Map<string, { lines: number; hit: number }>();
  for (const { file, lines, hit } of found) {
    const parts = file.split("/");
    const name = parts.slice(0, Math.min(2, parts.length - 1)).join("/");
    const sum = folders.get(name) ?? { lines: 0, hit: 0 };
    folders.set(name, { lines: sum.lines + lines, hit: sum.hit + hit });
  }
  return [...folders].map(([file, sum]) => ({ file, ...sum, missed: [] }))
    .sort((a, b) => a.file < b.file ? -1 : 1);
}

/** The path within the project. */
function projectPath(file: string): string {
  return file.replaceAll("\\", "/").replace(/^.*\/(?=(lib|cmd)\/)/, "");
}

function percentOf({ lines, hit }: FileCoverage): string {
  const percent = lines === 0 ? 100 : 100 * hit / lines;
  return `${percent.toFixed(1).padStart(5)} %`;
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

/**
 * Runs tests and reads what they ran.
 *
 * @param tests What follows `deno test`.
 * @param include Which files of the project to report.
 */
async function measure(
  tests: readonly string[],
  include: string,
): Promise<FileCoverage[]> {
  const folder = await Deno.makeTempDir({ prefix: "ssm-coverage-" });
  try {
    await deno([
      "test",
      "--quiet",
      "--reporter=dot",
      "--no-check",
      "--no-prompt",
      ...tests.slice(0, -1),
      `--coverage=${folder}/raw`,
      ...tests.slice(-1),
    ]);
    const report = `${folder}/lcov.info`;
    await deno([
      "coverage",
      "--lcov",
      `--output=${report}`,
      `--include=${include}`,
      `${folder}/raw`,
    ]);
    return parseLcov(await Deno.readTextFile(report));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function checkProtocol(): Promise<number> {
  const root = new URL("../", import.meta.url);
  // The tests' own permissions are deno.json's; these need no more than reading the vectors.
  const found = await measure(
    ["--allow-read", "--allow-env", "tests/protocol"],
    "/lib/protocol/",
  );
  const files: string[] = [];
  for (const file of await filesUnder(root, "lib/protocol", ".ts")) {
    if (await hasCode(file)) files.push(file);
  }
  for (const one of found) {
    console.log(
      `${percentOf(one)}  ${projectPath(one.file)}${
        one.missed.length === 0 ? "" : `  not run: ${one.missed.join(", ")}`
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
}

/** How many of the files that are covered least are named. */
const leastNamed = 15;

async function reportAll(): Promise<number> {
  const measured = await measure(
    ["--allow-all", "tests"],
    String.raw`/(lib|cmd)/.*\.ts$`,
  );
  const found = measured
    .map((one) => ({ ...one, file: projectPath(one.file) }))
    .filter(({ file }) => /^(lib|cmd)\//.test(file));
  for (const one of byFolder(found)) {
    console.log(`${percentOf(one)}  ${one.file}`);
  }
  const sum = (key: "lines" | "hit") =>
    found.reduce((total, one) => total + one[key], 0);
  const all = { file: "", lines: sum("lines"), hit: sum("hit"), missed: [] };
  console.log(`${percentOf(all)}  all, ${all.lines} lines\n\nLeast:`);
  const share = (one: FileCoverage) =>
    one.lines === 0 ? 1 : one.hit / one.lines;
  const least = found.toSorted((a, b) => share(a) - share(b));
  for (const one of least.slice(0, leastNamed)) {
    console.log(`${percentOf(one)}  ${one.file}`);
  }
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(
      await (Deno.args.includes("--all") ? reportAll() : checkProtocol()),
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
