/**
 * The calls to AWS as they are really made.
 *
 * @module
 */

import type {
  Aws as AwsInstance,
  AwsSettings,
  Sought,
} from "../lib/aws/mod.ts";
import { systemClock } from "../lib/io/clock.ts";
import type { Logger } from "../lib/log/log.ts";
import type { SessionGrant } from "../lib/session/control.ts";
import type {
  Clock,
  OpenTransport,
  Terminal,
} from "../lib/session/transport.ts";
import { visible } from "../lib/text.ts";
import { version } from "../lib/version.ts";
import { withTarget } from "./target/target.ts";

import type {
  AwsAccess,
  Connection,
  Elsewhere,
  SessionRequest,
  StartedSession,
} from "./aws_access.ts";

/** Sessions of one page of DescribeSessions (api.md §4). */
const longestSessionPage = 200;

/** What each command's sessions are run by. */
const sessionCode: Readonly<Record<string, () => Promise<unknown>>> = {
  "ssm shell": () => import("../lib/session/shell.ts"),
  "ssm exec": () => import("../lib/session/remote_command.ts"),
  "ssm forward": () => import("../lib/session/forward.ts"),
  "ssm ssh-proxy": () => import("../lib/session/stdio_session.ts"),
  "ssm cp": () => import("../lib/copy/copy.ts"),
};

/**
 * The real calls. Nothing is called yet.
 * @param connection Where and as whom.
 * @param world The terminal, which asks for the codes of MFA devices; what ends such a question;
 * the log, which hears of calls and connections; and who names the profile.
 */
