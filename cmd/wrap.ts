/**
 * Text in lines, broken between words.
 *
 * @module
 */

/**
 * A text's words in lines of at most so many characters, unless a word is longer.
 * @param text One paragraph.
 * @param columns How many.
 */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
