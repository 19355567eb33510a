import type { StreamNews } from './transport.ts';

/** Where a stream with event ids stands (docs/resumable-streams.md). */
export interface Position {
  /** A connection is being read from its start. */
  readonly reconnected: () => void;
  /** What to do with an event: it is the next, it has been seen, or others are missing before it. */
  readonly next: (news: Extract<StreamNews, { event: unknown }>) => 'take' | 'repeat' | 'gap';
  readonly skip: (skipped: { readonly from: number; readonly to: number }) => void;
  /** What to send as Last-Event-ID. */
  readonly cursor: () => string | undefined;
}

/**
 * Follows the numbers in event ids. Numbers are consecutive but for those that the server says no event has; so an event
 * that comes again or out of turn is known for what it is. Events without an id are taken as they come.
 */
export function createPosition(): Position {
  let cursor: string | undefined;
  let number = 0;
  // what no event has, directly after that number
  let skippedTo = 0;
  let isFirst = true;

  function take(id: string, at: number): 'take' {
    cursor = id;
    number = skippedTo = at;
    isFirst = false;
    return 'take';
  }

  return {
    reconnected() {
      isFirst = true;
      // what was skipped is told again
      skippedTo = number;
    },
    next({ event, cursor: id }) {
      if (id === undefined) return 'take';
      const at = numberOf(id);
      // a task at the start of a connection is the state from which to count, after whatever was lost
      if (event.task !== undefined && isFirst) return take(id, at);
      if (at <= number && cursor !== undefined) return 'repeat';
      return at === skippedTo + 1 ? take(id, at) : 'gap';
    },
    skip({ from, to }) {
      if (cursor !== undefined && from === skippedTo + 1 && to >= from) skippedTo = to;
    },
    cursor: () => cursor,
  };
}

/** Ids of another form have no number; they count as the next, whatever they say. */
function numberOf(id: string): number {
  return Number.parseInt(id, 10);
}
