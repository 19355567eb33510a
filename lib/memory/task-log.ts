import type { LogEntry, Seq } from '../core/log.ts';

/** The entries of one task that are still held: a contiguous piece up to the newest. */
export interface TaskLog {
  readonly push: (entry: LogEntry, bytes: number) => void;
  /** Entries after `after`: at most `limit` and `maxBytes`, at least one. */
  readonly read: (after: Seq, limit: number, maxBytes: number) => readonly LogEntry[];
  /** Forgets everything before `first`. */
  readonly trimTo: (first: Seq) => void;
  /** Where to trim to so that at most that much is left. */
  readonly cutFor: (limit: { readonly entries: number; readonly bytes: number }) => Seq;
  readonly first: () => Seq;
  readonly length: () => number;
  readonly bytes: () => number;
}

export function createTaskLog(): TaskLog {
  const entries: LogEntry[] = [];
  const sizes: number[] = [];
  let first: Seq = 1;
  let total = 0;

  return {
    push(entry, bytes) {
      entries.push(entry);
      sizes.push(bytes);
      total += bytes;
    },
    read(after, limit, maxBytes) {
      const start = Math.max(0, after + 1 - first);
      let end = start;
      let bytes = 0;
      while (end < entries.length && end - start < limit) {
        bytes += sizes[end] ?? 0;
        if (bytes > maxBytes && end > start) break;
        end += 1;
      }
      return entries.slice(start, end);
    },
    trimTo(to) {
      const count = Math.min(entries.length, to - first);
      if (count <= 0) return;
      entries.splice(0, count);
      for (const bytes of sizes.splice(0, count)) total -= bytes;
      first += count;
    },
    cutFor(limit) {
      let bytes = total;
      let index = 0;
      while (index < entries.length && (entries.length - index > limit.entries || bytes > limit.bytes)) {
        bytes -= sizes[index] ?? 0;
        index += 1;
      }
      return first + index;
    },
    first: () => first,
    length: () => entries.length,
    bytes: () => total,
  };
}
