import type { ServerResponse } from 'node:http';
import type { Answer, Headers } from '../binding/answer.ts';
import type { StreamReply, Translate } from '../binding/binding.ts';
import type { Abortable } from '../core/abortable.ts';
import { SHUTDOWN, type StreamItem } from '../core/call.ts';
import type { Logger } from '../core/logger.ts';
import { type Frame, type Framing, type SseOptions, SseWriter } from './sse.ts';

/** Sends streams of events as responses. */
export interface EventStreams {
  /** Resolves when the stream has ended, the reader has gone, or `signal` aborts. */
  readonly send: (reply: StreamReply, res: ServerResponse, context: StreamContext) => Promise<void>;
}

/** The response a stream is sent on. */
export interface StreamContext {
  readonly headers: Headers;
  /** Aborted when the client has gone or the server closes. */
  readonly signal: Abortable;
  /** Where the client stands, as it says itself. */
  readonly lastEventId?: string | undefined;
  /** Sends a whole answer instead: the stream failed before its head. */
  readonly answer: (answer: Answer) => void;
}

/** JSON of this size is kept as bytes, so that slow readers share it. */
const LARGE = 16 * 1024;

type Json = string | Uint8Array;

type Events = readonly StreamItem[];

const ENDED: unique symbol = Symbol('no more events');

const COMPRESSED =
  'a stream is compressed by middleware that gives responses no `flush`, so events reach clients late and in bulk: let it leave text/event-stream alone';

/** Whether something encodes the events, and can not be told to let go of them; that of compression() can. */
function isBuffered(res: ServerResponse): boolean {
  return res.hasHeader('content-encoding') && !Object.hasOwn(res, 'flush');
}

/** Makes the sender. The JSON of an event is made once for each dialect, for all readers of this handler. */
export function createEventStreams(options: SseOptions & { readonly logger: Logger }): EventStreams {
  let isTold = false;
  const plain = jsonOfItems((event) => JSON.stringify(event));
  const translated = new WeakMap<Translate, (item: StreamItem) => Json>();

  function writerOf(translate: Translate | undefined): (item: StreamItem) => Json {
    if (translate === undefined) return plain;
    const known = translated.get(translate);
    if (known !== undefined) return known;
    const going = jsonOfItems((event) => JSON.stringify(translate(event, false)));
    const last = jsonOfItems((event) => JSON.stringify(translate(event, true)));
    const made = (item: StreamItem) => (item.ends ? last(item) : going(item));
    translated.set(translate, made);
    return made;
  }

  function warnOfBuffering(): void {
    isTold = true;
    options.logger.warn({ code: 'ERR_A2A_COMPRESSED_STREAM' }, COMPRESSED);
  }

  async function send(reply: StreamReply, res: ServerResponse, context: StreamContext): Promise<void> {
    const { signal } = context;
    const writer = new SseWriter(res, context.headers, signal, options);
    const framing = new ReplyFraming(reply, writerOf(reply.translate), context.lastEventId);
    const events = reply.stream[Symbol.asyncIterator]();
    try {
      for (;;) {
        // in no variable, which would keep events, a large task among them, until the next ones come
        const full = write(writer, framing, await events.next());
        if (full === ENDED) break;
        if (full !== undefined) await full;
        if (!isTold && isBuffered(res)) warnOfBuffering();
        if (!signal.aborted) continue;
        await events.return?.();
        break;
      }
    } catch (error) {
      await events.return?.();
      const failure = reply.failed(error);
      if (writer.started || (reply.framesFailure && failure.status === 200)) {
        writer.end({ json: failure.json });
        return;
      }
      writer.stop();
      context.answer(failure);
      return;
    }
    writer.end(signal.reason === SHUTDOWN ? { comment: 'the server shuts down' } : undefined);
  }

  return { send };
}

function write(
  writer: SseWriter,
  framing: ReplyFraming,
  { done, value }: IteratorResult<Events, unknown>,
): Promise<void> | typeof ENDED | undefined {
  return done === true ? ENDED : writer.write(value, framing);
}

/**
 * The frames of one stream. Clients know by the numbers that cursors begin with that an event was lost, so those that no
 * event has are named (docs/resumable-streams.md).
 */
class ReplyFraming implements Framing<StreamItem> {
  readonly #reply: StreamReply;
  readonly #jsonOf: (item: StreamItem) => Json;
  /** The number of the last cursor. */
  #last: number;

  constructor(reply: StreamReply, jsonOf: (item: StreamItem) => Json, lastEventId: string | undefined) {
    this.#reply = reply;
    this.#jsonOf = jsonOf;
    this.#last = Number.parseInt(lastEventId ?? '', 10);
  }

  frameOf(item: StreamItem): Frame {
    const { prefix, suffix } = this.#reply;
    const { event, cursor } = item;
    const json = this.#jsonOf(item);
    if (cursor === undefined) return { prefix, suffix, json };
    const skip = this.#before(cursor, event.task !== undefined);
    return skip === undefined ? { prefix, suffix, json, cursor } : { prefix, suffix, json, cursor, skip };
  }

  /** What no event has between the last one and this. */
  #before(cursor: string, isTask: boolean): string | undefined {
    const number = Number.parseInt(cursor, 10);
    // a task stands for all that was before it
    const isGap = !isTask && number > this.#last + 1;
    const skip = isGap ? `${String(this.#last + 1)}-${String(number - 1)}` : undefined;
    this.#last = number;
    return skip;
  }
}

/** Gives the JSON of events. That of events which other readers may get is kept; large ones are bytes. */
function jsonOfItems(write: (event: StreamItem['event']) => string): (item: StreamItem) => Json {
  const known = new WeakMap<StreamItem['event'], Json>();
  const jsonOf = (event: StreamItem['event']) => {
    const text = write(event);
    return text.length < LARGE ? text : Buffer.from(text);
  };
  return ({ event, unshared }) => {
    if (unshared === true) return jsonOf(event);
    const made = known.get(event);
    if (made !== undefined) return made;
    const json = jsonOf(event);
    known.set(event, json);
    return json;
  };
}
