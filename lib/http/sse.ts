import type { ServerResponse } from 'node:http';
import type { Abortable } from '../core/abortable.ts';
import type { Clock } from '../core/clock.ts';
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

/** The response of one stream. */
export interface SseWriter {
  /** Whether the head has been sent, so that an error can only be a frame. */
  readonly started: () => boolean;
  /**
   * Sends the head and a frame for each item. Undefined when the reader has taken them at once; else resolves when it has,
   * has gone, or `signal` aborts.
   */
  readonly write: <T>(items: readonly T[], frameOf: (item: T) => Frame) => Promise<void> | undefined;
  /** Lets go of the response without a word. */
  readonly stop: () => void;
  /** Ends the response: with a last event, whether or not `signal` was aborted, or a comment for people who look at the wire. */
  readonly end: (last?: { readonly json: string } | { readonly comment: string }) => void;
}

const PIECE = 64 * 1024;
const RETRY_MS = 2000;

/**
 * Writes server-sent events (§9.4.2): the only place that does. The head goes with the first frame, or with the first
 * keep-alive comment. One timer per stream: it counts silence while the reader keeps up, and else how long it has
 * taken nothing. `signal` is the one that `res` `close` aborts.
 */
export function createSseWriter(
  res: ServerResponse,
  headers: Headers,
  signal: Abortable,
  options: SseOptions,
): SseWriter {
  const { keepAliveMs, stallMs, clock } = options;
  let lastWrite = clock.elapsed();
  let cancelTimer: () => void = () => undefined;
  let withIds = false;
  let inFrame = false;

  function head(): void {
    if (res.headersSent) return;
    res.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
      ...mutable(headers),
    });
  }

  function put(chunk: string | Uint8Array): boolean {
    lastWrite = clock.elapsed();
    const room = res.write(chunk);
    flush(res);
    return room;
  }

  /** Timers are not moved at every write: one that fires too early is set again. */
  function awaitSilence(): void {
    cancelTimer();
    if (keepAliveMs > 0) cancelTimer = clock.after(keepAliveMs - (clock.elapsed() - lastWrite), onSilence);
  }

  function onSilence(): void {
    if (gone(res)) return;
    if (clock.elapsed() - lastWrite < keepAliveMs) {
      awaitSilence();
      return;
    }
    head();
    if (put(': keep-alive\n\n')) awaitSilence();
    else void drained();
  }

  function onStall(): void {
    options.onCut?.();
    cut(res);
  }

  /** Waits until the reader has taken what was written; cuts it when it does not. */
  function drained(): Promise<void> {
    cancelTimer();
    cancelTimer = clock.after(stallMs, onStall);
    return new Promise((resolve) => {
      const done = () => {
        res.off('drain', done);
        signal.removeEventListener('abort', done);
        if (!signal.aborted) awaitSilence();
        resolve();
      };
      res.on('drain', done);
      signal.addEventListener('abort', done);
    });
  }

  function write<T>(items: readonly T[], frameOf: (item: T) => Frame, from = 0): Promise<void> | undefined {
    let text = '';
    for (let index = from; index < items.length; index += 1) {
      const frame = frameOf(items[index] as T); // below the length
      text += startOf(frame);
      if (typeof frame.json !== 'string')
        return writeLarge(text, frame.json, frame.suffix, items, frameOf, index + 1);
      text += `${frame.json}${frame.suffix}\n\n`;
      if (text.length < PIECE) continue;
      const full = send(text, false);
      if (full !== undefined) return full.then(() => rest(items, frameOf, index + 1));
      text = '';
    }
    return text === '' ? undefined : send(text, false);
  }

  async function writeLarge<T>(
    start: string,
    json: Uint8Array,
    end: string,
    ...others: [items: readonly T[], frameOf: (item: T) => Frame, from: number]
  ): Promise<void> {
    await send(start, true);
    for (let at = 0; at < json.byteLength; at += PIECE) await send(json.subarray(at, at + PIECE), true);
    await send(`${end}\n\n`, false);
    await rest(...others);
  }

  /** The frames after those that the reader took its time for. */
  function rest<T>(
    items: readonly T[],
    frameOf: (item: T) => Frame,
    from: number,
  ): Promise<void> | undefined {
    return signal.aborted ? undefined : write(items, frameOf, from);
  }

  function startOf({ cursor, skip, prefix }: Frame): string {
    if (cursor === undefined) return `data: ${prefix}`;
    const retry = withIds ? '' : `retry: ${String(RETRY_MS)}\n\n`;
    withIds = true;
    const skipped = skip === undefined ? '' : `: skip ${skip}\n\n`;
    return `${retry}${skipped}id: ${cursor}\ndata: ${prefix}`;
  }

  function send(chunk: string | Uint8Array, more: boolean): Promise<void> | undefined {
    if (gone(res) || signal.aborted) return undefined;
    head();
    inFrame = more;
    return put(chunk) || isAborted(signal) ? undefined : drained();
  }

  function end(last?: { readonly json: string } | { readonly comment: string }): void {
    cancelTimer();
    if (gone(res)) return;
    // nothing else can stand inside a frame, and half a frame must not look like an end
    if (inFrame) {
      cut(res);
      return;
    }
    head();
    if (last === undefined) res.end();
    else res.end('json' in last ? `data: ${last.json}\n\n` : `: ${last.comment}\n\n`);
    if (res.writableFinished) return;
    // what is still unsent is the reader's to take in time
    cancelTimer = clock.after(stallMs, onStall);
    res.once('finish', cancelTimer);
  }

  res.once('close', () => {
    cancelTimer();
  });
  awaitSilence();
  const stop = () => {
    cancelTimer();
  };
  return { started: () => res.headersSent, write, stop, end };
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
