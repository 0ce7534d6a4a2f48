/**
 * `ssm login` and `ssm logout`: IAM Identity Center, for the profile.
 *
 * @module
 */

import { buildCommand } from "@stricli/core";
import type { CommandWorld } from "./context.ts";
import {
  generalAliases,
  type GeneralFlags,
  generalFlags,
  nonEmpty,
} from "./flags.ts";
import { fullDescription } from "./help.ts";

/** The flags of `ssm logout` as parsed. */
export interface LogoutFlags extends GeneralFlags {
  readonly profile?: string;
}

/** The flags of `ssm login` as parsed. */
export interface LoginFlags extends LogoutFlags {
  /** False leaves the browser alone. */
  readonly browser?: boolean;
  readonly force: boolean;
}

/** A sign-in is one profile's. */
const profileFlag = {
  kind: "parsed",
  parse: nonEmpty,
  placeholder: "name",
  brief: "AWS profile [SSM_PROFILE, AWS_PROFILE]",
  optional: true,
} as const;

/** The command, for the tree in `mod.ts`. */
export const loginCommand = buildCommand<LoginFlags, [], CommandWorld>({
  docs: {
    brief: "Sign in with IAM Identity Center",
    fullDescription: fullDescription({
      usage: "login [flags]",
      description:
        "Signs in with IAM Identity Center (AWS SSO) for the profile: prints an address\n" +
        "and a code, opens the browser, and waits until you have confirmed there. The\n" +
        "sign-in is kept where the AWS CLI and the SDKs keep theirs, so all of them use\n" +
        "it, and this uses theirs. A browser on another machine does as well.",
      examples: [
        ["For a profile", "ssm login --profile prod"],
        [
          "On a machine without a browser",
          "ssm login --profile prod --no-browser",
        ],
      ],
      notes: `Exit codes:
  0      signed in, or that was so already
  125    it failed, or was refused
  128+n  ended by signal n`,
    }),
  },
  parameters: {
    flags: {
      browser: {
        kind: "boolean",
        brief: "Open the browser, the default; --no-browser does not " +
          "[SSM_BROWSER]",
        optional: true,
      },
      force: {
        kind: "boolean",
        brief: "Sign in anew, even where there is a sign-in",
        default: false,
        withNegated: false,
      },
      profile: profileFlag,
      ...generalFlags,
    },
    aliases: generalAliases,
  },
  async func(flags) {
    const { runLogin } = await import("./login/run.ts");
    this.setExitCode(await runLogin(flags, this.context));
  },
});

/** The command, for the tree in `mod.ts`. */
export const logoutCommand = buildCommand<LogoutFlags, [], CommandWorld>({
  docs: {
    brief: "Sign out of IAM Identity Center",
    fullDescription: fullDescription({
      usage: "logout [flags]",
      description:
        "Ends the sign-in of the profile, for the AWS CLI and the SDKs as well. What they\n" +
        "have fetched with it is valid until it expires.",
      examples: [["For a profile", "ssm logout --profile prod"]],
    }),
  },
  parameters: {
    flags: { profile: profileFlag, ...generalFlags },
    aliases: generalAliases,
  },
  async func(flags) {
    const { runLogout } = await import("./login/run.ts");
    this.setExitCode(await runLogout(flags, this.context));
  },
});
