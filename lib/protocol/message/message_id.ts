/**
 * UUIDs: 16 bytes in the order of RFC 4122 inside the program, lower-case text in JSON, halves
 * swapped on the wire (data-channel.md §2; the swapping is client_message.ts's).
 *
 * @module
 */

const hex: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/**
 * Makes 16 random bytes a UUID v4, in place.
 *
 * @param bytes 16 fresh random bytes.
 */
export function toUuidV4(bytes: Uint8Array): Uint8Array {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes;
}

/**
 * The text form: lower-case hex with hyphens.
 *
 * @param bytes At least `offset` + 16 bytes.
 */
export function uuidText(bytes: Uint8Array, offset = 0): string {
  let text = "";
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += "-";
    text += hex[bytes[offset + i]!]!;
  }
  return text;
}

/** The characters of each byte's two digits, one behind the other. */
const digits = new Uint8Array(512);
for (const [byte, text] of hex.entries()) {
  digits[2 * byte] = text.charCodeAt(0);
  digits[2 * byte + 1] = text.charCodeAt(1);
}
const HYPHEN = 0x2d;

/**
 * Writes half of the text form, 8 bytes as 18 characters: `xxxxxxxx-xxxx-xxxx` of the first half,
 * `-xxxx-xxxxxxxxxxxx` of the second, which begins with its hyphen.
 *
 * @param bytes Has the 8 bytes from `from` on.
 * @param target Has 18 bytes of room from `at` on.
 * @param second True for the second half.
 */
export function writeUuidText(
  bytes: Uint8Array,
  from: number,
  target: Uint8Array,
  at: number,
  second: boolean,
): void {
  for (let i = 0; i < 8; i++) {
    if (second ? i === 0 || i === 2 : i === 4 || i === 6) target[at++] = HYPHEN;
    const byte = bytes[from + i]!;
    target[at++] = digits[2 * byte]!;
    target[at++] = digits[2 * byte + 1]!;
  }
}

/**
 * The 16 bytes of a UUID in text form.
 *
 * @throws {TypeError} If the text is not 8-4-4-4-12 hex digits.
 */
export function uuidBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new TypeError("Cannot read UUID: it is not 8-4-4-4-12 hex digits");
  }
  const digits = text.replaceAll("-", "");
  return Uint8Array.from(
    { length: 16 },
    (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}
