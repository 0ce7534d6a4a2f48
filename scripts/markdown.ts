/**
 * Reads Markdown as far as the checks of the documentation need it.
 *
 * @module
 */

/**
 * Lists a text's link targets, images included; code is left out.
 *
 * @param text The Markdown text.
 * @returns The targets as written: `docs/architecture.md#names`, `https://…`.
 */
export function linksOf(text: string): string[] {
  const prose = text
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, "")
    .replace(/`[^`\n]*`/g, "");
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)];
  const reference = [...prose.matchAll(/^\s*\[[^\]]+\]:\s+(\S+)/gm)];
  return [...inline, ...reference].map((match) => match[1] ?? "");
}

/**
 * Lists the anchors of a text's headings, as GitHub makes them.
 *
 * @param text The Markdown text.
 */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  const prose = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, "");
  for (const [, heading = ""] of prose.matchAll(/^#{1,6}\s+(.*)$/gm)) {
    const base = heading
      .replace(/\]\([^)]*\)/g, "")
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    let anchor = base;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${base}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/**
 * Lists the cells of the first table below a heading, without its head.
 *
 * @param text The Markdown text.
 * @param heading The heading's text.
 * @returns Rows of cells, blanks around them removed.
 */
export function tableUnder(text: string, heading: string): string[][] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) =>
    /^#/.test(line) && line.replace(/^#+\s+/, "").trim() === heading
  );
  if (start < 0) return [];
  const first = lines.findIndex((line, i) => i > start && line.startsWith("|"));
  if (first < 0) return [];
  const rows: string[][] = [];
  for (const line of lines.slice(first + 2)) {
    if (!line.startsWith("|")) break;
    rows.push(
      line.replace(/^\||\|\s*$/g, "").split(/(?<!\\)\|/).map((cell) =>
        cell.trim()
      ),
    );
  }
  return rows;
}

/**
 * Lists the fenced blocks of a text.
 *
 * @param text The Markdown text; fences may be indented by blanks, as in lists.
 * @returns What stands behind the fence, as `sh try`, and the block's text without the fences'
 * indentation, with a line break at its end.
 */
export function fencedBlocks(
  text: string,
): { readonly info: string; readonly text: string }[] {
  const blocks = text.matchAll(
    /^([ ]*)(`{3,}|~{3,})([^\n`]*)\n([\s\S]*?)^\1\2[ ]*$/gm,
  );
  return [...blocks].map(([, indent = "", , info = "", body = ""]) => ({
    info: info.trim(),
    text: indent === ""
      ? body
      : body.replace(new RegExp(`^ {0,${indent.length}}`, "gm"), ""),
  }));
}
