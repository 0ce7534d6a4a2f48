/**
 * How far a copy is, in a line.
 *
 * @module
 */

import type { Tally } from "../../lib/copy/tally.ts";
import { visible } from "../../lib/text.ts";

/** Characters of the bar. */
const barLength = 20;
/** Characters of a file's name. */
const nameLength = 24;
/** How much of the rate is the last second's: what is left is of those before. */
const freshness = 0.3;

/** The line, and the rate that it is made with. */
export class ProgressLine {
  #rate: number | undefined;
  #before = 0;

  /**
   * The line for now.
   *
   * @param tally How far it is.
   * @param seconds Since the last line.
   * @param cols How many characters it may have.
   */
  next(tally: Tally, seconds: number, cols?: number): string {
    const moved = tally.done - tally.found;
    if (seconds > 0) {
      const now = Math.max(0, moved - this.#before) / seconds;
      this.#rate = this.#rate === undefined
        ? now
        : freshness * now + (1 - freshness) * this.#rate;
    }
    this.#before = moved;
    return progressLine(tally, this.#rate ?? 0, cols);
  }
}

/**
 * A line of progress.
 *
 * @param tally How far it is.
 * @param rate Bytes a second.
 * @param cols How many characters it may have: what matters least is left out, and no word is cut.
 */
export function progressLine(
  tally: Tally,
  rate: number,
  cols = Infinity,
): string {
  const { total, done, files, filesDone, current } = tally;
  const name = files > 1
    ? `${filesDone}/${files} files`
    : shortName(visible(current));
  const speed = `${size(rate)}/s`;
  const fitting = (...choices: readonly (readonly string[])[]) =>
    choices.map(joined).find(({ length }) => length <= cols) ??
      joined(choices.at(-1) ?? []);
  if (total === undefined) {
    return fitting([name, size(done), speed], [name, size(done)], [size(done)]);
  }
  const share = total === 0 ? 0 : Math.min(1, done / total);
  const full = Math.floor(share * barLength);
  const bar = `[${"#".repeat(full)}${"-".repeat(barLength - full)}]`;
  const left = rate > 0 ? `${time((total - done) / rate)} left` : "";
  const percent = `${Math.floor(100 * share)}%`;
  const amount = `${size(done)} of ${size(total)}`;
  return fitting(
    [name, `${bar} ${percent}`, amount, speed, left],
    [name, percent, amount, speed, left],
    [name, percent, speed, left],
    [name, percent, left],
    [name, percent],
    [percent],
  );
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("  ");
}

/** The last part of a path, and of that the end. */
function shortName(path: string): string {
  const name = path.split("/").at(-1) ?? "";
  return name.length <= nameLength ? name : `…${name.slice(1 - nameLength)}`;
}

const units = ["B", "kB", "MB", "GB", "TB"] as const;

/**
 * A number of bytes with a unit, of powers of ten.
 * @param bytes How many.
 */
export function size(bytes: number): string {
  let value = Math.max(0, bytes), unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/**
 * A time as a clock shows it: `0:07`, `12:30`, `3:05:00`.
 * @param seconds How many.
 */
export function time(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}
