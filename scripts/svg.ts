/**
 * Screens as a picture: an SVG that plays by itself, without a script in it. Each line of text stands
 * there once for the time that it is shown, and CSS shows it at that time; where animations are not
 * wanted (`prefers-reduced-motion`) or not played, it is the last screen.
 *
 * @module
 */

import type { Screen, TextRun, TextStyle } from "./screens.ts";

/** What the picture looks like. */
export interface SvgOptions {
  readonly columns: number;
  readonly rows: number;
  /** For those who do not see it. */
  readonly title: string;
  /** How long the last screen stays, in seconds; default 4. */
  readonly hold?: number;
  /** True for the last screen alone. */
  readonly still?: boolean;
}

/** Size of the letters and of a cell, and the space around; pixels. */
const fontSize = 14;
const cellWidth = 8.4;
const cellHeight = 19;
const margin = 14;

/** Whatever the font, `textLength` holds it to the cells. */
const fonts =
  "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace";

const foreground = "#e6edf3";
const behind = "#0d1117";

/** The first 16 colours, readable on the background. */
const palette = [
  ...["#484f58", "#ff7b72", "#3fb950", "#d29922"],
  ...["#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4"],
  ...["#6e7681", "#ffa198", "#56d364", "#e3b341"],
  ...["#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff"],
];

/** Something that is shown for a while. */
interface Shown {
  readonly svg: string;
  /** Seconds; `to` is `undefined` for what stays to the end. */
  readonly from: number;
  readonly to: number | undefined;
}

/**
 * Draws screens.
 * @param screens In the order of their times.
 * @param options What it looks like.
 */
export function svgOf(
  screens: readonly Screen[],
  options: SvgOptions,
): string {
  const { columns, rows, hold = 4, still = false } = options;
  // What was there first was there before anybody looked.
  const drawn = (still ? screens.slice(-1) : screens).map((screen, at) =>
    at === 0 ? { ...screen, time: 0 } : screen
  );
  const length = (drawn.at(-1)?.time ?? 0) + hold;
  const width = number(columns * cellWidth + 2 * margin);
  const height = number(rows * cellHeight + 2 * margin);
  const layers = [
    ...Array.from(
      { length: rows },
      (_, row) =>
        shownOf(drawn, (screen) => rowSvg(screen.rows[row] ?? [], row)),
    ),
    shownOf(drawn, cursorSvg),
  ];
  const animations = new Animations(length);
  const body = layers.flat().map((shown) => animations.group(shown)).join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${escape(options.title)}</title>
<style>
text{font:${fontSize}px ${fonts};white-space:pre;fill:${foreground}}
.b{font-weight:bold}.d{opacity:.6}.i{font-style:italic}.u{text-decoration:underline}
${animations.style()}</style>
<rect width="100%" height="100%" rx="8" fill="${behind}"/>
<g transform="translate(${margin} ${margin})" xml:space="preserve">
${body}
</g>
</svg>
`;
}

/** What one part of the screen shows, and when; nothing where it is empty. */
function shownOf(
  screens: readonly Screen[],
  draw: (screen: Screen) => string,
): Shown[] {
  const shown: Shown[] = [];
  let current: { svg: string; from: number } | undefined;
  for (const screen of screens) {
    const svg = draw(screen);
    if (current !== undefined && svg === current.svg) continue;
    if (current !== undefined) shown.push({ ...current, to: screen.time });
    current = { svg, from: screen.time };
  }
  if (current !== undefined) shown.push({ ...current, to: undefined });
  return shown.filter(({ svg }) => svg !== "");
}

/** The CSS that shows each group at its time; groups of the same time share it. */
class Animations {
  readonly #length: number;
  readonly #classes = new Map<string, string>();
  readonly #rules: string[] = [];

  constructor(length: number) {
    this.#length = length;
  }

  group({ svg, from, to }: Shown): string {
    if (from === 0 && to === undefined) return svg;
    const times = `${this.#percent(from)} ${
      to === undefined ? "" : this.#percent(to)
    }`;
    let name = this.#classes.get(times);
    if (name === undefined) {
      name = `a${this.#classes.size}`;
      this.#classes.set(times, name);
      const end = to === undefined ? "" : `${this.#percent(to)}{opacity:0}`;
      const start = from === 0 ? "" : "0%{opacity:0}";
      this.#rules.push(
        `@keyframes ${name}{${start}${this.#percent(from)}{opacity:1}${end}` +
          `${to === undefined ? "100%{opacity:1}" : "100%{opacity:0}"}}`,
        `.${name}{animation-name:${name}}`,
      );
    }
    return `<g class="s${to === undefined ? " e" : ""} ${name}">${svg}</g>`;
  }

  style(): string {
    if (this.#rules.length === 0) return "";
    return `.s{opacity:0;animation:${
      number(this.#length)
    }s step-end infinite}.e{opacity:1}
${this.#rules.join("\n")}
@media (prefers-reduced-motion:reduce){.s{animation:none}}
`;
  }

  #percent(time: number): string {
    return `${number(time / this.#length * 100, 3)}%`;
  }
}

function rowSvg(runs: readonly TextRun[], row: number): string {
  const top = row * cellHeight;
  return runs.map((run) => {
    const x = number(run.column * cellWidth);
    const width = number(run.cells * cellWidth);
    const box = run.style.background === undefined
      ? ""
      : `<rect x="${x}" y="${top}" width="${width}" height="${cellHeight}" ` +
        `fill="${colour(run.style.background)}"/>`;
    if (run.text.trim() === "" && run.style.underline !== true) return box;
    const classes = classesOf(run.style);
    return box + `<text x="${x}" y="${top + fontSize}" textLength="${width}"` +
      (classes === "" ? "" : ` class="${classes}"`) +
      (run.style.color === undefined
        ? ""
        : ` style="fill:${colour(run.style.color)}"`) +
      `>${escape(run.text)}</text>`;
  }).join("");
}

function cursorSvg({ cursor }: Screen): string {
  return cursor === undefined
    ? ""
    : `<rect x="${number(cursor.column * cellWidth)}" y="${
      cursor.row * cellHeight
    }" width="${cellWidth}" height="${cellHeight}" fill="${foreground}" ` +
      `opacity=".5"/>`;
}

function classesOf(style: TextStyle): string {
  return [
    style.bold ? "b" : "",
    style.dim ? "d" : "",
    style.italic ? "i" : "",
    style.underline ? "u" : "",
  ].filter((each) => each !== "").join(" ");
}

function colour(value: string | number): string {
  if (value === "foreground") return foreground;
  if (value === "background") return behind;
  return typeof value === "number" ? palette[value] ?? foreground : value;
}

/** A number without a tail of zeros. */
function number(value: number, digits = 2): string {
  return String(Number(value.toFixed(digits)));
}

/** Text in XML, without what XML cannot hold. */
function escape(text: string): string {
  return text
    // deno-lint-ignore no-control-regex
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
