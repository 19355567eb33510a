import type { StreamItem } from './call.ts';
import { entryEvent, isClosing } from './fold.ts';
import type { LogEntry, Seq, TaskId } from './log.ts';
import { RecentlyMade } from './recently-made.ts';
import type { StreamResponse } from '../protocol/v1.ts';

/** Where a stream can go on after this entry: its number, and its time to catch a store that lost entries and reused numbers. */
export function cursorOf({ seq, ts }: { readonly seq: Seq; readonly ts: number }): string {
  if (ts !== newest.ts) newest = { ts, text: ts.toString(36) };
  return `${String(seq)}.${newest.text}`;
}

/** Most events are not the only ones of their millisecond. */
let newest = { ts: NaN, text: '' };

/** Reads a cursor; undefined for anything else. */
export function parseCursor(text: string | undefined): { seq: Seq; ts: number } | undefined {
  const match = /^([1-9]\d{0,14})\.([0-9a-z]{1,10})$/.exec(text ?? '');
  const [, seq = '', ts = ''] = match ?? [];
  return match === null ? undefined : { seq: Number(seq), ts: Number.parseInt(ts, 36) };
}

/** What clients see of one task's entries. Made once per entry, whatever the number of readers. */
export class EventItems {
  readonly #cache: EventItemCache;
  readonly #taskId: TaskId;
  readonly #contextId: string;

  constructor(cache: EventItemCache, taskId: TaskId, contextId: string) {
    this.#cache = cache;
    this.#taskId = taskId;
    this.#contextId = contextId;
  }

  /** `isAlone`: no other reader follows the task, so nothing is kept for others. */
  of(batch: readonly LogEntry[], resumable: boolean, isAlone: boolean): readonly StreamItem[] {
    if (isAlone) return this.#list(batch, resumable, true);
    const batches = this.#cache[resumable ? 'resumable' : 'plain'];
    const known = batches.get(batch);
    if (known !== undefined) return known;
    const items = this.#list(batch, resumable, false);
    batches.set(batch, items);
    return items;
  }

  #list(batch: readonly LogEntry[], resumable: boolean, isAlone: boolean): readonly StreamItem[] {
    const only = batch[0];
    if (only !== undefined && batch.length === 1) {
      // most batches; a list that grows has room for many more
      const item = this.#item(only, resumable, isAlone);
      return item === undefined ? [] : [item];
    }
    const items: StreamItem[] = [];
    for (const entry of batch) {
      const item = this.#item(entry, resumable, isAlone);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  #item(entry: LogEntry, resumable: boolean, isAlone: boolean): StreamItem | undefined {
    const known = isAlone ? undefined : this.#cache.entries.get(entry);
    if (known !== undefined) return resumable ? known.resumable : known.plain;
    const event = entryEvent(this.#taskId, this.#contextId, entry);
    if (event === undefined) return undefined;
    if (isAlone) return itemOf(event, entry, resumable, true);
    const made = { plain: itemOf(event, entry, false, false), resumable: itemOf(event, entry, true, false) };
    this.#cache.entries.set(entry, made);
    return resumable ? made.resumable : made.plain;
  }
}

/** The item of one event: every stream ends with an entry that closes the task. */
function itemOf(event: StreamResponse, entry: LogEntry, resumable: boolean, unshared: boolean): StreamItem {
  if (isClosing(entry)) {
    return { event, unshared, ends: true, ...(resumable && { cursor: cursorOf(entry) }) };
  }
  return resumable ? { event, unshared, cursor: cursorOf(entry) } : { event, unshared };
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
  readonly entries: RecentlyMade<LogEntry, CachedItem>;
  readonly plain: WeakMap<readonly LogEntry[], readonly StreamItem[]>;
  readonly resumable: WeakMap<readonly LogEntry[], readonly StreamItem[]>;
}

/** Entries whose items are kept for other readers: those read at the same time, not all that a log holds. */
const RECENT = 1024;

/** An empty cache, to be kept for as long as the service. */
export function createEventItemCache(): EventItemCache {
  return { entries: new RecentlyMade(RECENT), plain: new WeakMap(), resumable: new WeakMap() };
}
