import type { LogEntry, Seq } from './log.ts';

/** The newest entries of one task, without holes. A cache: it may be dropped at any time. */
export interface Ring {
  /** What it holds, in bytes, roughly. */
  readonly bytes: () => number;
  /** Takes what is new of these; after a hole it starts anew. */
  readonly push: (entries: readonly LogEntry[]) => void;
  /** All that it has after `cursor`; undefined if that is nothing, or not the next one. Readers at the same place share one array. */
  readonly after: (cursor: Seq) => readonly LogEntry[] | undefined;
}

// slow readers may stand anywhere: their slices are not kept
const SHARED_SLICES = 4;

/** Makes an empty ring that holds at most so many entries and bytes. */
export function createRing(maxEntries: number, maxBytes: number): Ring {
  let held: LogEntry[] = [];
  let sizes: number[] = [];
  let bytes = 0;
  let hi: Seq = 0;
  // what was taken last: all that readers want who had everything before it
  let newest: readonly LogEntry[] | undefined;
  let slices: Map<Seq, readonly LogEntry[]> | undefined;

  function add(entry: LogEntry): void {
    if (entry.seq <= hi) return;
    if (entry.seq !== hi + 1) {
      held = [];
      sizes = [];
      bytes = 0;
    }
    const size = roughSize(entry, 0);
    held.push(entry);
    sizes.push(size);
    bytes += size;
    hi = entry.seq;
  }

  function trim(): void {
    let gone = 0;
    while (gone < held.length && (held.length - gone > maxEntries || bytes > maxBytes)) {
      bytes -= sizes[gone] ?? 0;
      gone += 1;
    }
    if (gone === 0) return;
    if (newest !== undefined && newest.length > held.length - gone) newest = undefined;
    held.splice(0, gone);
    sizes.splice(0, gone);
  }

  return {
    bytes: () => bytes,
    push(entries) {
      slices = undefined;
      const before = held.length;
      for (const entry of entries) add(entry);
      newest = held.length === before + entries.length ? entries : undefined;
      trim();
    },
    after(cursor) {
      const from = cursor + held.length - hi;
      if (cursor >= hi || from < 0) return undefined;
      if (newest !== undefined && cursor + newest.length === hi) return newest;
      const known = slices?.get(cursor);
      if (known !== undefined) return known;
      const slice = held.slice(from);
      slices ??= new Map();
      if (slices.size < SHARED_SLICES) slices.set(cursor, slice);
      return slice;
    },
  };
}

const MAX_DEPTH = 64;

/** Near enough for a limit, and much cheaper than making the JSON. */
function roughSize(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length + 24;
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return 8;
  let size = 32;
  for (const key in value) size += roughSize(value[key as keyof typeof value], depth + 1) + 8;
  return size;
}

/** Something that has a ring, or not. */
export interface RingOwner {
  ring: Ring | undefined;
}

/** The rings of all tasks, within one limit. */
export interface RingBudget {
  readonly remember: (owner: RingOwner, entries: readonly LogEntry[]) => void;
  readonly drop: (owner: RingOwner) => void;
  readonly clear: () => void;
}

/** Makes the budget: over the limit, the ring that took nothing for longest is dropped. */
export function createRingBudget({
  ringEntries = 1024,
  ringBytes = 1024 * 1024,
  totalBytes = 64 * 1024 * 1024,
}: {
  readonly ringEntries?: number;
  readonly ringBytes?: number;
  readonly totalBytes?: number;
}): RingBudget {
  // in the order in which they last took something
  const owners = new Set<RingOwner>();
  let bytes = 0;

  function drop(owner: RingOwner): void {
    if (!owners.delete(owner)) return;
    bytes -= owner.ring?.bytes() ?? 0;
    owner.ring = undefined;
  }

  return {
    remember(owner, entries) {
      const ring = (owner.ring ??= createRing(ringEntries, ringBytes));
      bytes -= ring.bytes();
      ring.push(entries);
      bytes += ring.bytes();
      owners.delete(owner);
      owners.add(owner);
      for (const oldest of owners) {
        if (bytes <= totalBytes) return;
        drop(oldest);
      }
    },
    drop,
    clear() {
      for (const owner of owners) drop(owner);
    },
  };
}
