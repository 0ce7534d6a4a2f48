/**
 * The way to the services: proxy, names, certificates, connections. Each service is counted where
 * its connection ended, and in no other line.
 *
 * @module
 */

import type { ProbeStage } from "../../lib/io/probe.ts";
import { visible } from "../../lib/text.ts";
import { type CheckResult, type CheckStatus, result } from "./check.ts";
import type { Endpoint, ProbedEndpoint } from "./endpoints.ts";

/** Hosts that are shown of many that are alike. */
const mostShown = 3;

function failedAt(
  probed: readonly ProbedEndpoint[],
  ...stages: readonly ProbeStage[]
): readonly ProbedEndpoint[] {
  return probed.filter(({ probe }) =>
    probe.failedAt !== undefined && stages.includes(probe.failedAt)
  );
}

/** An error where sessions need one of them. */
function severity(failed: readonly ProbedEndpoint[]): CheckStatus {
  return failed.some(({ required }) => required) ? "error" : "warning";
}

/** `ssm, kms` */
function names(list: readonly Endpoint[]): string {
  return list.map(({ service }) => service).join(", ");
}

/** A line for each host: why. */
function reasons(failed: readonly ProbedEndpoint[]): string[] {
  const lines = failed.map(({ service, purpose, required, probe }) =>
    `${service} (${visible(probe.host)}): ${visible(probe.reason)}` +
    (required ? "" : `; it is ${purpose}`)
  );
  return [...new Set(lines)];
}

/** The proxy variables, as `lib/io/proxy.ts` honours them. */
const proxyVariables = ["HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY"] as const;

/**
 * Which proxy is used.
 * @param probed What came of the connections.
 * @param env Looks up a variable.
 */
export function proxyCheck(
  probed: readonly ProbedEndpoint[],
  env: (name: string) => string | undefined,
): CheckResult {
  const id = "proxy";
  const failed = failedAt(probed, "proxy");
  const [first] = failed;
  if (first !== undefined) {
    return result(id, "error", visible(first.probe.reason), {
      hints: ["export HTTPS_PROXY=http://proxy.example:3128"],
    });
  }
  const set = proxyVariables.flatMap((name) =>
    [name, name.toLowerCase()].filter((each) => env(each) !== undefined)
  );
  const through = new Set(
    probed.map(({ probe }) => probe.proxy).filter((each) => each !== undefined),
  );
  const direct = probed.filter(({ probe }) => probe.proxy === undefined);
  const differing = proxyVariables.find((name) => {
    const [upper, under] = [env(name), env(name.toLowerCase())];
    return upper !== undefined && under !== undefined && upper !== under;
  });
  if (through.size === 0) {
    return result(
      id,
      "ok",
      set.length === 0
        ? "none: no variable names one"
        : `none is used: ${set.join(", ")} ${
          set.length === 1 ? "does" : "do"
        } not apply to these hosts`,
    );
  }
  const summary =
    `${visible([...through].join(", "))}, by ${
      set.filter((name) => !/^http_/i.test(name)).join(", ")
    }` +
    (direct.length === 0 ? "" : `; directly to ${names(direct)} by NO_PROXY`);
  return differing === undefined ? result(id, "ok", summary) : result(
    id,
    "warning",
    `${differing} and ${differing.toLowerCase()} differ: we use ${differing}, ` +
      "other programs may not",
    { details: [summary], hints: [`unset ${differing.toLowerCase()}`] },
  );
}

/**
 * Whether the hosts' names are found.
 * @param probed What came of the connections.
 */
export function nameCheck(probed: readonly ProbedEndpoint[]): CheckResult {
  const id = "dns";
  const failed = failedAt(probed, "name");
  if (failed.length > 0) {
    const host = failed[0]?.probe.host.replace(/:\d+$/, "") ?? "";
    return result(
      id,
      severity(failed),
      `${names(failed)}: the name is not found`,
      {
        details: [
          ...reasons(failed),
          "a wrong region, no connection, or a VPC endpoint without private DNS",
        ],
        hints: [`nslookup ${visible(host)}`],
      },
    );
  }
  const looked = probed.filter(({ probe }) => probe.addresses.length > 0);
  if (looked.length === 0) {
    return probed.some(({ probe }) => probe.proxy !== undefined)
      ? result(id, "ok", "the proxy looks the names up")
      : result(id, "skipped", "not checked: no connection got so far");
  }
  const inVpc = looked.filter(({ probe }) => probe.addresses.some(isPrivate));
  return result(
    id,
    "ok",
    `${names(looked)} found` +
      (inVpc.length === 0
        ? ""
        : `; ${names(inVpc)} at private addresses, as VPC endpoints have`),
    {
      details: [
        ...new Set(
          looked.filter(({ probe: { host, addresses } }) =>
            !addresses.some((address) => host.startsWith(address))
          ).map(({ probe: { host, addresses } }) =>
            `${visible(host)}: ${addresses.slice(0, mostShown).join(", ")}`
          ),
        ),
      ],
    },
  );
}

/** RFC 1918 and RFC 4193. */
function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])/.test(address);
}

/**
 * Whether the services' certificates are trusted, and by whom.
 * @param probed What came of the connections.
 */
