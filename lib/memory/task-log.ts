import type { LogEntry, Seq } from '../core/log.ts';

/** The entries of one task that are still held: a contiguous piece up to the newest. */
export class TaskLog {
  #entries: LogEntry[] = [];
  #sizes: number[] = [];
  #first: Seq = 1;
  #bytes = 0;

  get first(): Seq {
    return this.#first;
  }

  get length(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(entry: LogEntry, bytes: number): void {
    this.#entries.push(entry);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** Entries after `after`: at most `limit` and `maxBytes`, at least one. */
  read(after: Seq, limit: number, maxBytes: number): readonly LogEntry[] {
    const start = Math.max(0, after + 1 - this.#first);
    let end = start;
    let bytes = 0;
    while (end < this.#entries.length && end - start < limit) {
      bytes += this.#sizes[end] ?? 0;
      if (bytes > maxBytes && end > start) break;
      end += 1;
    }
    return this.#entries.slice(start, end);
  }

  /** Forgets everything before `first`. */
  trimTo(first: Seq): void {
    const count = Math.min(this.#entries.length, first - this.#first);
    if (count <= 0) return;
    this.#entries.splice(0, count);
    for (const bytes of this.#sizes.splice(0, count)) this.#bytes -= bytes;
    this.#first += count;
  }

  /** Where to trim to so that at most that much is left. */
  cutFor(limit: { readonly entries: number; readonly bytes: number }): Seq {
    let bytes = this.#bytes;
    let index = 0;
    while (
      index < this.#entries.length &&
      (this.#entries.length - index > limit.entries || bytes > limit.bytes)
    ) {
      bytes -= this.#sizes[index] ?? 0;
      index += 1;
    }
    return this.#first + index;
  }
}
