import { withoutDefaults } from '../protocol/card-canonical.ts';
import type { AgentCard } from '../protocol/v1.ts';

/** Paths of what is empty in the card as it is signed. */
export function emptyWhenSigned(card: AgentCard): string[] {
  return emptyPaths(withoutDefaults(card));
}

/**
 * Paths of what is empty and yet signed. Some libraries drop it before they verify, against §8.4.1, and then find the
 * signature wrong.
 */
export function emptyPaths(value: unknown, path = ''): string[] {
  if (value === '') return [path];
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value);
  if (entries.length === 0) return [path];
  return entries.flatMap(([key, item]) => {
    const step = Array.isArray(value) ? `[${key}]` : `${path === '' ? '' : '.'}${key}`;
    return emptyPaths(item, `${path}${step}`);
  });
}
