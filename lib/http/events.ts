import type { ServerResponse } from 'node:http';
import type { Answer, Headers } from '../binding/answer.ts';
import type { StreamReply, Translate } from '../binding/binding.ts';
import type { FailedCall } from '../binding/failed-call.ts';
import type { Abortable } from '../core/abortable.ts';
import { Alarms } from '../core/alarms.ts';
import type { Taker } from '../core/batches.ts';
import { SHUTDOWN, type StreamItem } from '../core/call.ts';
import type { Logger } from '../core/logger.ts';
import type { A2AError } from '../protocol/errors.ts';
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
  /** Makes an error fit to be seen by the client. */
  readonly mask: (call: C, error: unknown, failed: FailedCall) => A2AError;
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

  const sender: Sender<C> = { owner: options.owner, onWritten };

  return {
    send(call, reply, headers) {
      const writer = new SseWriter(call.res, headers, call, sse);
      const framing = new ReplyFraming(reply, writerOf(reply.translate), call.lastEventId);
      new Sending(call, reply, writer, framing, sender).next();
    },
  };
}

/** Where streams are sent to; the same for all of them. */
interface Sender<C> {
  readonly owner: StreamOwner<C>;
  readonly onWritten: (res: ServerResponse) => void;
}

/**
 * One stream that is being sent. What comes is written in the async context of the call: whoever had news to tell is in
 * another one.
 */
class Sending<C extends StreamedCall> implements Taker<Events> {
  readonly #call: C;
  readonly #reply: StreamReply;
  readonly #writer: SseWriter;
  readonly #framing: ReplyFraming;
  readonly #sender: Sender<C>;

  constructor(call: C, reply: StreamReply, writer: SseWriter, framing: ReplyFraming, sender: Sender<C>) {
    this.#call = call;
    this.#reply = reply;
    this.#writer = writer;
    this.#framing = framing;
    this.#sender = sender;
  }

  /** Waits for the next events. */
  next(): void {
    this.#reply.stream.pull(this);
  }

  onBatch(events: Events): void {
    this.#writer.runInAsyncScope(this.#write, this, events);
  }

  onEnd(): void {
    this.#writer.runInAsyncScope(this.#finish, this);
  }

  onError(error: unknown): void {
    this.#writer.runInAsyncScope(this.#fail, this, error);
  }

  #write(events: Events): void {
    let full: Promise<void> | undefined;
    try {
      full = this.#writer.write(events, this.#framing);
      this.#sender.onWritten(this.#call.res);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (full === undefined) this.#goOn();
    else this.#goOnAfter(full);
  }

  #goOnAfter(full: Promise<void>): void {
    full.then(
      () => {
        this.#goOn();
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
  }

  #goOn(): void {
    if (!this.#call.aborted) {
      this.next();
      return;
    }
    this.#reply.stream.end();
    this.#finish();
  }

  #fail(error: unknown): void {
    this.#reply.stream.end();
    this.#finish({ error });
  }

  /** Comes to the end; `failed` where the events ended too early. Never throws. */
  #finish(failed?: { readonly error: unknown }): void {
    const { owner } = this.#sender;
    try {
      if (failed === undefined) this.#end();
      else this.#endFailed(failed.error);
    } catch (error) {
      owner.onStreamFailed(this.#call, error);
      return;
    }
    owner.onStreamOver(this.#call);
  }

  #end(): void {
    const isShutdown = this.#call.reason === SHUTDOWN;
    this.#writer.end(isShutdown ? { comment: 'the server shuts down' } : undefined);
  }

  #endFailed(error: unknown): void {
    const { owner } = this.#sender;
    const failure = this.#reply.failed(owner.mask(this.#call, error, this.#reply.call));
    if (this.#writer.started || (this.#reply.framesFailure && failure.status === 200)) {
      this.#writer.end({ json: failure.json });
      return;
    }
    this.#writer.stop();
    owner.answer(this.#call, failure);
  }
}

/**
 * The frames of one stream. Clients know by the numbers that cursors begin with that an event was lost, so those that no
 * event has are named (docs/resumable-streams.md).
 */
class ReplyFraming implements Framing<StreamItem> {
  readonly #reply: StreamReply;
  readonly #jsonOf: (item: StreamItem) => Json;
  /** The number of the last cursor, where there was one. */
  #last: number | undefined;

  constructor(reply: StreamReply, jsonOf: (item: StreamItem) => Json, lastEventId: string | undefined) {
    this.#reply = reply;
    this.#jsonOf = jsonOf;
    const number = Number.parseInt(lastEventId ?? '', 10);
    this.#last = Number.isNaN(number) ? undefined : number;
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
    const next = (this.#last ?? number) + 1;
    this.#last = number;
    // a task stands for all that was before it
    return !isTask && number > next ? `${String(next)}-${String(number - 1)}` : undefined;
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
