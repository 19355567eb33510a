import { createHash } from 'node:crypto';
import { InvalidParamsError } from '../protocol/errors.ts';
import type { ListTasksRequest } from '../protocol/v1.ts';
import type { Scope } from './log.ts';
import type { SortKey } from './storage.ts';

/** The text a client sends back for the next page (§3.1.4): where the last one ended, tied to caller and filters. */
export function writePageToken({ ts, id }: SortKey, scope: Scope, query: ListTasksRequest): string {
  return Buffer.from(JSON.stringify({ v: 1, ts, id, f: fingerprint(scope, query) })).toString('base64url');
}

/** Reads a page token. Throws InvalidParamsError when it is garbage, another caller's, or of other filters. */
export function readPageToken(token: string, scope: Scope, query: ListTasksRequest): SortKey {
  const read = parse(token);
  if (read?.f !== fingerprint(scope, query)) {
    const description =
      'is not a token of this listing: send the nextPageToken of the page before, with the same filters';
    throw new InvalidParamsError([{ field: 'pageToken', description }]);
  }
  return { ts: read.ts, id: read.id };
}

function parse(token: string): (SortKey & { f: string }) | undefined {
  try {
    const bytes = Buffer.from(token, 'base64url');
    // decoding skips what is no base64, so only what reads back the same was ours
    if (bytes.toString('base64url') !== token) return undefined;
    const read: unknown = JSON.parse(bytes.toString());
    return isToken(read) ? read : undefined;
  } catch {
    return undefined; // no JSON is no token
  }
}

function isToken(read: unknown): read is SortKey & { f: string } {
  if (typeof read !== 'object' || read === null) return false;
  const { v, ts, id, f } = read as Record<string, unknown>; // any object has string keys
  return v === 1 && Number.isSafeInteger(ts) && typeof id === 'string' && typeof f === 'string';
}

function fingerprint(scope: Scope, query: ListTasksRequest): string {
  const { contextId, status, statusTimestampAfter } = query;
  const what = [scope.agent, scope.tenant, scope.owner, contextId, status, statusTimestampAfter];
  return createHash('sha256').update(JSON.stringify(what)).digest('base64url').slice(0, 16);
}
