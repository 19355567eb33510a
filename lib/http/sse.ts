import { AsyncResource } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import type { Abortable } from '../core/abortable.ts';
import type { Alarm, Alarms } from '../core/alarms.ts';
import { type Clock, wholeMs } from '../core/clock.ts';
import type { Headers } from '../binding/answer.ts';
import { cut, mutable } from './respond.ts';

/** Time limits of streams, in ms. */
export interface SseOptions {
  /** Silence after which a comment is sent; 0 sends none. */
  readonly keepAliveMs: number;
  /** A reader that takes nothing for so long is cut. */
  readonly stallMs: number;
  /** Called when a reader is cut that took nothing for so long. */
  readonly onCut?: () => void;
  readonly clock: Clock;
  /** Those of all streams, as each has one for as long as it is open. */
  readonly alarms: Alarms;
}

/** One frame: what stands before the JSON of an event and after it. Large JSON comes as bytes, shared by all readers. */
export interface Frame {
  readonly cursor?: string;
  /** Numbers before that of the cursor that no event has, such as `4-5`. */
  readonly skip?: string;
  readonly prefix: string;
  readonly json: string | Uint8Array;
  readonly suffix: string;
}

/** Makes the frames of a stream from what it is made of. */
export interface Framing<T> {
  readonly frameOf: (item: T) => Frame;
}

const PIECE = 64 * 1024;
const RETRY_MS = 2000;

/**
 * Writes server-sent events (§9.4.2) on a response: the only place that does. The head goes with the first frame, or with
 * the first keep-alive comment. One alarm per stream: it counts silence while the reader keeps up, and else how long it has
 * taken nothing. A class, as there is one for as long as a stream is open.
 */
export class SseWriter extends AsyncResource implements Alarm {
  place = 0;
  dueAt: number | undefined;
  readonly #res: ServerResponse;
  /** Until the head is sent. */
  #headers: Headers | undefined;
  readonly #signal: Abortable;
  readonly #options: SseOptions;
  #lastWrite: number;
  #isStalled = false;
  #withIds = false;
  #inFrame = false;

  /** `signal` is the one that `res` `close` aborts; whoever has made it calls `stop` or `end` then. */
  constructor(res: ServerResponse, headers: Headers, signal: Abortable, options: SseOptions) {
    super('A2AStream');
    this.#res = res;
    this.#headers = headers;
    this.#signal = signal;
    this.#options = options;
    this.#lastWrite = wholeMs(options.clock);
    this.#awaitSilence();
  }

  /** Whether the head has been sent, so that an error can only be a frame. */
  get started(): boolean {
    return this.#res.headersSent;
  }

  /**
   * Sends the head and a frame for each item. Undefined when the reader has taken them at once; else resolves when it has,
   * has gone, or `signal` aborts.
   */
  write<T>(items: readonly T[], framing: Framing<T>, from = 0): Promise<void> | undefined {
    let text = '';
    for (let index = from; index < items.length; index += 1) {
      const frame = framing.frameOf(items[index] as T); // below the length
      text += this.#startOf(frame);
      if (typeof frame.json !== 'string')
        return this.#writeLarge(text, frame.json, frame.suffix, items, framing, index + 1);
      text += `${frame.json}${frame.suffix}\n\n`;
      if (text.length < PIECE) continue;
      const full = this.#send(text, false);
      if (full !== undefined) return full.then(() => this.#rest(items, framing, index + 1));
      text = '';
    }
    return text === '' ? undefined : this.#send(text, false);
  }

  /** Lets go of the response without a word. */
  stop(): void {
    this.#options.alarms.clear(this);
  }

  /** In the async context of the call, as everything that is written on its response. */
  onAlarm(): void {
    this.runInAsyncScope(this.#isStalled ? this.#cut : this.#onSilence, this);
  }

  /** Ends the response: with a last event, whether or not `signal` was aborted, or a comment for people who look at the wire. */
  end(last?: { readonly json: string } | { readonly comment: string }): void {
    this.stop();
    const res = this.#res;
    if (gone(res)) return;
    // nothing else can stand inside a frame, and half a frame must not look like an end
    if (this.#inFrame) {
      cut(res);
      return;
    }
    this.#head();
    if (last === undefined) res.end();
    else res.end('json' in last ? `data: ${last.json}\n\n` : `: ${last.comment}\n\n`);
    if (res.writableFinished) return;
    // what is still unsent is the reader's to take in time
    this.#awaitReader();
    const stop = () => {
      this.stop();
    };
    res.once('finish', stop).once('close', stop);
  }

  #head(): void {
    const res = this.#res;
    if (res.headersSent) return;
    res.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
      ...mutable(this.#headers ?? {}),
    });
    this.#headers = undefined;
  }

