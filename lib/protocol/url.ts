/**
 * A text as a URL; undefined where it is none. For texts of clients, in place of `URL.canParse`: once that is optimised, it
 * refuses each host with letters such as `ü` (Node 20).
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
