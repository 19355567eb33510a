import type { Metadata } from './log.ts';
import type { Part } from '../protocol/v1.ts';

/** What a part may carry beside its content. */
export interface PartOptions {
  /** Media type of the content, such as `text/markdown`. */
  mediaType?: string;
  /** Name the receiver may save it under. */
  filename?: string;
  metadata?: Metadata;
}

/** A part of text (§4.1.6). */
export function text(content: string, options: PartOptions = {}): Part {
  return { text: content, ...options };
}

/**
 * A part that is a file: bytes are sent inline, a URL is sent as it is and never fetched (§4.1.6).
 *
 * Inline bytes are stored with the task and sent to every reader: use a URL for large files.
 */
export function file(content: Uint8Array | URL, options: PartOptions = {}): Part {
  if (content instanceof URL) return { url: content.href, ...options };
  const { buffer, byteOffset, byteLength } = content;
  return { raw: Buffer.from(buffer, byteOffset, byteLength).toString('base64'), ...options };
}

/** A part of structured data: any JSON value (§4.1.6). */
export function data(content: unknown, options: PartOptions = {}): Part {
  return { data: content, ...options };
}
