/**
 * `ssm completion bash`: prints the script that has a shell complete ssm's command lines.
 *
 * @module
 */

import { buildCommand } from "@stricli/core";
import type { CommandWorld } from "./context.ts";
import { generalAliases, type GeneralFlags, generalFlags } from "./flags.ts";
import { fullDescription } from "./help.ts";
import { UsageError } from "./errors.ts";

/** The shells that there is a script for. */
export const completionShells = ["bash", "zsh", "fish", "powershell"] as const;

/** One of {@linkcode completionShells}. */
export type CompletionShell = (typeof completionShells)[number];

/**
 * Reads a shell's name.
 * @param text As typed.
 * @throws UsageError
 */
export function completionShell(text: string): CompletionShell {
  const shell = completionShells.find((name) => name === text) ??
    (text === "pwsh" ? "powershell" : undefined);
  if (shell === undefined) {
    throw new UsageError(`it is ${completionShells.join(", ")}`);
  }
  return shell;
}

/** The command, for the tree in `commands.ts`. */
export const completionCommand = buildCommand<
  GeneralFlags,
  [CompletionShell],
  CommandWorld
>({
  docs: {
    brief: "Print what has a shell complete ssm's command lines",
    fullDescription: fullDescription({
      usage: "completion <bash|zsh|fish|powershell> [flags]",
      description:
        "Prints a script for the shell. With it, Tab completes commands, flags and their\n" +
        "values: profiles, regions, files, the targets that ssm has seen lately, and the\n" +
        "sessions that 'ssm sessions' listed. AWS is not asked for any of that.",
      examples: [
        [
          "bash: in ~/.bashrc",
          'eval "$(ssm completion bash)"',
        ],
        [
          "bash, where that is too slow a start: once, with bash-completion",
          "ssm completion bash >~/.local/share/bash-completion/completions/ssm",
        ],
        [
          "zsh: once, into a folder of $fpath; then a new shell",
          'ssm completion zsh >"${fpath[1]}/_ssm"',
        ],
        [
          "zsh: or in ~/.zshrc, behind compinit",
          "source <(ssm completion zsh)",
        ],
        [
          "fish: once",
          "ssm completion fish >~/.config/fish/completions/ssm.fish",
        ],
        [
          "PowerShell: in the file that $PROFILE names",
          "ssm completion powershell | Out-String | Invoke-Expression",
        ],
      ],
    }),
  },
  parameters: {
    flags: generalFlags,
    aliases: generalAliases,
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "The shell",
        placeholder: "shell",
        parse: completionShell,
      }],
    },
  },
  async func(_flags, shell) {
    const { completionScript } = await import("./completion/scripts.ts");
    await this.context.terminal.write(
      new TextEncoder().encode(completionScript(shell)),
    );
  },
});
