import { randomUUID } from 'node:crypto';

/** A random id (RFC 9562 §5.4). What node joins of 17 pieces is one string from here on, since tasks keep their ids for long. */
export function newId(): string {
  const id = randomUUID();
  // looking into it is what joins them
  id.charCodeAt(0);
  return id;
}
