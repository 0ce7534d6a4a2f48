/**
 * Paths from URLs.
 *
 * @module
 */

/**
 * The path of a file URL.
 * @param url With the scheme `file:`.
 */
export function fromFileUrl(url: URL): string {
  const path = decodeURIComponent(url.pathname);
  return Deno.build.os === "windows" ? path.replace(/^\//, "") : path;
}
