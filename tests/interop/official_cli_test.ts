/**
 * The official AWS CLI with the official session-manager-plugin, both unchanged, against our
 * simulator: the proof that its two ends do not only agree with each other. Runs wherever both are
 * installed; `SSM_OFFICIAL_AWS` and `SSM_OFFICIAL_PLUGIN` name them where they are not on the PATH.
 * Encryption is left out: the plugin's calls to KMS ignore endpoints.
 *
 * @module
 */

import assert from "node:assert/strict";
import { shellWords } from "../testkit/shell_words.ts";
import { hasPty, openPty, type Pty } from "../testkit/pty.ts";

const node = "i-0123456789abcdef0";
const prompt = "official> ";

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

async function missing(): Promise<string | undefined> {
  if (!await find("SSM_OFFICIAL_AWS", "aws")) return "the AWS CLI";
  if (!await find("SSM_OFFICIAL_PLUGIN", "session-manager-plugin")) {
    return "session-manager-plugin";
  }
  if (!hasPty) return "util-linux's script";
  return undefined;
}

/** `ssm simulate -- aws ssm start-session` on a terminal of its own. */
async function openOfficialShell(...options: string[]): Promise<Pty> {
  const aws = await find("SSM_OFFICIAL_AWS", "aws");
  const plugin = await find("SSM_OFFICIAL_PLUGIN", "session-manager-plugin");
  // The CLI looks for the plugin on the PATH; CLIs older than 2.13 do not know AWS_ENDPOINT_URL.
  const script =
    (plugin.includes("/")
      ? `PATH=${shellWords([plugin.replace(/\/[^/]*$/, "")])}:$PATH; `
      : "") +
    `exec ${shellWords([aws])} ssm start-session --target ${node} ` +
    '--endpoint-url "$AWS_ENDPOINT_URL"';
  const program = Deno.env.get("SSM_EXECUTABLE");
  const ssm = program ? [program] : [
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--allow-all",
    new URL("../../main.ts", import.meta.url).pathname,
  ];
  return await openPty(
    [...ssm, "simulate", ...options, "--", "sh", "-c", script],
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

for (const pace of ["real", "fast"]) {
  Deno.test(`the official AWS CLI and plugin open a shell on the simulator, pace ${pace}`, async () => {
    const what = await missing();
    if (what !== undefined) {
      console.log(`skipped: ${what} not installed`);
      return;
    }
    await using pty = await openOfficialShell(
      "--allow-unsigned-upgrade",
      "--pace",
      pace,
    );
    await pty.until("Starting session with SessionId:");
    await pty.until(prompt);

    await pty.write("echo $((6 * 7))-from-the-node\r");
    await pty.until("42-from-the-node");

    await pty.write("stty size\r");
    await pty.until(/\b30 100\b/);

    // More than one message, every byte in its place.
    await pty.write("seq -s, 1 999\r");
    const expected = Array.from({ length: 999 }, (_, i) => i + 1).join(",");
    const shown = await pty.until(/,999\r+\n/);
    assert(shown.replaceAll(/[\r\n]/g, "").includes(expected));

    // Ctrl-C goes to the node's terminal. The plugin sends it from a signal handler, past what was
    // typed, and terminals drop their input on it: so one thing after the other.
    await pty.write("echo asleep-$((1 + 1)); sleep 100\r");
    await pty.until("asleep-2");
    await pty.write("\x03");
    await pty.until(prompt);
    await pty.write("echo awake-$((1 + 1))\r");
    await pty.until("awake-2");
    await pty.until(prompt);

    await pty.write("exit\r");
    await pty.until("Exiting session with sessionId:");
    assert.equal(await pty.exited, 0);
  });
}