export async function openAwsAccess(
  connection: Connection,
  { terminal, signal, log, profileSource }: {
    readonly terminal: Terminal;
    readonly signal: AbortSignal;
    readonly log: Logger;
    readonly profileSource: string | undefined;
  },
): Promise<AwsAccess> {
  const {
    Aws,
    AwsCallError,
    isHere,
    namesOrNone,
    runNodeCommand,
    soughtBy,
    streamHosts,
  } = await import("../lib/aws/mod.ts");
  /** The command that starts anew, once a session has the terminal. */
  let again: string | undefined;
  const env = (name: string) => Deno.env.get(name);
  const settings: AwsSettings = {
    profile: connection.profile,
    profileSource,
    region: connection.region,
    endpointUrl: connection.endpointUrl,
    ssmEndpointUrl: connection.ssmEndpointUrl,
    version,
    log,
    mfaCode: async (serial) => {
      // Keys are the session's then, whose output the question would stand in the middle of.
      if (again !== undefined || connection.signature !== undefined) {
        throw new AwsCallError({
          action: "credentials",
          code: "NoMfaCode",
          kind: "expired-credentials",
          reason: `those of the MFA device ${visible(serial)} have expired, ` +
            "and no code can be asked for while a session has the terminal",
          hints: again === undefined ? [] : [again],
        });
      }
      const { askMfaCode } = await import("./mfa_prompt.ts");
      const code = await askMfaCode(terminal, serial, signal);
      log.secret(code);
      return code;
    },
    trust: {
      async named(caBundle) {
        const { namedCertificates } = await import("../lib/io/trust.ts");
        return await namedCertificates({ env, caBundle });
      },
      async system() {
        const { systemCertificates } = await import("../lib/io/trust.ts");
        return await systemCertificates();
      },
    },
  };
  return accessOf(new Aws(settings), connection);

  function accessOf(aws: AwsInstance, connection: Connection): AwsAccess {
    // All that can fail without a session comes before there is one.
    const openStream = async () => {
      const [{ openTransport }, { caBundle }] = await Promise.all([
        import("../lib/io/web_socket.ts"),
        aws.resolved(),
      ]);
      const { transport: kind } = connection;
      const open = openTransport({ kind, clock: systemClock, env, caBundle });
      if (log.level === 0) return open;
      const { logTraffic } = await import("../lib/session/traffic_log.ts");
      return logTraffic(open, log, systemClock);
    };
    const adopt = (
      grant: SessionGrant,
      target: string,
      openTransport: OpenTransport,
      notice: (message: string) => void,
    ): StartedSession => ({
      grant,
      control: aws.sessionControl({
        sessionId: grant.sessionId,
        target,
        openTransport,
        streamHosts: streamHosts(connection.streamHosts, env),
        notice,
        signature: connection.signature,
      }),
    });
    /** What both ways to start have in common; `text` is the target as it would be typed. */
    const begin = async (
      use: Pick<SessionRequest, "command" | "rest" | "typed">,
      text: string,
      start: () => Promise<SessionGrant>,
      target: string,
      notice: (message: string) => void,
    ): Promise<StartedSession> => {
      const open = await openStream();
      // The session's own code loads while AWS answers.
      sessionCode[use.command]?.().catch(() => {});
      const grant = await start();
      again = withTarget(text, { ...use, connection });
      return adopt(grant, target, open, notice);
    };
    const elsewhere = async (
      sought: Sought,
      signal: AbortSignal,
    ): Promise<Elsewhere> => ({
      region: (await aws.resolved().catch(() => undefined))?.region,
      regions: await aws.findElsewhere(sought, signal),
    });
    return {
      resolveTarget: (text, signal, grammar) =>
        aws.resolveTarget(text, signal, grammar),
      scope: (signal) => aws.scope(signal),
      lookUp: (step, signal) => aws.lookUp(step, signal),
      nearNames: (name, signal) => aws.nearNames(name, signal),
      listNodes: (limit, signal) => aws.listNodes(limit, signal),
      startSession: (request, notice, signal) =>
        begin(
          request,
          request.target,
          () => aws.ssm.startSession(request, signal),
          request.target,
          notice,
        ),
      resolveContainer: (spec, signal) => aws.resolveContainer(spec, signal),
      executeCommand: (request, notice, signal) => {
        const { container, commandLine, target } = request;
        const start = async () => {
          const { grant } = await aws.ecs.executeCommand({
            cluster: container.clusterArn,
            task: container.taskArn,
            container: container.spec.container,
            command: commandLine,
          }, signal);
          return grant;
        };
        return begin(request, target, start, container.id, notice);
      },
      adoptSession: async (grant, target, notice) => {
        log.secret(grant.tokenValue);
        return adopt(grant, target, await openStream(), notice);
      },
      nodes: (filters, signal) =>
        aws.ssm.describeInstanceInformation(filters, signal),
      inventory: (tags, signal) => aws.inventory(tags, signal),
      namesOf: (ids, signal) =>
        namesOrNone(
          { namesOf: (ids, signal) => aws.ec2.namesOf(ids, signal) },
          ids,
          signal,
        ),
      runCommand: aws.runCommand,
      runNodeCommand: (request, signal) =>
        runNodeCommand(request, aws.runCommand, systemClock, signal),
      callerIdentity: (signal) => aws.sts.getCallerIdentity(signal),
      sessions: (state, filters, limit, signal) =>
        aws.ssm.describeSessions(
          state,
          filters,
          signal,
          Math.min(limit, longestSessionPage),
        ),
      terminateSession: (id, signal) => aws.ssm.terminateSession(id, signal),
      sendSshKey: (request, signal) =>
        aws.ec2InstanceConnect.sendSshPublicKey(request, signal),
      signIn: (signal) => aws.signIn(signal),
      ssoLogin: (force, onPending, signal) =>
        aws.sso.signIn({
          force,
          onPending,
          now: () => systemClock.now(),
          sleep: sleepOn(systemClock),
        }, signal),
      ssoLogout: async (signal) => (await aws.sso.signOut(signal)).removed,
      origin: async () => ({
        region: await aws.region(),
        endpointUrl: aws.ssmEndpoint ?? "",
      }),
      regions: (signal) => aws.regions(signal),
      inRegion: (region) =>
        accessOf(aws.inRegion(region), {
          ...connection,
          region,
          allRegions: false,
        }),
      async diagnose(id, signal) {
        const facts = await aws.diagnose(id, signal);
        const { regions, region } = isHere(facts)
          ? { regions: [], region: undefined }
          : await elsewhere([{ key: "InstanceIds", values: [id] }], signal);
        return { facts, region, elsewhere: regions };
      },
      async findElsewhere(target, signal) {
        const sought = soughtBy(target);
        return sought === undefined
          ? { region: undefined, regions: [] }
          : await elsewhere(sought, signal);
      },
      [Symbol.dispose]: () => aws.close(),
    };
  }
}

/** A sleep on a clock; rejects when the signal aborts. */
function sleepOn(
  clock: Clock,
): (milliseconds: number, signal: AbortSignal) => Promise<void> {
  return async (milliseconds, signal) => {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = clock.setTimer(milliseconds, resolve);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      cancel();
      signal.removeEventListener("abort", onAbort);
    }
  };
}
