import type { ServerResponse } from 'node:http';
import type { Answer, Headers } from '../binding/answer.ts';
import type { StreamReply, Translate } from '../binding/binding.ts';
import type { Abortable } from '../core/abortable.ts';
import { SHUTDOWN, type StreamItem } from '../core/call.ts';
import type { Logger } from '../core/logger.ts';
import { createSseWriter, type Frame, type SseOptions } from './sse.ts';

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

const ENDED = Symbol('no more events');

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
    const { headers, signal, lastEventId, answer } = context;
    const writer = createSseWriter(res, headers, signal, options);
    const numbers = createNumbers(lastEventId);
    const jsonOf = writerOf(reply.translate);
    const { prefix, suffix } = reply;
    const frameOf = (item: StreamItem): Frame => {
      const { event, cursor } = item;
      const json = jsonOf(item);
      if (cursor === undefined) return { prefix, suffix, json };
      const skip = numbers.before(cursor, event.task !== undefined);
      return skip === undefined ? { prefix, suffix, json, cursor } : { prefix, suffix, json, cursor, skip };
    };
    const events = reply.stream[Symbol.asyncIterator]();
    const write = ({ done, value }: IteratorResult<Events, unknown>) =>
      done === true ? ENDED : writer.write(value, frameOf);
    try {
      for (;;) {
        // in no variable, which would keep events, a large task among them, until the next ones come
        const full = write(await events.next());
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
      if (writer.started() || (reply.framesFailure && failure.status === 200)) {
        writer.end({ json: failure.json });
        return;
      }
      writer.stop();
      answer(failure);
      return;
    }
    writer.end(signal.reason === SHUTDOWN ? { comment: 'the server shuts down' } : undefined);
  }

  return { send };
}

/** The numbers that the cursors of a stream begin with. */
interface Numbers {
  /** What no event has between the last one and this. */
  readonly before: (cursor: string, isTask: boolean) => string | undefined;
}

/** Clients know by the numbers that an event was lost, so those that have none are named (docs/resumable-streams.md). */
function createNumbers(lastEventId: string | undefined): Numbers {
  let last = Number.parseInt(lastEventId ?? '', 10);
  return {
    before(cursor, isTask) {
      const number = Number.parseInt(cursor, 10);
      // a task stands for all that was before it
      const isGap = !isTask && number > last + 1;
      const skip = isGap ? `${String(last + 1)}-${String(number - 1)}` : undefined;
      last = number;
      return skip;
    },
  };
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
