import { type LogEntry, type Seq, withNext } from '../core/log.ts';
import { jsonBytes } from './frozen-copy.ts';

/** A short log. */
const SMALL = { entries: 16, bytes: 16 * 1024 };

/** The entries of one task that are still held: a contiguous piece up to the newest. */
export class TaskLog {
  #entries: LogEntry[] = [];
  #first: Seq = 1;
  #bytes = 0;

  get first(): Seq {
    return this.#first;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Whether it is so short that what it amounts to can be made whenever somebody asks. */
  get isSmall(): boolean {
    return this.#entries.length <= SMALL.entries && this.#bytes <= SMALL.bytes;
  }

  /** What they take, as `jsonBytes` has it. */
  get bytes(): number {
    return this.#bytes;
  }

  push(entry: LogEntry, bytes: number): void {
    this.#entries = withNext(this.#entries, entry);
    this.#bytes += bytes;
  }

  /** Nothing more will come: lets go of the room that was left for it. */
  close(): void {
    this.#entries = this.#entries.slice();
  }

  /** All that are held, from `first` on. */
  all(): readonly LogEntry[] {
    return this.#entries;
  }

  /** Entries after `after`: at most `limit` and `maxBytes`, at least one. */
  read(after: Seq, limit: number, maxBytes: number): readonly LogEntry[] {
    const start = Math.max(0, after + 1 - this.#first);
    const most = Math.min(this.#entries.length, start + limit);
    // entries are weighed only where not all of them may be given
    const end = this.#bytes <= maxBytes ? most : this.#endWithin(start, most, maxBytes);
    return this.#entries.slice(start, end);
  }

  #endWithin(start: number, most: number, maxBytes: number): number {
    let end = start;
    let bytes = 0;
    while (end < most) {
      bytes += jsonBytes(this.#entries[end]);
      if (bytes > maxBytes && end > start) break;
      end += 1;
    }
    return end;
  }

  /** Forgets everything before `first`. */
  trimTo(first: Seq): void {
    const count = Math.min(this.#entries.length, first - this.#first);
    if (count <= 0) return;
    const gone = this.#entries.splice(0, count);
    this.#first += count;
    if (this.#entries.length === 0) this.#bytes = 0;
    else for (const entry of gone) this.#bytes -= jsonBytes(entry);
  }

  /** Where to trim to so that at most that much is left. */
  cutFor(limit: { readonly entries: number; readonly bytes: number }): Seq {
    let bytes = this.#bytes;
    let index = 0;
    while (
      index < this.#entries.length &&
      (this.#entries.length - index > limit.entries || bytes > limit.bytes)
    ) {
      bytes -= jsonBytes(this.#entries[index]);
      index += 1;
    }
    return this.#first + index;
  }
}
