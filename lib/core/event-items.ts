import type { StreamItem } from './call.ts';
import { entryEvent, isClosing } from './fold.ts';
import type { LogEntry, Seq, TaskId } from './log.ts';

/** What clients see of entries. Made once per entry, whatever the number of readers. */
export interface EventItems {
  readonly of: (batch: readonly LogEntry[], resumable: boolean) => readonly StreamItem[];
}

/** Where a stream can go on after this entry: its number, and its time to catch a store that lost entries and reused numbers. */
export function cursorOf({ seq, ts }: { readonly seq: Seq; readonly ts: number }): string {
  return `${String(seq)}.${ts.toString(36)}`;
}

/** Reads a cursor; undefined for anything else. */
export function parseCursor(text: string | undefined): { seq: Seq; ts: number } | undefined {
  const match = /^([1-9]\d{0,14})\.([0-9a-z]{1,10})$/.exec(text ?? '');
  const [, seq = '', ts = ''] = match ?? [];
  return match === null ? undefined : { seq: Number(seq), ts: Number.parseInt(ts, 36) };
}

/** Makes the items of one task's entries. */
export function createEventItems(cache: EventItemCache, taskId: TaskId, contextId: string): EventItems {
  function itemOf(entry: LogEntry): CachedItem | undefined {
    const known = cache.entries.get(entry);
    if (known !== undefined) return known;
    const event = entryEvent(taskId, contextId, entry);
    if (event === undefined) return undefined;
    // every stream ends with an entry that closes the task
    const plain: StreamItem = isClosing(entry) ? { event, ends: true } : { event };
    const made = { plain, resumable: { ...plain, cursor: cursorOf(entry) } };
    cache.entries.set(entry, made);
    return made;
  }

  return {
    of(batch, resumable) {
      const form = resumable ? 'resumable' : 'plain';
      const known = cache[form].get(batch);
      if (known !== undefined) return known;
      const items = batch.flatMap((entry) => itemOf(entry)?.[form] ?? []);
      cache[form].set(batch, items);
      return items;
    },
  };
}

/** The last items of a stream, told so by the last of them. */
export function ending(items: readonly StreamItem[]): readonly StreamItem[] {
  const last = items.at(-1);
  return last === undefined || last.ends ? items : [...items.slice(0, -1), { ...last, ends: true }];
}

interface CachedItem {
  readonly plain: StreamItem;
  readonly resumable: StreamItem;
}

/** Items by entry, and by batch: the feed gives readers at the same place the same batch. */
export interface EventItemCache {
  readonly entries: WeakMap<LogEntry, CachedItem>;
  readonly plain: WeakMap<readonly LogEntry[], readonly StreamItem[]>;
  readonly resumable: WeakMap<readonly LogEntry[], readonly StreamItem[]>;
}

/** An empty cache, to be kept for as long as the service. */
export function createEventItemCache(): EventItemCache {
  return { entries: new WeakMap(), plain: new WeakMap(), resumable: new WeakMap() };
}
