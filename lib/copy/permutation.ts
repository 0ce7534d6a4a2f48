/**
 * What the agent's filter does to bytes, and the way around it (sessions.md §2.5, pitfalls.md §2.9).
 *
 * The filter takes two bytes out of each `ef bf bd`, and nothing else as long as text follows. So
 * bytes of files are sent as they are; how many came tells whether some were taken, and then the node
 * sends them once more with every byte replaced by another, as drawn by lot: `tr`, which every Unix
 * has. 128 KiB of any content have 131 070 of the 16 777 216 sequences of three bytes at most, so the
 * lot hits one of them with a probability below 0.8 %, and so does content that is itself random.
 *
 * @module
 */

/** Every byte's replacement; each occurs once. */
export type Permutation = Uint8Array;

/**
 * Draws one.
 *
 * @param random As many random bytes as asked for.
 */
export function drawPermutation(
  random: (length: number) => Uint8Array,
): Permutation {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const draws = random(4 * 256);
  const view = new DataView(draws.buffer, draws.byteOffset, draws.length);
  for (let last = 255; last > 0; last--) {
    const other = view.getUint32(4 * last) % (last + 1);
    [bytes[last], bytes[other]] = [bytes[other]!, bytes[last]!];
  }
  return bytes;
}

/** What `tr '\000-\377'` takes for it, of characters that a shell leaves alone in single quotes. */
export function translation(permutation: Permutation): string {
  return [...permutation]
    .map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}

/** Puts the bytes back that {@linkcode translation} replaced, in place. */
export function undo(permutation: Permutation, bytes: Uint8Array): void {
  const back = new Uint8Array(256);
  permutation.forEach((to, from) => back[to] = from);
  for (let at = 0; at < bytes.length; at++) bytes[at] = back[bytes[at]!]!;
}
