/**
 * All checks of `ssm doctor`, each as soon as it can be made, and said in their order.
 *
 * @module
 */

import {
  parseSessionPreferences,
  type SessionPreferences,
} from "../../lib/aws/session_preferences.ts";
import type { Context } from "../context.ts";
import type { DoctorOptions } from "../doctor.ts";
import { exitCodes } from "../errors.ts";
import {
  encryptionCheck,
  type KeyOutcome,
  loggingCheck,
  type PreferencesOutcome,
  sessionRulesCheck,
} from "./account_checks.ts";
import type { DoctorCalls } from "./calls.ts";
import {
  acceptedCredentials,
  type CheckResult,
  result,
  skipped,
  worst,
} from "./check.ts";
import { clockOffset, endpoints, probeEndpoints } from "./endpoints.ts";
import { credentialCheck, regionCheck } from "./identity_checks.ts";
import { attempt, callShown, heard } from "./limited.ts";
import {
  certificateCheck,
  clockCheck,
  nameCheck,
  proxyCheck,
  reachCheck,
} from "./network_checks.ts";
import { askPermissions, permissionCheck } from "./permission_check.ts";
import { Report } from "./report.ts";
import { targetChecks, type TargetWorld } from "./target_checks.ts";
import { connectionArguments } from "../target/target.ts";
import { upgradeCheck, upgradeUrl } from "./upgrade_check.ts";

/**
 * Checks everything and says what was found.
 * @param options What is asked for.
 * @param context The world.
 * @returns The exit code.
 */
export async function runDoctor(
  options: DoctorOptions,
  context: Context,
): Promise<number> {
  using calls = await context.doctor(options.connection);
  const checks = startChecks(options, context, calls);
  const report = new Report(options, context);
  const results: CheckResult[] = [];
  for (const check of checks) {
    const found = await check;
    results.push(found);
    await report.check(found);
  }
  await report.end(results);
  return worst(results) === "error"
    ? exitCodes.sessionFailed
    : exitCodes.success;
}

