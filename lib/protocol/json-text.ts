import { ParseError } from './errors.ts';

/** Reads the text of a body (RFC 8259), or says what is `wanted` instead. A byte order mark is no JSON. */
export function readJson(
  text: string,
  wanted: string,
): { readonly value: unknown } | { readonly error: ParseError } {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { error: new ParseError(`Invalid JSON payload: ${whyNoJson(text, wanted)}`) };
  }
}

function whyNoJson(text: string, wanted: string): string {
  if (text.trim() === '') return `the body is empty, send a ${wanted}`;
  if (text.startsWith('\ufeff')) return 'the body begins with a byte order mark, leave it out';
  return `send one ${wanted}`;
}
