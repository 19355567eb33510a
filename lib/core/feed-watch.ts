import type { EventBus, TaskHint } from './event-bus.ts';
import type { Marked } from './feed-flush.ts';
import type { Page, Reader, Source } from './feed-reader.ts';
import type { Ring } from './feed-ring.ts';
import type { LogEntry, Seq, TaskId } from './log.ts';
import type { Logger } from './logger.ts';
import { rejected } from './promises.ts';

/** What all watched tasks of a process share. */
export interface WatchContext {
  readonly eventBus: Pick<EventBus, 'subscribe'>;
  readonly logger: Logger;
  /** Reads a page; repeats until it works, nobody wants it any more, or it has failed for too long. */
  readonly readPage: (taskId: TaskId, after: Seq, isWanted: () => boolean) => Promise<Page>;
  /** Puts entries into the task's ring, which may not be there yet. */
  readonly remember: (watch: Watch, entries: readonly LogEntry[]) => void;
  /** The readers are to be woken with the next flush. */
  readonly mark: (watch: Watch) => void;
  /** A hint told something new. */
  readonly heard: () => void;
  readonly joinFailed: (error: unknown) => void;
  /** The last reader has left. */
  readonly left: (watch: Watch) => void;
}

const NOBODY: readonly Reader[] = [];

/** `late` and `lost`: hints may not arrive, as the subscription has taken too long, or failed. Readers then rely on the poll. */
export type Listening = 'joining' | 'late' | 'lost' | 'live' | 'left';

/** One task that has readers: one subscription, one ring, and who reads. */
export class Watch implements Source, Marked {
  readonly taskId: TaskId;
  /** Most tasks have one reader. */
  #only: Reader | undefined;
  #others: Set<Reader> | undefined;
  ring: Ring | undefined;
  isMarked = false;
  listening: Listening = 'late';
  /** The poll found this number, and no hint has told of it yet. */
  owed: Seq = 0;
  readonly #context: WatchContext;
  #head: Seq = 0;
  #loads: Map<Seq, Promise<Page>> | undefined;
  #unsubscribe: (() => void) | undefined;
  #ticks = 0;
  #isShared = false;

  constructor(taskId: TaskId, context: WatchContext) {
    this.taskId = taskId;
    this.#context = context;
  }

  /** Subscribes; again after a failure. Readers wait for it only if it is likely to work. */
  join(isLikely: boolean): void {
    const { eventBus, joinFailed } = this.#context;
    this.listening = isLikely ? 'joining' : 'late';
    let joined: Promise<() => void>;
    try {
      joined = eventBus.subscribe(this.taskId, (hint) => {
        this.#hear(hint);
      });
    } catch (error) {
      joined = rejected(error);
    }
    joined.then(
      (unsubscribe) => {
        this.#joined(unsubscribe);
      },
      (error: unknown) => {
        if (this.listening === 'left') return;
        this.listening = 'lost';
        joinFailed(error);
        this.wake();
      },
    );
  }

  head(): Seq {
    return this.#head;
  }

  isLive(): boolean {
    return this.listening === 'live';
  }

  isJoining(): boolean {
    return this.listening === 'joining';
  }

  recent(after: Seq): readonly LogEntry[] | undefined {
    return this.ring?.after(after, this.#isShared);
  }

  /** Readers at the same place share one read. */
  load(after: Seq): Promise<Page> {
    const known = this.#loads?.get(after);
    if (known !== undefined) return known;
    const loads = (this.#loads ??= new Map());
    const page = this.#load(after).finally(() => {
      loads.delete(after);
      if (loads.size === 0 && this.#loads === loads) this.#loads = undefined;
    });
    loads.set(after, page);
    return page;
  }

  isShared(): boolean {
    return this.#isShared;
  }

  enter(reader: Reader): this {
    if (!this.#isRead()) {
      this.#only = reader;
      return this;
    }
    (this.#others ??= new Set()).add(reader);
    // those that the last entry frees must not look alone one after the other
    this.#isShared = true;
    return this;
  }

  leave(reader: Reader): void {
    if (this.listening === 'left') return;
    if (this.#only === reader) this.#only = undefined;
    else this.#others?.delete(reader);
    if (this.#isRead()) return;
    this.listening = 'left';
    this.#context.left(this);
    const unsubscribe = this.#unsubscribe;
    this.#unsubscribe = undefined;
    if (unsubscribe !== undefined) this.#stop(unsubscribe);
  }

  wake(): void {
    this.#only?.wake();
    for (const reader of this.#others ?? NOBODY) reader.wake();
  }

  /** What hints told may not be all: every reader reads once more. */
  lookAgain(): void {
    // a read that began earlier may not have seen what was missed
    this.#loads = undefined;
    this.#only?.lookAgain();
    for (const reader of this.#others ?? NOBODY) reader.lookAgain();
  }

  /** Ends all readers. */
  end(): void {
    this.#only?.end();
    for (const reader of this.#others ?? NOBODY) reader.end();
  }

  /** Called once a tick. A subscription that is still not there after a whole tick: readers go on without. */
  tick(): void {
    if (this.listening === 'lost') this.join(false);
    if (this.listening !== 'joining') return;
    this.#ticks += 1;
    if (this.#ticks < 2) return;
    this.listening = 'late';
    this.wake();
  }

  /** The poll found the log at `head`; when it asked, `before` was known. Gives whether a hint has not come (yet). */
  polled(head: Seq, before: Seq): boolean {
    if (head > this.#head) {
      this.#head = head;
      this.owed = head;
      this.#context.mark(this);
      return true;
    }
    // the log is shorter than it was: readers find out what that means for them
    if (head < before && this.#head === before) this.lookAgain();
    return false;
  }

  #isRead(): boolean {
    return this.#only !== undefined || (this.#others?.size ?? 0) > 0;
  }

  #hear({ head, entries }: TaskHint): void {
    if (this.listening === 'left') return;
    const newest = Math.max(head, entries?.at(-1)?.seq ?? 0);
    if (newest >= this.owed) this.owed = 0;
    if (entries !== undefined) this.#context.remember(this, entries);
    if (newest <= this.#head) return;
    this.#head = newest;
    this.#context.heard();
    this.#context.mark(this);
  }

  #joined(unsubscribe: () => void): void {
    if (this.listening === 'left') {
      this.#stop(unsubscribe);
      return;
    }
    const wasInTime = this.isJoining();
    this.#unsubscribe = unsubscribe;
    this.listening = 'live';
    if (wasInTime) this.wake();
    else this.lookAgain();
  }

  #stop(unsubscribe: () => void): void {
    try {
      unsubscribe();
    } catch (error) {
      this.#context.logger.warn({ err: error, taskId: this.taskId }, 'unsubscribing from a task failed');
    }
  }

  async #load(after: Seq): Promise<Page> {
    const before = this.#head;
    const page = await this.#context.readPage(this.taskId, after, () => this.#isRead());
    // a hint that promised more than there is must not make readers read for ever
    if (page.head < before && this.#head === before) this.#head = page.head;
    const isNews = page.head > this.#head;
    if (isNews) this.#head = page.head;
    const last = page.entries.at(-1);
    if (last !== undefined && last.seq === page.head && this.listening !== 'left') {
      this.#context.remember(this, page.entries);
    }
    // who asked for this page may have left, others may sleep, and the hint that comes later is no news any more
    if (isNews && this.listening !== 'left') this.#context.mark(this);
    return page;
  }
}
