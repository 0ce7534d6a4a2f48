/**
 * The official AWS CLI with the official session-manager-plugin, both unchanged, against our
 * simulator. Wherever both are installed; `SSM_OFFICIAL_AWS` and `SSM_OFFICIAL_PLUGIN` name them
 * where they are not on the PATH.
 *
 * @module
 */

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
  if (!await find("SSM_OFFICIAL_AWS", "aws")) return "the AWS CLI";
  if (!await find("SSM_OFFICIAL_PLUGIN", "session-manager-plugin")) {
    return "session-manager-plugin";
  }
  if (!hasPty) return "util-linux's script";
  return undefined;
}

/**
 * `ssm simulate -- aws ssm start-session` on a terminal of its own.
 * @param simulate Flags of `ssm simulate`.
 * @param session Arguments of `aws ssm start-session`.
 */
export function openOfficial(
  simulate: readonly string[],
  session: readonly string[] = [],
): Promise<Pty> {
  return runOfficial(simulate, [
    "ssm",
    "start-session",
    "--target",
    node,
    ...session,
  ]);
}

/**
 * `ssm simulate -- aws …` on a terminal of its own.
 * @param simulate Flags of `ssm simulate`.
 * @param words Arguments of `aws`.
 */
export async function runOfficial(
  simulate: readonly string[],
  words: readonly string[],
): Promise<Pty> {
  const aws = await find("SSM_OFFICIAL_AWS", "aws");
  const plugin = await find("SSM_OFFICIAL_PLUGIN", "session-manager-plugin");
  // The CLI looks for the plugin on the PATH; CLIs older than 2.13 do not know AWS_ENDPOINT_URL.
  const script =
    (plugin.includes("/")
      ? `PATH=${shellWords([plugin.replace(/\/[^/]*$/, "")])}:$PATH; `
      : "") +
    `exec ${shellWords([aws, ...words])} --endpoint-url "$AWS_ENDPOINT_URL"`;
  const program = Deno.env.get("SSM_EXECUTABLE");
  const ssm = program ? [program] : [
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--allow-all",
    new URL("../../main.ts", import.meta.url).pathname,
  ];
  return await openPty(
    [...ssm, "simulate", ...simulate, "--", "sh", "-c", script],
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
