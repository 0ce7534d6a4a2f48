/**
 * The real calls of `ssm doctor`.
 *
 * @module
 */

import { Aws } from "../../lib/aws/aws.ts";
import { credentialSource } from "../../lib/aws/credential_words.ts";
import { preferencesDocument } from "../../lib/aws/session_preferences.ts";
import { streamHosts } from "../../lib/aws/stream_url.ts";
import { systemClock } from "../../lib/io/clock.ts";
import { probe } from "../../lib/io/probe.ts";
import { namedCertificates, systemCertificates } from "../../lib/io/trust.ts";
import { openTransport } from "../../lib/io/web_socket.ts";
import type { Terminal } from "../../lib/session/transport.ts";
import { version } from "../../lib/version.ts";
import type { Connection, Context } from "../context.ts";
import { pluginsOnPath } from "../plugin/on_path.ts";
import { ownProgram } from "../plugin/own_program.ts";
import type { DoctorCalls } from "./calls.ts";

/** How long a WebSocket may take to open, in milliseconds. */
const upgradeLimit = 10_000;

/**
 * Opens them. Nothing is called yet.
 * @param connection Where and as whom.
 * @param terminal Asks for the codes of MFA devices.
 * @param context The environment, the end of questions, the log, which hears of calls, and who
 * names the profile.
 */
export function openDoctorCalls(
  connection: Connection,
  terminal: Terminal,
  context: Pick<Context, "env" | "signal" | "log" | "profileSource">,
): DoctorCalls {
  const env = (name: string) => Deno.env.get(name);
  const aws = new Aws({
    profile: connection.profile,
    profileSource: context.profileSource,
    region: connection.region,
    endpointUrl: connection.endpointUrl,
    ssmEndpointUrl: connection.ssmEndpointUrl,
    version,
    log: context.log,
    mfaCode: async (serial) => {
      const { askMfaCode } = await import("../mfa_prompt.ts");
      const code = await askMfaCode(terminal, serial, context.signal);
      context.log.secret(code);
      return code;
    },
    trust: {
      named: (caBundle) => namedCertificates({ env, caBundle }),
      system: systemCertificates,
    },
  });
  const transports = async (timeout?: number) => {
    const { caBundle } = await aws.resolved();
    return openTransport({
      kind: connection.transport,
      clock: systemClock,
      env,
      caBundle,
      ...(timeout === undefined ? {} : { timeout }),
    });
  };
  return {
    settings: () => aws.resolved(),
    async credentials() {
      const [credentials, settings] = await Promise.all([
        aws.credentials.get(),
        aws.resolved(),
      ]);
      return {
        source: credentialSource(credentials, settings),
        expiration: credentials.expiration,
      };
    },
    identity: (signal) => aws.sts.getCallerIdentity(signal),
    endpoint: (service) => aws.endpointOf(service),
    async probe(url, signal) {
      const { caBundle } = await aws.resolved();
      return await probe({ url, env, caBundle, clock: systemClock, signal });
    },
    async upgrade(url, clockOffset, signal) {
      const [open, headers] = await Promise.all([
        transports(upgradeLimit),
        aws.signUpgrade(url, new Date(Date.now() + clockOffset)),
      ]);
      const transport = await open({ url, headers, signal });
      await transport.close(1000, "");
    },
    simulate: (principal, question, signal) =>
      aws.iam.simulate(principal, question, signal),
    roleArn: (name, signal) => aws.iam.roleArn(name, signal),
    resolveTarget: (text, signal) => aws.resolveTarget(text, signal),
    resolveContainer: (spec, signal) => aws.resolveContainer(spec, signal),
    diagnose: (id, signal) => aws.diagnose(id, signal),
    connectionStatus: (id, signal) => aws.ssm.getConnectionStatus(id, signal),
    findElsewhere: (sought, signal) => aws.findElsewhere(sought, signal),
    preferences: (signal) => aws.documentContent(preferencesDocument, signal),
    tryKey: (keyId, pairs, signal) => aws.kms.tryDataKey(keyId, pairs, signal),
    async startSession(request, notice, signal) {
      // All that can fail without a session comes before there is one.
      const open = await transports();
      const grant = await aws.ssm.startSession(request, signal);
      return {
        grant,
        control: aws.sessionControl({
          sessionId: grant.sessionId,
          target: request.target,
          openTransport: open,
          streamHosts: streamHosts(connection.streamHosts, env),
          notice,
        }),
      };
    },
    async plugins() {
      const found = await pluginsOnPath(context, ownProgram());
      return found.filter(({ kin }) => kin === "foreign")
        .map(({ path }) => path);
    },
    [Symbol.dispose]: () => aws.close(),
  };
}
