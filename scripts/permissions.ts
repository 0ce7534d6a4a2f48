/**
 * What the executable may do, and why. The only list: `compile.ts` makes the flags of it, and a
 * test compares it with the table of docs/security.md and with the task that runs the demo.
 *
 * @module
 */

import { permissionFlags } from "../cmd/permissions.ts";

/** One permission of the executable. */
export interface Permission {
  /** The flag of `deno compile` and `deno run`. */
  readonly flag: string;
  /** Why it is needed, and why not less. */
  readonly reason: string;
}

/** Why each is needed. */
const reasons: Readonly<Record<typeof permissionFlags[number], string>> = {
  "--allow-net":
    "The AWS APIs, the session's WebSocket, a proxy; the hosts follow from region, endpoint and target, so none can be fixed beforehand. `ssm forward` listens on this machine, the simulator on 127.0.0.1",
  "--allow-env":
    "Credentials, region, endpoints, proxy settings (`AWS_*`, `HTTPS_PROXY`, …), and the environment that programs started by `ssm forward` and `ssm simulate` inherit",
  "--allow-read":
    "The AWS configuration and credentials files, cached sign-ins, certificate bundles; your configuration and a repository's `ssm.json`; files for `ssm cp`, `ssm exec --script` and `ssm play`; they lie below a home directory that is not known when the executable is made, or wherever you or a variable say",
  "--allow-write":
    "A sign-in that was refreshed is written back to the AWS cache folder, or the next command would need a new one; the Unix sockets of `ssm forward` and of fresh SSH keys; what `ssm cp` brings; ssh's configuration for `ssm ssh-config --write`; the link of `ssm plugin install`; your configuration, and what was looked up, chosen and confirmed; recordings and logs",
  "--allow-run":
    "`credential_process`, which may be anything; the command given to `ssm forward` or `ssm simulate`; another `ssm` for `ssm forward -f`; `ssh` for `ssm ssh`; your editor for `ssm config edit`; `open`, `xdg-open` or `rundll32.exe`, which show the page of `ssm login`; the official plugin for `--no-native`; `lsof`, `ss` or `netstat` with `tasklist`, which tell who has a port that is in use; `stty`, which takes newline translation out of raw mode (`-opost`) and tells the size of a terminal that no standard stream leads to; `sh` with `cat` or `ps` for `~^Z`, which stops our own process group where a shell can continue it; `script`, `stty`, `ps` and the shell of a simulated node",
  "--allow-sys=osRelease,homedir,uid":
    "The AWS SDK names the operating system's release in its requests, and asks for user and home directory where `HOME` is not set",
};

/** The executable's permissions. Whatever is not listed is refused without asking. */
export const executablePermissions: readonly Permission[] = permissionFlags.map(
  (flag) => ({ flag, reason: reasons[flag] }),
);

/**
 * Under `deno run` the simulator's terminal comes from a native module, which needs one more. The
 * executable does not contain that module.
 */
export const nativeTerminalPermission = "--allow-ffi";
