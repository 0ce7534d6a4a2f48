import assert from "node:assert/strict";
import {
  type RecordedEvent,
  type Screen,
  screensOf,
} from "../../scripts/screens.ts";

const size = { columns: 20, rows: 3 };

function output(time: number, data: string): RecordedEvent {
  return { time, code: "o", data };
}

/** Lines as plain text, blanks where no run is. */
function lines(screen: Screen | undefined): string[] {
  return (screen?.rows ?? []).map((runs) =>
    runs.reduce((line, run) => line.padEnd(run.column) + run.text, "")
  );
}

Deno.test("screens: what comes together is one, what shows the same is none", async () => {
  const screens = await screensOf([
    output(0, "a"),
    output(0.01, "b\r\n"),
    output(0.5, "c"),
    output(1, "\x1b[0m"),
    output(1.5, "d"),
    { time: 2, code: "i", data: "typed" },
    { time: 2, code: "m", data: "marked" },
  ], size);
  assert.deepEqual(
    screens.map((screen) => [screen.time, lines(screen)]),
    [
      [0.01, ["ab", "", ""]],
      [0.5, ["ab", "c", ""]],
      [1.5, ["ab", "cd", ""]],
    ],
  );
  assert.deepEqual(screens.at(-1)?.cursor, { column: 2, row: 1 });
});

Deno.test("screens: long pauses are cut, and times that go back are none", async () => {
  const screens = await screensOf(
    [output(0, "a"), output(60, "b"), output(59, "c"), output(61, "d")],
    { ...size, longestPause: 3 },
  );
  assert.deepEqual(screens.map((screen) => [screen.time, lines(screen)[0]]), [
    [0, "a"],
    [3, "abc"],
    [5, "abcd"],
  ]);
});

Deno.test("screens: it is a terminal: moves, erasing, scrolling, the other screen, a new size", async () => {
  const last = async (data: string, more: RecordedEvent[] = []) =>
    lines((await screensOf([output(0, data), ...more], size)).at(-1));
  assert.deepEqual(await last("12345\x1b[3D\x1b[K\x1b[2;4Hx"), [
    "12",
    "   x",
    "",
  ]);
  assert.deepEqual(await last("1\r\n2\r\n3\r\n4"), ["2", "3", "4"]);
  assert.deepEqual(await last("1\x1b[?1049hfull"), [" full", "", ""]);
  assert.deepEqual(await last("1\x1b[?1049hfull\x1b[?1049l2"), ["12", "", ""]);
  assert.deepEqual(
    await last("1", [{ time: 1, code: "r", data: "10x2" }, output(1, "\r\n2")]),
    ["1", "2"],
  );
});

Deno.test("screens: styles, colours, wide characters and the cursor", async () => {
  const [screen] = await screensOf([
    output(
      0,
      "\x1b[1;31mred\x1b[0m \x1b[38;5;208mo\x1b[48;2;1;2;3mx\x1b[0m\r\n" +
        "\x1b[7mi\x1b[0m日本x\x1b[4m \x1b[0m   \x1b[?25l",
    ),
  ], size);
  assert.deepEqual(screen?.rows[0], [
    { column: 0, cells: 3, text: "red", style: { color: 1, bold: true } },
    { column: 4, cells: 1, text: "o", style: { color: "#ff8700" } },
    {
      column: 5,
      cells: 1,
      text: "x",
      style: { color: "#ff8700", background: "#010203" },
    },
  ]);
  assert.deepEqual(screen?.rows[1], [
    {
      column: 0,
      cells: 1,
      text: "i",
      style: { color: "background", background: "foreground" },
    },
    { column: 1, cells: 5, text: "日本x", style: {} },
    { column: 6, cells: 1, text: " ", style: { underline: true } },
  ]);
  assert.equal(screen?.cursor, undefined);
});