  #put(chunk: string | Uint8Array): boolean {
    this.#lastWrite = wholeMs(this.#options.clock);
    const room = this.#res.write(chunk);
    flush(this.#res);
    return room;
  }

  /** Alarms are not moved at every write: one that comes too early is set again. */
  #awaitSilence(): void {
    this.#isStalled = false;
    const { keepAliveMs, clock, alarms } = this.#options;
    if (keepAliveMs > 0) alarms.set(this, keepAliveMs - (clock.elapsed() - this.#lastWrite));
    else alarms.clear(this);
  }

  #onSilence(): void {
    const { keepAliveMs, clock } = this.#options;
    if (gone(this.#res)) return;
    if (clock.elapsed() - this.#lastWrite < keepAliveMs) {
      this.#awaitSilence();
      return;
    }
    this.#head();
    const room = this.#put(': keep-alive\n\n');
    // a middleware's `write` may have ended the call
    if (gone(this.#res)) return;
    if (room) this.#awaitSilence();
    else void this.#drained();
  }

  /** Cuts the reader unless it takes something in time. */
  #awaitReader(): void {
    this.#isStalled = true;
    this.#options.alarms.set(this, this.#options.stallMs);
  }

  #cut(): void {
    this.#options.onCut?.();
    cut(this.#res);
  }

  /** Waits until the reader has taken what was written; cuts it when it does not. */
  #drained(): Promise<void> {
    const signal = this.#signal;
    const res = this.#res;
    this.#awaitReader();
    return new Promise((resolve) => {
      const done = () => {
        res.off('drain', done);
        signal.removeEventListener('abort', done);
        // what ends by the abort may have ended before: its reader is waited for until all is taken
        if (!gone(res)) {
          if (signal.aborted) this.stop();
          else this.#awaitSilence();
        }
        resolve();
      };
      res.on('drain', done);
      signal.addEventListener('abort', done);
    });
  }

  async #writeLarge<T>(
    start: string,
    json: Uint8Array,
    end: string,
    ...others: [items: readonly T[], framing: Framing<T>, from: number]
  ): Promise<void> {
    await this.#send(start, true);
    for (let at = 0; at < json.byteLength; at += PIECE) await this.#send(json.subarray(at, at + PIECE), true);
    await this.#send(`${end}\n\n`, false);
    await this.#rest(...others);
  }

  /** The frames after those that the reader took its time for. */
  #rest<T>(items: readonly T[], framing: Framing<T>, from: number): Promise<void> | undefined {
    return this.#signal.aborted ? undefined : this.write(items, framing, from);
  }

  #startOf({ cursor, skip, prefix }: Frame): string {
    if (cursor === undefined) return `data: ${prefix}`;
    const retry = this.#withIds ? '' : `retry: ${String(RETRY_MS)}\n\n`;
    this.#withIds = true;
    const skipped = skip === undefined ? '' : `: skip ${skip}\n\n`;
    return `${retry}${skipped}id: ${cursor}\ndata: ${prefix}`;
  }

  #send(chunk: string | Uint8Array, more: boolean): Promise<void> | undefined {
    if (gone(this.#res) || this.#signal.aborted) return undefined;
    this.#head();
    this.#inFrame = more;
    return this.#put(chunk) || isAborted(this.#signal) ? undefined : this.#drained();
  }
}

/** A function, so that the compiler does not remember the answer over a write. */
function isAborted(signal: Abortable): boolean {
  return signal.aborted;
}

function gone(res: ServerResponse): boolean {
  return res.destroyed || res.writableEnded;
}

/** compression() gives responses a flush of their own; node's is deprecated. */
function flush(res: ServerResponse): void {
  if (!Object.hasOwn(res, 'flush')) return;
  const { flush: ownFlush } = res as { flush?: unknown };
  if (typeof ownFlush === 'function') ownFlush.call(res);
}
