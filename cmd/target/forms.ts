/**
 * The forms of a target, for the help of the commands that take one.
 *
 * @module
 */

/** What a command's targets are like. */
export interface TargetForms {
  /** True where a container of ECS is a target as well. */
  readonly containers: boolean;
  /** False where tags need `tag:`. */
  readonly bareTags?: boolean;
}

/**
 * The forms, as lines of at most 80 characters.
 * @param forms What the command takes.
 */
export function targetForms(
  { containers, bareTags = true }: TargetForms,
): string {
  return [
    "Targets:",
    "  i-…, mi-…              a node's id",
    "  web-server             a Name tag, or else a DNS or computer name",
    bareTags
      ? "  Env=prod,Role=web      tags, all of them; Env:prod as well"
      : "  tag:Env=prod,Role=web  tags, all of them; always with tag: here",
    "  10.0.0.5, 2001:db8::5  a private or public address",
    "  asg:workers            an instance of an Auto Scaling group",
    ...(containers
      ? [
        "  ecs:prod/web           a container; /task, /container or both behind it",
      ]
      : []),
    "  id: name: tag: ip: dns: host: asg: in front say which of these it is. Where",
    "  several nodes are meant, a terminal asks which one.",
  ].join("\n");
}
