import { createHash } from 'node:crypto';
import type { Message } from '../protocol/v1.ts';

/** Two messages with the same digest are the same send; ids that the server filled in do not count (§3.3.1). */
export function messageDigest(message: Message): string {
  const { messageId, role, parts, metadata, extensions, referenceTaskIds } = message;
  const text = canonical({ messageId, role, parts, metadata, extensions, referenceTaskIds });
  return createHash('sha256').update(text).digest('base64url');
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, it: unknown) =>
    typeof it === 'object' && it !== null && !Array.isArray(it)
      ? Object.fromEntries(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1)))
      : it,
  );
}