export function certificateCheck(
  probed: readonly ProbedEndpoint[],
): CheckResult {
  const id = "tls";
  const failed = failedAt(probed, "bundle", "tls");
  const [first] = failed;
  if (first !== undefined) {
    const { failedAt: stage, reason, certificate } = first.probe;
    if (stage === "bundle") {
      return result(id, "error", visible(reason), {
        hints: ["export AWS_CA_BUNDLE=/path/to/your-ca.pem"],
      });
    }
    return result(
      id,
      severity(failed),
      certificate === undefined
        ? `${names(failed)}: ${visible(reason)}`
        : `${
          names(failed)
        }: the certificate is not trusted; it was issued by ` +
          visible(certificate.issuer),
      {
        details: [
          ...reasons(failed),
          ...(certificate === undefined ||
              /^Amazon/.test(certificate.issuerOrganisation)
            ? []
            : [
              "a proxy that opens connections has an authority of its own: name its certificate",
            ]),
        ],
        hints: ["export AWS_CA_BUNDLE=/path/to/your-ca.pem"],
      },
    );
  }
  const trusted = probed.filter(({ probe }) => probe.trusted !== undefined);
  if (trusted.length === 0) {
    const plain = probed.filter(({ probe }) => probe.failedAt === undefined);
    return plain.length === 0
      ? result(id, "skipped", "not checked: no connection was made")
      : result(id, "ok", "none: the endpoints are not https");
  }
  const others = trusted.filter(({ probe }) => probe.trusted !== "built in");
  if (others.length === 0) {
    return result(id, "ok", "trusted by the built-in authorities");
  }
  const issuers = new Set(
    others.map(({ probe }) => probe.certificate?.issuer)
      .filter((issuer) => issuer !== undefined),
  );
  const by = others.some(({ probe }) => probe.trusted === "named")
    ? "AWS_CA_BUNDLE, ca_bundle or SSL_CERT_FILE"
    : "the system's store";
  return result(
    id,
    "ok",
    `trusted by ${by}` +
      (issuers.size === 0
        ? ""
        : `; issued by ${
          visible([...issuers].join(", "))
        }, so somebody on the way may open ` +
          "the connections"),
  );
}

/**
 * Whether the services answer.
 * @param list All of them.
 * @param probed What came of the connections.
 */
export function reachCheck(
  list: readonly Endpoint[],
  probed: readonly ProbedEndpoint[],
): CheckResult {
  const id = "network";
  const failed = failedAt(probed, "connect", "answer");
  if (failed.length > 0) {
    const proxy = failed[0]?.probe.proxy;
    const url = failed[0]?.url ?? "";
    return result(
      id,
      severity(failed),
      `${names(failed)}: no connection`,
      {
        details: reasons(failed),
        hints: [
          `curl -sv -o /dev/null ${
            proxy === undefined ? "--noproxy '*' " : ""
          }${visible(url)}`,
        ],
      },
    );
  }
  const answered = probed.filter(({ probe }) => probe.failedAt === undefined);
  if (answered.length === 0) {
    return result(id, "skipped", "not checked: no connection got so far");
  }
  const untold = list.filter(({ url, required }) =>
    url === undefined && required
  );
  return result(
    id,
    "ok",
    answered.map(({ service, probe }) =>
      `${service} ${Math.max(1, Math.round(probe.elapsed))} ms`
    ).join(", "),
    {
      details: untold.length === 0 ? [] : [
        `${
          names(untold)
        }: StartSession tells where with an endpoint of your own; ` +
        "--session tries it",
      ],
    },
  );
}

/** So far apart, clocks are off, in milliseconds. */
const noticedSkew = 60_000;
/** So far apart, AWS refuses signatures, in milliseconds (its SigV4 pages). */
const refusedSkew = 5 * 60_000;

/**
 * Whether this machine's clock is right.
 * @param offset The services' clocks minus ours, in milliseconds.
 */
export function clockCheck(offset: number | undefined): CheckResult {
  const id = "clock";
  if (offset === undefined) {
    return result(id, "skipped", "not checked: no service told its time");
  }
  const size = Math.abs(offset);
  if (size < noticedSkew) {
    return result(
      id,
      "ok",
      size < 2000
        ? "right, to the second"
        : `${seconds(size)} ${
          offset > 0 ? "behind" : "ahead of"
        } the services'`,
    );
  }
  return result(
    id,
    "warning",
    `this computer's clock is ${seconds(size)} ${
      offset > 0 ? "behind" : "ahead of"
    } the services'`,
    {
      details: [
        size < refusedSkew
          ? "AWS refuses signatures that are more than 5 minutes off"
          : "AWS refuses signatures so far off; ssm makes up for it, other programs may not",
      ],
      hints: [
        Deno.build.os === "windows"
          ? "w32tm /resync"
          : Deno.build.os === "darwin"
          ? "sudo sntp -sS time.apple.com"
          : "sudo timedatectl set-ntp true",
      ],
    },
  );
}

function seconds(milliseconds: number): string {
  const whole = Math.round(milliseconds / 1000);
  return whole < 120 ? `${whole} s` : `${Math.round(whole / 60)} min`;
}
