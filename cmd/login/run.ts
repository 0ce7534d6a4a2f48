/**
 * What `ssm login` and `ssm logout` do.
 *
 * @module
 */

import { minuteOf, visible } from "../../lib/text.ts";
import type { Connection, Context } from "../context.ts";
import { exitCodes } from "../errors.ts";
import type { LoginFlags, LogoutFlags } from "../login.ts";
import { Notices } from "../notices.ts";
import { connectionOf } from "../flags.ts";

/** A sign-in has no endpoint and region of the command line: Identity Center has its own. */
function connection({ profile }: LogoutFlags): Connection {
  return connectionOf(profile === undefined ? {} : { profile: [profile] });
}

/**
 * `ssm login`.
 * @param flags As parsed.
 * @param context The world.
 * @returns The exit code.
 * @throws AwsCallError
 */
export async function runLogin(
  flags: LoginFlags,
  context: Context,
): Promise<number> {
  // What the user has to do is no chatter: --quiet does not mean it.
  const asked = new Notices(context.terminal, { ...flags, quiet: false });
  const notices = new Notices(context.terminal, flags);
  try {
    using aws = await context.aws(connection(flags));
    const { browserUrl } = await import("../../lib/aws/mod.ts");
    const signed = await aws.ssoLogin(
      flags.force,
      (authorization, login) => {
        const { userCode } = authorization;
        const complete = browserUrl(authorization.verificationUriComplete);
        const plain = browserUrl(authorization.verificationUri);
        const who = login.sessionName ?? login.startUrl;
        asked.say(
          `Sign in for ${visible(who)} at\n\n  ${complete}\n\n` +
            `or at ${plain} with the code\n\n  ${visible(userCode)}\n\n` +
            "Confirm there only if it shows the same code. Waiting…",
        );
        if (flags.browser !== false) {
          void context.openBrowser(complete).then((opened) => {
            if (!opened) notices.detail("There is no browser to open");
          }, () => {});
        }
      },
      context.signal,
    );
    const until = minuteOf(new Date(signed.expiresAt));
    notices.say(
      (signed.fresh
        ? "Signed in"
        : "Signed in already, --force does it anew;") +
        (signed.renewable
          ? `${signed.fresh ? "," : " it is"} renewed by itself at ${until}`
          : ` until ${until}`),
    );
    return exitCodes.success;
  } finally {
    await asked.written();
    await notices.written();
  }
}

/**
 * `ssm logout`.
 * @param flags As parsed.
 * @param context The world.
 * @returns The exit code.
 * @throws AwsCallError
 */
export async function runLogout(
  flags: LogoutFlags,
  context: Context,
): Promise<number> {
  const notices = new Notices(context.terminal, flags);
  try {
    using aws = await context.aws(connection(flags));
    notices.say(
      await aws.ssoLogout(context.signal)
        ? "Signed out"
        : "There was no sign-in",
    );
    return exitCodes.success;
  } finally {
    await notices.written();
  }
}
