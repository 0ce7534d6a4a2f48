/**
 * What the program may do. The reasons stand in scripts/permissions.ts, which makes the executable
 * and the table of docs/security.md of this.
 *
 * @module
 */

/** The flags of `deno run` and `deno compile`. Whatever is not listed is refused without asking. */
export const permissionFlags = [
  "--allow-net",
  "--allow-env",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-sys=osRelease,homedir,uid",
] as const;
