/**
 * The little XML that EC2's and STS's answers need.
 *
 * @module
 */

/** An element's content: text, members in order, or a list of `item`s; `undefined` leaves it out. */
export type XmlContent =
  | string
  | number
  | undefined
  | readonly XmlContent[]
  | { readonly [name: string]: XmlContent };

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/**
 * Escapes text for XML. Control characters that XML 1.0 forbids become U+FFFD.
 *
 * @param text Any text.
 */
export function escapeXml(text: string): string {
  return text
    // deno-lint-ignore no-control-regex -- XML 1.0 §2.2 forbids exactly these
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (c) => entities[c] ?? c)
    .replace(/\r/g, "&#xD;");
}

/**
 * Writes one element and what is in it; an array becomes `<name><item>…</item>…</name>`, as EC2
 * writes lists.
 *
 * @param name The element's name.
 * @param content What is in it.
 */
export function xmlElement(name: string, content: XmlContent): string {
  if (content === undefined) return "";
  return `<${name}>${xmlContent(content)}</${name}>`;
}

/**
 * Writes what stands inside an element.
 *
 * @param content Text, members or items.
 */
export function xmlContent(content: XmlContent): string {
  if (content === undefined) return "";
  if (typeof content === "string") return escapeXml(content);
  if (typeof content === "number") return String(content);
  if (Array.isArray(content)) {
    return content.map((item) => xmlElement("item", item)).join("");
  }
  return Object.entries(content)
    .map(([name, inner]) => xmlElement(name, inner)).join("");
}
