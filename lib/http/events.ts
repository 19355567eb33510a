import type { ServerResponse } from 'node:http';
import type { Answer, Headers } from '../binding/answer.ts';
import type { StreamReply, Translate } from '../binding/binding.ts';
import type { Abortable } from '../core/abortable.ts';
import { Alarms } from '../core/alarms.ts';
import { SHUTDOWN, type StreamItem } from '../core/call.ts';
import type { Logger } from '../core/logger.ts';
import { type Frame, type Framing, type SseOptions, SseWriter } from './sse.ts';

/** Sends streams of events as responses. */
export interface EventStreams<C extends StreamedCall> {
  /** Begins to. The owner is told when the stream has ended, the reader has gone, or the call was broken off. */
  readonly send: (call: C, reply: StreamReply, headers: Headers) => void;
}

/** A call that is answered with a stream. Aborted when its client has gone or the server closes. */
export interface StreamedCall extends Abortable {
  readonly res: ServerResponse;
  /** Where the client stands, as it says itself. */
  readonly lastEventId?: string | undefined;
}

/** Whose streams are sent. */
export interface StreamOwner<C> {
  /** Sends a whole answer instead: the stream failed before its head. */
  readonly answer: (call: C, answer: Answer) => void;
  /** Called once for each stream, at its end. */
  readonly onStreamOver: (call: C) => void;
  /** Called in its place where the stream could not be brought to its end. */
  readonly onStreamFailed: (call: C, error: unknown) => void;
}

/** How streams are sent. */
export interface EventStreamsOptions<C extends StreamedCall> extends Omit<SseOptions, 'alarms'> {
  readonly logger: Logger;
  readonly owner: StreamOwner<C>;
}

/** JSON of this size is kept as bytes, so that slow readers share it. */
const LARGE = 16 * 1024;

type Json = string | Uint8Array;

type Events = readonly StreamItem[];

const COMPRESSED =
  'a stream is compressed by middleware that gives responses no `flush`, so events reach clients late and in bulk: let it leave text/event-stream alone';

/** Whether something encodes the events, and can not be told to let go of them; that of compression() can. */
function isBuffered(res: ServerResponse): boolean {
  return res.hasHeader('content-encoding') && !Object.hasOwn(res, 'flush');
}

/** Makes the sender. The JSON of an event is made once for each dialect, for all readers of this handler. */
export function createEventStreams<C extends StreamedCall>(options: EventStreamsOptions<C>): EventStreams<C> {
  const sse = { ...options, alarms: new Alarms(options.clock) };
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

  function onWritten(res: ServerResponse): void {
    if (isTold || !isBuffered(res)) return;
    isTold = true;
    options.logger.warn({ code: 'ERR_A2A_COMPRESSED_STREAM' }, COMPRESSED);
  }

  return {
    send(call, reply, headers) {
      const writer = new SseWriter(call.res, headers, call, sse);
      const framing = new ReplyFraming(reply, writerOf(reply.translate), call.lastEventId);
      new Sending(call, reply, writer, framing, onWritten, options.owner).next();
    },
  };
}

/** One stream that is being sent. By callbacks, as an async function that waits takes three times as much for as long as it does. */
class Sending<C extends StreamedCall> {
  readonly #call: C;
  readonly #reply: StreamReply;
  readonly #writer: SseWriter;
  readonly #framing: ReplyFraming;
  readonly #onWritten: (res: ServerResponse) => void;
  readonly #owner: StreamOwner<C>;
  readonly #events: AsyncIterator<Events>;

  constructor(
    call: C,
    reply: StreamReply,
    writer: SseWriter,
    framing: ReplyFraming,
    onWritten: (res: ServerResponse) => void,
    owner: StreamOwner<C>,
  ) {
    this.#call = call;
    this.#reply = reply;
    this.#writer = writer;
    this.#framing = framing;
    this.#onWritten = onWritten;
    this.#owner = owner;
    this.#events = reply.stream[Symbol.asyncIterator]();
  }

  /** Waits for the next events. */
  next(): void {
    this.#events.next().then(this.#take, this.#fail);
  }

  // once per stream, not once per batch
  readonly #take = ({ done, value }: IteratorResult<Events, unknown>): void => {
    if (done === true) {
      void this.#finish();
      return;
    }
    let full: Promise<void> | undefined;
    try {
      full = this.#writer.write(value, this.#framing);
      this.#onWritten(this.#call.res);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (full === undefined) this.#goOn();
    else full.then(this.#goOn, this.#fail);
  };

  readonly #goOn = (): void => {
    if (this.#call.aborted) void this.#finish(this.#events.return?.());
    else this.next();
  };

  readonly #fail = (error: unknown): void => {
    void this.#finish(this.#events.return?.(), { error });
  };

  /** Comes to the end, once the events have been left; `failed` where they ended too early. Never rejects. */
  async #finish(left?: Promise<unknown>, failed?: { readonly error: unknown }): Promise<void> {
    try {
      if (left !== undefined) await left;
      if (failed === undefined) this.#end();
      else this.#endFailed(failed.error);
    } catch (error) {
      this.#owner.onStreamFailed(this.#call, error);
      return;
    }
    this.#owner.onStreamOver(this.#call);
  }

  #end(): void {
    const isShutdown = this.#call.reason === SHUTDOWN;
    this.#writer.end(isShutdown ? { comment: 'the server shuts down' } : undefined);
  }

  #endFailed(error: unknown): void {
    const failure = this.#reply.failed(error);
    if (this.#writer.started || (this.#reply.framesFailure && failure.status === 200)) {
      this.#writer.end({ json: failure.json });
      return;
    }
    this.#writer.stop();
    this.#owner.answer(this.#call, failure);
  }
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
