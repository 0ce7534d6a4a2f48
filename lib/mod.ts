/**
 * AWS SSM Session Manager without the plugin, as a library: what the commands are made of.
 *
 * A session has four parts: {@linkcode Aws} starts it, {@linkcode openTransport} carries it,
 * {@linkcode runShell} speaks the protocol, and a {@linkcode Terminal} is its user. A
 * {@linkcode Forward} has listeners in place of a terminal, and starts its sessions itself;
 * {@linkcode RemoteCommand} runs a command and tells its outputs and exit code.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Aws, openTransport, runShell, systemClock, type Terminal } from "./mod.ts";
 * import { defaultOptions, startSimulator } from "./simulator/mod.ts";
 *
 * // A Session Manager on this machine stands in for AWS; its nodes need a Unix.
 * if (Deno.build.os !== "windows") {
 *   await using simulator = await startSimulator({
 *     ...defaultOptions,
 *     pace: "fast",
 *     shell: ["/bin/sh", "-c", "echo hello from the node"],
 *   });
 *   for (const [name, value] of Object.entries(simulator.environment)) {
 *     Deno.env.set(name, value);
 *   }
 *   const env = (name: string) => Deno.env.get(name);
 *
 *   using aws = new Aws({ version: "1.0.0", env });
 *   const node = await aws.resolveTarget("web-server");
 *   const grant = await aws.ssm.startSession({ target: node.id });
 *
 *   let printed = "";
 *   const terminal: Terminal = {
 *     interactive: false,
 *     size: () => ({ cols: 80, rows: 24 }),
 *     raw: () => ({ [Symbol.dispose]() {} }),
 *     read: () => Promise.resolve(undefined),
 *     unread: () => {},
 *     write: async (bytes) => void (printed += new TextDecoder().decode(bytes)),
 *     writeError: async () => {},
 *     onResize: () => ({ [Symbol.dispose]() {} }),
 *     suspend: async () => {},
 *   };
 *   const end = await runShell({
 *     grant,
 *     control: aws.sessionControl({
 *       sessionId: grant.sessionId,
 *       target: node.id,
 *       openTransport: openTransport({ kind: "native", clock: systemClock, env }),
 *       streamHosts: [],
 *       notice: () => {},
 *     }),
 *     terminal,
 *     clock: systemClock,
 *     escape: undefined,
 *     signal: new AbortController().signal,
 *     notify: () => {},
 *   });
 *   assert.equal(end.kind, "ended");
 *   assert.match(printed, /hello from the node/);
 * }
 * ```
 *
 * @module
 */

export {
  AmbiguousContainerError,
  AmbiguousTargetError,
  Aws,
  AwsCallError,
  type AwsErrorKind,
  type AwsSettings,
  ContainerNotFoundError,
  ContainerNotReadyError,
  type EcsSpec,
  InvalidTargetError,
  parseEcsSpec,
  type ResolvedContainer,
  type ResolvedTarget,
  type SessionControlOptions,
  type StartSessionRequest,
  StreamUrlError,
  type TargetCandidate,
  TargetNotFoundError,
} from "./aws/mod.ts";
export { systemClock } from "./io/clock.ts";
export {
  ListenError,
  listenLocal,
  listenTcp,
  PortInUseError,
} from "./io/local_listener.ts";
export { openTerminal, type ProcessTerminal } from "./io/terminal.ts";
export { namedCertificates, systemCertificates } from "./io/trust.ts";
export { openTransport, type WebSocketOptions } from "./io/web_socket.ts";
export { Backlog } from "./session/backlog.ts";
export {
  ControlError,
  type ControlFailure,
  type DataKey,
  type SessionControl,
  type SessionGrant,
} from "./session/control.ts";
export {
  type CommandEnd,
  CommandSession,
  type CommandSessionOptions,
  type OutputStream,
} from "./session/command_session.ts";
export {
  type CommandLine,
  commandLineWords,
  commandSessionRequest,
  type CommandWay,
  RemoteCommand,
  type RemoteCommandEnd,
  type RemoteCommandOptions,
} from "./session/remote_command.ts";
export {
  Forward,
  type ForwardNotice,
  type ForwardOptions,
  type GrantedSession,
} from "./session/forward.ts";
export type { PortEnd, PortStats } from "./session/port_end.ts";
export { PortStartError } from "./session/port_session.ts";
export {
  runShell,
  type SessionEnd,
  type SessionNotice,
  type ShellOptions,
  SignalError,
} from "./session/shell.ts";
export {
  type Clock,
  type LocalAddress,
  type LocalConnection,
  type LocalListener,
  type OpenTransport,
  type Terminal,
  type TerminalSize,
  type Transport,
  type TransportClose,
  TransportError,
  type TransportRequest,
  UpgradeRefusedError,
} from "./session/transport.ts";
