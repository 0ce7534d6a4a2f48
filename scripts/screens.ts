/**
 * From what a recorded terminal was sent to what it showed: `@xterm/headless` is the terminal.
 *
 * @module
 */

import xterm from "@xterm/headless";

/** What a piece of text looks like. Colours are `#rrggbb` or a number of the palette's first 16. */
export interface TextStyle {
  readonly color?: string | number;
  readonly background?: string | number;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
}

/** Neighbouring cells of one style. */
export interface TextRun {
  /** The first cell's column, from 0. */
  readonly column: number;
  /** How many cells it takes, which is more than its characters where some are wide. */
  readonly cells: number;
  readonly text: string;
  readonly style: TextStyle;
}

/** What a terminal shows from a time on. */
export interface Screen {
  /** Seconds. */
  readonly time: number;
  /** The lines from top to bottom, without blanks at their ends. */
  readonly rows: readonly (readonly TextRun[])[];
  /** Where the cursor is; `undefined` while it is hidden. */
  readonly cursor:
    | { readonly column: number; readonly row: number }
    | undefined;
}

/** What is read of a recording: its output and changes of size. */
export interface RecordedEvent {
  /** Seconds since the beginning. */
  readonly time: number;
  /** `o` and `r` count. */
  readonly code: string;
  readonly data: string;
}

/** How a recording becomes screens. */
export interface ScreenOptions {
  readonly columns: number;
  readonly rows: number;
  /** What follows sooner than so many seconds is one screen with what was before; default 0.04. */
  readonly together?: number;
  /** Pauses are cut to so many seconds; default 2. */
  readonly longestPause?: number;
}

/**
 * What the terminal showed, one screen after the other; screens that show the same are one.
 * @param events In their order.
 * @param options The terminal.
 */
export async function screensOf(
  events: Iterable<RecordedEvent> | AsyncIterable<RecordedEvent>,
  options: ScreenOptions,
): Promise<Screen[]> {
  const { together = 0.04, longestPause = 2 } = options;
  const terminal = new xterm.Terminal({
    cols: options.columns,
    rows: options.rows,
    allowProposedApi: true,
  });
  const hidden = watchCursor(terminal);
  const screens: Screen[] = [];
  let shown: string | undefined;
  let time = 0;
  let before = 0;
  let waiting = false;
  const take = () => {
    waiting = false;
    const screen = { time, ...snapshot(terminal, hidden()) };
    const shows = JSON.stringify([screen.rows, screen.cursor]);
    if (shows !== shown) screens.push(screen);
    shown = shows;
  };
  try {
    for await (const event of events) {
      const pause = Math.min(Math.max(event.time - before, 0), longestPause);
      before = event.time;
      if (waiting && pause > together) take();
      time += pause;
      if (event.code === "o") await write(terminal, event.data);
      else if (event.code === "r") {
        const [columns, rows] = event.data.split("x").map(Number);
        terminal.resize(columns || options.columns, rows || options.rows);
      } else continue;
      waiting = true;
    }
    if (waiting) take();
  } finally {
    terminal.dispose();
  }
  return screens;
}

function write(terminal: xterm.Terminal, text: string): Promise<void> {
  return new Promise((resolve) => terminal.write(text, resolve));
}

/** Whether the cursor is hidden (DECTCEM), which the library keeps to itself. */
function watchCursor(terminal: xterm.Terminal): () => boolean {
  let hidden = false;
  for (const final of ["h", "l"]) {
    terminal.parser.registerCsiHandler({ prefix: "?", final }, (params) => {
      if (params.includes(25)) hidden = final === "l";
      // The library has its own to do about it.
      return false;
    });
  }
  return () => hidden;
}

function snapshot(
  terminal: xterm.Terminal,
  hidden: boolean,
): Omit<Screen, "time"> {
  const buffer = terminal.buffer.active;
  const rows = Array.from(
    { length: terminal.rows },
    (_, row) => runsOf(buffer.getLine(buffer.viewportY + row)),
  );
  return {
    rows,
    cursor: hidden
      ? undefined
      : { column: buffer.cursorX, row: buffer.cursorY },
  };
}

function runsOf(line: xterm.IBufferLine | undefined): TextRun[] {
  const runs: {
    column: number;
    cells: number;
    text: string;
    style: TextStyle;
  }[] = [];
  for (let column = 0; column < (line?.length ?? 0); column++) {
    const cell = line?.getCell(column);
    const width = cell?.getWidth() ?? 0;
    // The second half of a wide character.
    if (cell === undefined || width === 0) continue;
    const style = styleOf(cell);
    const text = cell.getChars() || " ";
    const last = runs.at(-1);
    if (
      last !== undefined && JSON.stringify(last.style) === JSON.stringify(style)
    ) {
      last.text += text;
      last.cells += width;
    } else runs.push({ column, cells: width, text, style });
  }
  const last = runs.at(-1);
  if (last !== undefined && !("background" in last.style)) {
    const text = last.text.trimEnd();
    last.cells -= last.text.length - text.length;
    last.text = text;
  }
  return runs.filter((run) =>
    run.text.trim() !== "" || "background" in run.style ||
    run.style.underline === true
  );
}

function styleOf(cell: xterm.IBufferCell): TextStyle {
  const foreground = colorOf(
    cell.isFgDefault(),
    cell.isFgRGB(),
    cell.getFgColor(),
  );
  const background = colorOf(
    cell.isBgDefault(),
    cell.isBgRGB(),
    cell.getBgColor(),
  );
  const inverse = cell.isInverse() !== 0;
  const color = inverse ? background ?? "background" : foreground;
  const behind = inverse ? foreground ?? "foreground" : background;
  return {
    ...(color === undefined ? {} : { color }),
    ...(behind === undefined ? {} : { background: behind }),
    ...(cell.isBold() ? { bold: true } : {}),
    ...(cell.isDim() ? { dim: true } : {}),
    ...(cell.isItalic() ? { italic: true } : {}),
    ...(cell.isUnderline() ? { underline: true } : {}),
  };
}

/** A number below 16, `#rrggbb`, or nothing for the terminal's own. */
function colorOf(
  isDefault: boolean,
  isRgb: boolean,
  value: number,
): string | number | undefined {
  if (isDefault) return undefined;
  if (isRgb) return `#${value.toString(16).padStart(6, "0")}`;
  if (value < 16) return value;
  // The 6 × 6 × 6 cube and the greys of xterm's 256 colours.
  const levels = value >= 232
    ? Array(3).fill(8 + (value - 232) * 10)
    : [36, 6, 1].map((step) => {
      const level = Math.floor((value - 16) / step) % 6;
      return level === 0 ? 0 : 55 + level * 40;
    });
  return `#${
    levels.map((level) => level.toString(16).padStart(2, "0")).join("")
  }`;
}
