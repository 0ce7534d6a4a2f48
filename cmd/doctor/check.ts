/**
 * What `ssm doctor` finds out, one thing at a time.
 *
 * @module
 */

/**
 * - `ok`: it is as it should be;
 * - `warning`: something does not work, or will not for long, and sessions do;
 * - `error`: sessions do not work;
 * - `unknown`: it could not be asked, and nothing says that it is wrong;
 * - `skipped`: something that is said elsewhere stands in its way.
 */
export type CheckStatus = "ok" | "warning" | "error" | "unknown" | "skipped";

/** One line of the report, and what belongs to it. */
export interface CheckResult {
  /** A word that stays the same: `credentials`. */
  readonly id: string;
  readonly status: CheckStatus;
  /** What was found, without a full stop; foreign text in it has been made visible. */
  readonly summary: string;
  /** More lines of the kind. */
  readonly details: readonly string[];
  /** Commands that can be pasted. */
  readonly hints: readonly string[];
}

/**
 * Makes a result.
 * @param id Whose.
 * @param status How it is.
 * @param summary What was found.
 * @param more Details and hints.
 */
export function result(
  id: string,
  status: CheckStatus,
  summary: string,
  more: Partial<Pick<CheckResult, "details" | "hints">> = {},
): CheckResult {
  return {
    id,
    status,
    summary,
    details: more.details ?? [],
    hints: more.hints ?? [],
  };
}

/**
 * A check that another one's failure stands in the way of.
 * @param id Whose.
 * @param needs What it would need, `credentials`.
 */
export function skipped(id: string, needs: string): CheckResult {
  return result(id, "skipped", `not checked: it needs ${needs}`);
}

/** What most checks need, for {@linkcode skipped}. */
export const acceptedCredentials = "credentials that AWS accepts";

/**
 * The worst of some results, as far as an exit code and a headline are concerned.
 * @param results All of them.
 */
export function worst(
  results: readonly CheckResult[],
): "ok" | "warning" | "error" {
  if (results.some(({ status }) => status === "error")) return "error";
  return results.some(({ status }) => status === "warning") ? "warning" : "ok";
}
