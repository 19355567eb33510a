import type { Part } from '../protocol/v1.ts';
import { type LogEntry, type Seq, withNext } from './log.ts';

// slow readers may stand anywhere: their slices are not kept
const SHARED_SLICES = 4;

/** The newest entries of one task, without holes. A cache: it may be dropped at any time. */
export class Ring {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #held: LogEntry[] = [];
  #bytes = 0;
  #hi: Seq = 0;
  // what was taken last: all that readers want who had everything before it
  #newest: readonly LogEntry[] | undefined;
  #slices: { readonly cursor: Seq; readonly entries: readonly LogEntry[] }[] | undefined;
  /** Its neighbours among the rings of all tasks. */
  older: Ring | undefined;
  newer: Ring | undefined;
  readonly owner: RingOwner;

  /** Holds at most so many entries and bytes. */
  constructor(maxEntries: number, maxBytes: number, owner: RingOwner = { ring: undefined }) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.owner = owner;
  }

  /** What it holds, in bytes, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes what is new of these; after a hole it starts anew. */
  push(entries: readonly LogEntry[]): void {
    this.#slices = undefined;
    const before = this.#held.length;
    for (const entry of entries) this.#add(entry);
    this.#newest = this.#held.length === before + entries.length ? entries : undefined;
    this.#trim();
  }

  /**
   * All that it has after `cursor`; undefined if that is nothing, or not the next one. Where there are several readers, those at
   * the same place share one array.
   */
  after(cursor: Seq, isShared = true): readonly LogEntry[] | undefined {
    const from = cursor + this.#held.length - this.#hi;
    if (cursor >= this.#hi || from < 0) return undefined;
    if (this.#newest !== undefined && cursor + this.#newest.length === this.#hi) return this.#newest;
    const known = this.#slices?.find((slice) => slice.cursor === cursor);
    if (known !== undefined) return known.entries;
    const entries = this.#held.slice(from);
    if (isShared && (this.#slices?.length ?? 0) < SHARED_SLICES)
      (this.#slices ??= []).push({ cursor, entries });
    return entries;
  }

  #add(entry: LogEntry): void {
    if (entry.seq <= this.#hi) return;
    if (entry.seq !== this.#hi + 1) {
      this.#held = [];
      this.#bytes = 0;
    }
    this.#held = withNext(this.#held, entry);
    this.#bytes += entrySize(entry);
    this.#hi = entry.seq;
  }

  #trim(): void {
    const { length } = this.#held;
    let gone = 0;
    for (const entry of this.#held) {
      if (length - gone <= this.#maxEntries && this.#bytes <= this.#maxBytes) break;
      // weighed again: a list of weights is as large as that of the entries
      this.#bytes -= entrySize(entry);
      gone += 1;
    }
    if (gone === 0) return;
    if (this.#newest !== undefined && this.#newest.length > length - gone) this.#newest = undefined;
    this.#held.splice(0, gone);
  }
}

/** What an entry, or a part, has beside what was said in it. */
const FRAME_BYTES = 256;
const MAX_DEPTH = 64;

/** As `roughSize`, by the fields of what agents say most: there is one for each chunk. */
function entrySize(entry: LogEntry): number {
  switch (entry.kind) {
    case 'start':
      return FRAME_BYTES;
    case 'status':
      return FRAME_BYTES + sizeOf(entry.message) + sizeOf(entry.metadata) + sizeOf(entry.error);
    case 'artifact': {
      const { artifactId, name, description, metadata, extensions, parts } = entry.artifact;
      let size = FRAME_BYTES + sizeOf(artifactId) + sizeOf(name) + sizeOf(description) + sizeOf(extensions);
      size += sizeOf(metadata) + sizeOf(entry.metadata);
      for (const part of parts) size += partSize(part);
      return size;
    }
    default:
      return roughSize(entry, 0);
  }
}

function partSize(part: Part): number {
  const { text, metadata, mediaType, filename } = part;
  if (typeof text !== 'string') return roughSize(part, 0);
  return FRAME_BYTES / 2 + text.length + sizeOf(metadata) + sizeOf(mediaType) + sizeOf(filename);
}

function sizeOf(value: unknown): number {
  return value === undefined ? 0 : roughSize(value, 0);
}

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
  // a list through the rings, in the order in which they last took something: each event puts one at its end
  let oldest: Ring | undefined;
  let newest: Ring | undefined;
  let bytes = 0;

  function link(ring: Ring): void {
    ring.older = newest;
    if (newest === undefined) oldest = ring;
    else newest.newer = ring;
    newest = ring;
  }

  function unlink(ring: Ring): void {
    const { older, newer } = ring;
    if (older === undefined) oldest = newer;
    else older.newer = newer;
    if (newer === undefined) newest = older;
    else newer.older = older;
    ring.older = undefined;
    ring.newer = undefined;
  }

  function drop(owner: RingOwner): void {
    const { ring } = owner;
    if (ring === undefined) return;
    unlink(ring);
    bytes -= ring.bytes;
    owner.ring = undefined;
  }

  return {
    remember(owner, entries) {
      const known = owner.ring;
      const ring = (owner.ring ??= new Ring(ringEntries, ringBytes, owner));
      if (known !== undefined && ring !== newest) unlink(ring);
      if (ring !== newest) link(ring);
      bytes -= ring.bytes;
      ring.push(entries);
      bytes += ring.bytes;
      while (bytes > totalBytes && oldest !== undefined) drop(oldest.owner);
    },
    drop,
    clear() {
      while (oldest !== undefined) drop(oldest.owner);
    },
  };
}
