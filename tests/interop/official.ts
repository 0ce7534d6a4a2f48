/**
 * The official AWS CLI with the official session-manager-plugin, both unchanged, against our
 * simulator. Wherever both are installed; `SSM_OFFICIAL_AWS` and `SSM_OFFICIAL_PLUGIN` name them
 * where they are not on the PATH.
 *
 * @module
 */

import { pluginScript } from "../../cmd/plugin/own_program.ts";
import { programCommand } from "../testkit/executable.ts";
import { hasPty, openPty, type Pty } from "../testkit/pty.ts";
import { shellWords } from "../testkit/shell_words.ts";

const node = "i-0123456789abcdef0";
/** The simulated node's prompt. */
export const prompt = "official> ";

/** Where a program is, or why not. */
async function find(variable: string, name: string): Promise<string> {
  const path = Deno.env.get(variable) || name;
  try {
    const { success } = await new Deno.Command(path, {
      args: ["--version"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success ? path : "";
  } catch {
    return "";
  }
}

/** What is missing for these tests; `undefined` when nothing is. */
export async function missing(): Promise<string | undefined> {
  if (await officialPlugin() === "") return "session-manager-plugin";
  return await missingCli();
}

/** What is missing for tests of the official CLI alone. */
export async function missingCli(): Promise<string | undefined> {
  if (await awsCli() === "") return "the AWS CLI";
  if (!hasPty) return "util-linux's script";
  return undefined;
}

/** Where the official CLI is; empty where it is not installed. */
export async function awsCli(): Promise<string> {
  return await find("SSM_OFFICIAL_AWS", "aws");
}

/** Where the official plugin is; empty where it is not installed. */
export async function officialPlugin(): Promise<string> {
  return await find("SSM_OFFICIAL_PLUGIN", "session-manager-plugin");
}

/** A folder with our program under the plugin's name; removed when disposed of. */
export async function ourPlugin(): Promise<
  { readonly path: string } & AsyncDisposable
> {
  const folder = await Deno.makeTempDir({ prefix: "ssm-as-plugin-" });
  const path = `${folder}/session-manager-plugin`;
  const [program = "", ...args] = programCommand();
  // From source, Deno has the name of the link.
  if (args.length === 0) await Deno.symlink(program, path);
  else {await Deno.writeTextFile(path, pluginScript({ path: program, args }), {
      mode: 0o755,
    });}
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/**
 * `ssm simulate -- aws ssm start-session` on a terminal of its own.
 * @param simulate Flags of `ssm simulate`.
 * @param session Arguments of `aws ssm start-session`.
 * @param plugin The plugin that the CLI is to find; the official one when absent.
 */
export function openOfficial(
  simulate: readonly string[],
  session: readonly string[] = [],
  plugin?: string,
): Promise<Pty> {
  return runOfficial(simulate, [
    "ssm",
    "start-session",
    "--target",
    node,
    ...session,
  ], plugin);
}

/**
 * `ssm simulate -- aws …` on a terminal of its own.
 * @param simulate Flags of `ssm simulate`.
 * @param words Arguments of `aws`.
 * @param plugin As for {@linkcode openOfficial}.
 */
export async function runOfficial(
  simulate: readonly string[],
  words: readonly string[],
  plugin?: string,
): Promise<Pty> {
  const aws = await awsCli();
  // The CLI looks for the plugin on the PATH; CLIs older than 2.13 do not know AWS_ENDPOINT_URL.
  const path = plugin ?? await officialPlugin();
  const script =
    (path.includes("/")
      ? `PATH=${shellWords([path.replace(/\/[^/]*$/, "")])}:$PATH; `
      : "") +
    `exec ${shellWords([aws, ...words])} --endpoint-url "$AWS_ENDPOINT_URL"`;
  return await openPty(
    [...programCommand(), "simulate", ...simulate, "--", "sh", "-c", script],
    {
      env: {
        // What the simulated node's shell starts with.
        SHELL: "/bin/sh",
        PS1: prompt,
        ENV: "",
        HISTFILE: "",
      },
      size: { cols: 100, rows: 30 },
    },
  );
}
