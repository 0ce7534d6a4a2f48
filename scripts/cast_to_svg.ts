/**
 * A recorded terminal (asciicast version 2 or 3) as a picture:
 * `deno run -A scripts/cast_to_svg.ts demo.cast demo.svg [--still]`.
 *
 * @module
 */

import { readCast } from "../lib/cast/reader.ts";
import { screensOf } from "./screens.ts";
import { svgOf } from "./svg.ts";

/** What the picture looks like. */
export interface PictureOptions {
  /** For those who do not see it; the recording's own title if nothing is said. */
  readonly title?: string;
  /** True for the last screen alone. */
  readonly still?: boolean;
}

/**
 * Draws a recording.
 * @param cast The file's bytes, however they are cut.
 * @param options What it looks like.
 * @returns The SVG.
 * @throws CastError For a damaged recording.
 */
export async function castToSvg(
  cast: AsyncIterable<Uint8Array>,
  options: PictureOptions = {},
): Promise<string> {
  const { header, events } = await readCast(cast);
  const size = { columns: header.width, rows: header.height };
  const screens = await screensOf(events, {
    ...size,
    ...(header.idleTimeLimit === undefined
      ? {}
      : { longestPause: header.idleTimeLimit }),
  });
  return svgOf(screens, {
    ...size,
    title: options.title ?? header.title ?? "A recorded terminal",
    still: options.still ?? false,
  });
}

if (import.meta.main) {
  const [from, to, still] = Deno.args;
  if (from === undefined || to === undefined) {
    console.error("Usage: scripts/cast_to_svg.ts <cast> <svg> [--still]");
    Deno.exit(2);
  }
  const file = await Deno.open(from);
  await Deno.writeTextFile(
    to,
    await castToSvg(file.readable, { still: still === "--still" }),
  );
}
