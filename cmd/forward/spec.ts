/**
 * What `ssm forward` is to forward, from the command line: `--remote` and `--local`, `-L` as with
 * ssh, and ports as with kubectl. Pure; nothing is listened on here.
 *
 * @module
 */

import { shellQuote, visible } from "../../lib/text.ts";
import { UsageError } from "../errors.ts";
import {
  type ForwardSpec,
  looksLikePorts,
  parsePorts,
  parseRemote,
  parseSsh,
  portAt,
} from "./forms.ts";
import { bindRule, type LocalSpec, parseLocal } from "./local.ts";
import { refusal, type Typed } from "./parts.ts";

export type { ForwardSpec } from "./forms.ts";
export type { LocalHosts, LocalSpec } from "./local.ts";

/** What the command line says. */
export interface ForwardArguments {
  /** As typed, a prefix such as `name:` with it; `undefined` when it is not given. */
  readonly target: string | undefined;
  /** At least one. */
  readonly specs: readonly ForwardSpec[];
}

/** The flags that say what to forward. */
export interface ForwardFlags {
  /** `--remote`: a port of the node, or host:port behind it. */
  readonly remote?: string | undefined;
  /** `--local`: a port, address:port or unix:path. */
  readonly local?: string | undefined;
  /** Every `-L`. */
  readonly forward?: readonly string[] | undefined;
  /** `--bind`: an address to listen on that others can reach. */
  readonly bind?: string | undefined;
}

/** A forward, and what the user typed for it. */
interface Parsed {
  readonly typed: Typed;
  readonly spec: ForwardSpec;
}

/**
 * Reads the arguments and flags of `ssm forward`. The first argument is the target unless it is
 * ports; a prefix (`name:8080`) makes it one whatever it looks like.
 *
 * @param positionals The arguments.
 * @param flags The flags.
 * @throws UsageError
 */
export function parseForwardArguments(
  positionals: readonly string[],
  flags: ForwardFlags,
): ForwardArguments {
  const [first] = positionals;
  const target = first === undefined || looksLikePorts(first)
    ? undefined
    : first;
  const pairs = target === undefined ? positionals : positionals.slice(1);
  const command = "ssm forward" +
    (target === undefined ? "" : ` ${shellQuote(target)}`);
  const typed = (text: string): Typed => ({ text, command });
  const { remote, local, forward = [], bind } = flags;
  const rule = bindRule(typed(`--bind ${shellQuote(bind ?? "")}`), bind);
  const localTyped = typed(`--local ${shellQuote(local ?? "")}`);
  if (local !== undefined && remote === undefined) {
    throw refusal(
      localTyped,
      "--remote, which says what to forward, is not given",
      `--remote 80 --local ${shellQuote(local)}`,
    );
  }
  const parsed: Parsed[] = [];
  if (remote !== undefined) {
    const from = typed(`--remote ${shellQuote(remote)}`);
    const far = parseRemote(from, remote);
    const near: LocalSpec = local === undefined
      ? portAt(rule)
      : parseLocal(localTyped, local, rule, remote);
    parsed.push({
      typed: local === undefined ? from : localTyped,
      spec: { ...far, local: near },
    });
  }
  for (const text of forward) {
    const from = typed(`-L ${shellQuote(text)}`);
    parsed.push({ typed: from, spec: parseSsh(from, text, rule) });
  }
  for (const text of pairs) {
    const from = typed(`the argument ${shellQuote(text)}`);
    parsed.push({ typed: from, spec: parsePorts(from, text, rule) });
  }
  if (parsed.length === 0) throw nothingToForward(command, target);
  refuseDuplicates(parsed);
  return { target, specs: parsed.map(({ spec }) => spec) };
}

function nothingToForward(command: string, target = ""): UsageError {
  // As other programs write a host and its port.
  const withPort = /^(ecs:.*|[^:]+):(\d+)$/s.exec(target);
  if (withPort !== null) {
    const [, name = "", port = ""] = withPort;
    return new UsageError(
      `Cannot forward: ${visible(target)} is no target; its port is said apart`,
      [`ssm forward ${shellQuote(name)} --remote ${port}`],
    );
  }
  // A target may be called anything, so this is noticed only where it cannot be all there is.
  if (/:.*:\d+$/.test(target)) {
    return new UsageError(
      `Cannot forward: ${visible(target)} is taken for the target; ` +
        "a forward in that form follows -L",
      [`ssm forward -L ${shellQuote(target)}`],
    );
  }
  return new UsageError("Cannot forward: no port is given", [
    `${command} --remote 80 --local 8080`,
    `${command} 8080:80`,
    `${command} -L 5432:db.internal:5432`,
  ]);
}

/** Two forwards cannot listen in one place, and the second would fail only when it is opened. */
function refuseDuplicates(parsed: readonly Parsed[]): void {
  for (const [at, { typed, spec }] of parsed.entries()) {
    const earlier = parsed.slice(0, at).find((each) =>
      overlap(each.spec.local, spec.local)
    );
    if (earlier === undefined) continue;
    const { local } = spec;
    throw refusal(
      typed,
      `${
        local.kind === "unix" ? visible(local.path) : `port ${local.port}`
      } is asked for twice, first by ${earlier.typed.text}`,
    );
  }
}

function overlap(a: LocalSpec, b: LocalSpec): boolean {
  if (a.kind === "unix" || b.kind === "unix") {
    return a.kind === "unix" && b.kind === "unix" &&
      plainPath(a.path) === plainPath(b.path);
  }
  if (a.port !== b.port || a.port === 0) return false;
  const every = (host: string) => host === "0.0.0.0" || host === "::";
  const ofA = [...a.hosts, ...a.optionalHosts];
  const ofB = [...b.hosts, ...b.optionalHosts];
  return ofA.some(every) || ofB.some(every) ||
    ofA.some((host) => ofB.includes(host));
}

/** Without what a path may have in it and mean the same. */
function plainPath(path: string): string {
  return path.replace(/\/(\.?\/)+/g, "/").replace(/^(\.\/)+/, "");
}