/** Starts all of them; each waits for those that it needs, and none for another one. */
function startChecks(
  options: DoctorOptions,
  context: Context,
  calls: DoctorCalls,
): readonly Promise<CheckResult>[] {
  const { connection } = options;
  const { clock, signal } = context;
  const env = (name: string) => context.env(name);
  const now = () => clock.wall?.() ?? clock.now();
  const ask = <Value>(run: (signal: AbortSignal) => Promise<Value>) =>
    attempt(run, clock, signal);

  const settings = ask(() => calls.settings());
  const region = settings.then((outcome) =>
    outcome.ok ? outcome.value.region : undefined
  );
  const credentials = ask(() => calls.credentials());
  const identity = whenRegion(async () =>
    (await credentials).ok
      ? await ask((signal) => calls.identity(signal))
      : undefined
  );
  const caller = identity.then((outcome) =>
    outcome?.ok ? outcome.value : undefined
  );
  const list = whenRegion(async () => {
    const found = await ask(() => endpoints(calls, env));
    return found.ok ? found.value : undefined;
  });
  const probed = list.then((found) =>
    found === undefined ? undefined : probeEndpoints(found, calls, signal)
  );
  const offset = probed.then((found) =>
    found === undefined ? undefined : clockOffset(found)
  );
  const preferences = whenCaller(async (): Promise<PreferencesOutcome> => {
    const read = await ask((signal) => calls.preferences(signal));
    return read.ok
      ? { ok: true, value: preferencesOf(read.value) }
      : { ok: false, error: read.error };
  });
  const target: TargetWorld = {
    options,
    context,
    calls,
    ask,
    ready: heard(caller.then((found) => found !== undefined)),
    now,
  };
  const checked = targetChecks(target);
  const key = preferences.then(async (found): Promise<KeyOutcome> => {
    const id = found?.ok ? found.value?.kmsKeyId : undefined;
    const node = await checked.node ?? "i-00000000000000000";
    return id === undefined
      ? undefined
      : await ask((signal) =>
        calls.tryKey(id, {
          "aws:ssm:SessionId": "ssm-doctor-0123456789abcdef0",
          "aws:ssm:TargetId": node,
        }, signal)
      );
  });
  const permissions = Promise.all([caller, region]).then(
    async ([found, where]) =>
      found === undefined || where === undefined ? undefined : await ask(
        async (signal) =>
          await askPermissions(
            {
              identity: found,
              region: where,
              node: await checked.node,
              documentName: options.documentName,
            },
            calls,
            signal,
          ),
      ),
  );
  const upgrade = Promise.all([list, probed, caller, offset]).then(
    async ([all, found, who, skew]) => {
      const service = all?.find(({ service }) => service === "ssmmessages");
      if (service?.url === undefined) return "its address";
      const probe = found?.find(({ service }) => service === "ssmmessages")
        ?.probe;
      if (probe?.failedAt !== undefined) return "a connection to ssmmessages";
      if (who === undefined) return acceptedCredentials;
      const url = upgradeUrl(service.url, who);
      return await ask((signal) => calls.upgrade(url, skew ?? 0, signal));
    },
  );

  const checks: Promise<CheckResult>[] = [
    settings.then((found) => regionCheck(found, connection, env)),
    Promise.all([credentials, identity]).then(([found, who]) =>
      credentialCheck(found, who, now())
    ),
    onNetwork("proxy", (found) => proxyCheck(found, env)),
    onNetwork("dns", nameCheck),
    onNetwork("tls", certificateCheck),
    Promise.all([list, probed]).then(([all, found]) =>
      all === undefined || found === undefined
        ? skipped("network", "a region")
        : reachCheck(all, found)
    ),
    offset.then(clockCheck),
    Promise.all([upgrade, permissions]).then(([outcome, asked]) =>
      typeof outcome === "string"
        ? skipped("websocket", outcome)
        : upgradeCheck(
          outcome,
          asked?.ok === true &&
            asked.value.verdicts.get("ssmmessages:OpenDataChannel") ===
              "denied",
        )
    ),
    Promise.all([permissions, upgrade, preferences, checked.shown]).then(
      ([asked, opened, read, shown]) =>
        asked === undefined
          ? skipped("permissions", acceptedCredentials)
          : permissionCheck(
            asked,
            new Map([
              ...shown,
              ...(typeof opened !== "string" && opened.ok
                ? [["ssmmessages:OpenDataChannel", "allowed"] as const]
                : []),
              ...callShown("ssm:GetDocument", read),
            ]),
            {
              target: options.target,
              flags: connectionArguments(connection),
            },
          ),
    ),
    ...checked.checks,
    onPreferences("logging", loggingCheck),
    Promise.all([preferences, key]).then(([found, tried]) =>
      found === undefined
        ? skipped("encryption", acceptedCredentials)
        : encryptionCheck(found, tried)
    ),
    onPreferences("sessions", sessionRulesCheck),
    calls.plugins().then(pluginCheck),
  ];
  return checks.map(heard);

  async function whenRegion<Value>(
    run: () => Promise<Value>,
  ): Promise<Value | undefined> {
    return await region === undefined ? undefined : await run();
  }

  async function whenCaller<Value>(
    run: () => Promise<Value>,
  ): Promise<Value | undefined> {
    return await caller === undefined ? undefined : await run();
  }

  async function onNetwork(
    id: string,
    check: (found: NonNullable<Awaited<typeof probed>>) => CheckResult,
  ): Promise<CheckResult> {
    const found = await probed;
    return found === undefined ? skipped(id, "a region") : check(found);
  }

  async function onPreferences(
    id: string,
    check: (found: PreferencesOutcome) => CheckResult,
  ): Promise<CheckResult> {
    const found = await preferences;
    return found === undefined
      ? skipped(id, acceptedCredentials)
      : check(found);
  }
}

function preferencesOf(
  content: string | undefined,
): SessionPreferences | undefined {
  return content === undefined ? undefined : parseSessionPreferences(content);
}

function pluginCheck(paths: readonly string[]): CheckResult {
  return result(
    "plugin",
    "ok",
    paths.length === 0
      ? "session-manager-plugin is not installed, and not needed"
      : "session-manager-plugin is installed; ssm does not need it",
    { details: paths },
  );
}
