/**
 * HTTP/1.1 heads on a raw connection (RFC 9112): as much as a WebSocket upgrade and a proxy's
 * CONNECT need.
 *
 * @module
 */

/** The first line and the headers of a request or response. */
export interface HttpHead {
  /** The first line without its end, as `HTTP/1.1 101 Switching Protocols`. */
  readonly startLine: string;
  /** Names in lower case; the values of a repeated one joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** What was read beyond the head. */
  readonly rest: Uint8Array;
}

/** The largest head taken, in bytes: as much as large servers allow. */
const maxHead = 64 * 1024;

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Reads one head.
 *
 * @param conn Where to read.
 * @param initial Bytes that were read already.
 * @throws {Error} The connection ended early, or what came is no head or too large; the message
 * is the second half of a sentence.
 */
export async function readHead(
  conn: Pick<Deno.Conn, "read">,
  initial: Uint8Array = new Uint8Array(),
): Promise<HttpHead> {
  let buffer = new Uint8Array(4096 + initial.length);
  buffer.set(initial);
  let length = initial.length;
  for (let searched = 0;;) {
    const end = endOfHead(buffer.subarray(0, length), searched);
    if (end >= 0) {
      const text = latin1(buffer.subarray(0, end - 4));
      return parseHead(text, buffer.slice(end, length));
    }
    searched = Math.max(0, length - 3);
    if (length >= maxHead) {
      throw new Error(`the HTTP head is larger than ${maxHead} bytes`);
    }
    if (length === buffer.length) {
      const grown = new Uint8Array(Math.min(maxHead, 2 * length));
      grown.set(buffer);
      buffer = grown;
    }
    const count = await conn.read(buffer.subarray(length));
    if (count === null) {
      throw new Error(
        length === 0
          ? "the connection was closed before an answer"
          : "the connection was closed in the middle of the HTTP head",
      );
    }
    length += count;
  }
}

/**
 * The status of a response's first line.
 *
 * @param startLine The first line.
 * @throws {Error} It is none of HTTP/1; the message is the second half of a sentence.
 */
export function statusOf(startLine: string): number {
  const match = /^HTTP\/1\.[01] ([1-9][0-9]{2})(?: |$)/.exec(startLine);
  if (match === null) throw new Error("the answer is not HTTP");
  return Number(match[1]);
}

/**
 * Whether a header that holds a list has this element, in any case.
 *
 * @param value The header's value.
 * @param element The element, in lower case.
 */
export function listHas(value: string | undefined, element: string): boolean {
  return (value ?? "").split(",").some((one) =>
    one.trim().toLowerCase() === element
  );
}

/**
 * A head as it goes out.
 *
 * @param startLine The first line.
 * @param headers The headers, in order.
 * @throws {TypeError} A name or value would break the head apart.
 */
export function encodeHead(
  startLine: string,
  headers: Readonly<Record<string, string>>,
): Uint8Array {
  const lines = [startLine];
  for (const [name, value] of Object.entries(headers)) {
    if (!token.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new TypeError(
        `Cannot send HTTP header ${
          JSON.stringify(name)
        }: its name or value has characters that a header may not have`,
      );
    }
    lines.push(`${name}: ${value}`);
  }
  const text = lines.join("\r\n") + "\r\n\r\n";
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * Writes all bytes.
 *
 * @param conn Where to write.
 * @param bytes What to write.
 */
export async function writeAll(
  conn: Pick<Deno.Conn, "write">,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

/** The index after CR LF CR LF, or -1. */
function endOfHead(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(13, from); at >= 0;) {
    if (
      bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10
    ) return at + 4;
    at = bytes.indexOf(13, at + 1);
  }
  return -1;
}

function parseHead(text: string, rest: Uint8Array): HttpHead {
  const [startLine = "", ...lines] = text.split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    if (!token.test(name)) {
      throw new Error("the HTTP head has a line that is no header");
    }
    const key = name.toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return { startLine, headers: Object.fromEntries(headers), rest };
}

function latin1(bytes: Uint8Array): string {
  // TextDecoder's "latin1" is windows-1252, which changes 0x80 to 0x9f.
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}
