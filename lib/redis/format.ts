import { StorageError } from '../core/storage.ts';

/**
 * The format of what is stored: field `v` of entries, checkpoints and webhooks; absent is 1. What a process of an older
 * version may overlook keeps the number, all else raises it (docs/decisions/0019).
 */
const FORMAT = 1;

/** What was stored as JSON. Throws a StorageError for a newer format: it is refused, and neither guessed nor left out. */
export function parseStored(json: string): object {
  const parsed = JSON.parse(json) as object; // we wrote it
  if (hasKnownFormat(parsed)) return parsed;
  throw new StorageError(
    'unavailable',
    'Redis holds what a newer version of express-a2a has written: update this process',
  );
}

/** Whether this version knows all that matters of it. */
export function hasKnownFormat(stored: object): boolean {
  return !('v' in stored) || stored.v === FORMAT;
}
