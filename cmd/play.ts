/**
 * `ssm play file.cast`: plays what `--record` recorded.
 *
 * @module
 */

import { buildCommand } from "@stricli/core";
import type { CommandWorld } from "./context.ts";
import { UsageError } from "./errors.ts";
import {
  generalAliases,
  type GeneralFlags,
  generalFlags,
  numberBetween,
} from "./flags.ts";
import { fullDescription } from "./help.ts";

/** The flags of `ssm play` as parsed. */
export interface PlayFlags extends GeneralFlags {
  readonly speed: number;
  readonly idleLimit?: number;
}

/** The command, for the tree in `mod.ts`. */
export const playCommand = buildCommand<PlayFlags, [string], CommandWorld>({
  docs: {
    brief: "Play a recorded session",
    fullDescription: fullDescription({
      usage: "play <file> [flags]",
      description:
        "Plays a recording of --record, or any other of asciicast version 2 or 3, as it\n" +
        "happened. Where standard output is no terminal, all of it comes at once. A\n" +
        "recording drives the terminal as the session did: play those that you trust.",
      examples: [
        ["As it happened", "ssm play deploy.cast"],
        [
          "Twice as fast, and no pause longer than a second",
          "ssm play --speed 2 --idle-limit 1 deploy.cast",
        ],
        ["From standard input", "zcat deploy.cast.gz | ssm play -"],
        ["All that was printed, as it came", "ssm play deploy.cast | less -R"],
      ],
      notes: `Keys:
  space   stop, and go on
  .       the next piece of output, while it is stopped
  ^C, q   end`,
    }),
  },
  parameters: {
    flags: {
      speed: {
        kind: "parsed",
        parse: numberBetween(0.01, 1000, false),
        placeholder: "factor",
        brief: "How many times as fast",
        default: "1",
      },
      idleLimit: {
        kind: "parsed",
        parse: numberBetween(0, 86_400, false),
        placeholder: "seconds",
        brief: "The longest pause; the default is the recording's own, if it " +
          "has one",
        optional: true,
      },
      ...generalFlags,
    },
    aliases: { ...generalAliases, s: "speed", i: "idleLimit" },
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "The recording; - is standard input",
        placeholder: "file",
        parse: String,
      }],
    },
  },
  async func(flags, file) {
    if (file === "") throw new UsageError("Cannot play: the file has no name");
    const { runPlay } = await import("./play/run.ts");
    this.setExitCode(
      await runPlay({
        file,
        speed: flags.speed,
        idleLimit: flags.idleLimit,
        quiet: flags.quiet,
      }, this.context),
    );
  },
});
