import type { ServerResponse } from 'node:http';
import { SHUTDOWN, type StreamItem } from '../core/call.ts';
import type { RpcStream } from '../jsonrpc/dispatch.ts';
import type { Answer, Headers } from '../jsonrpc/error.ts';
import { createSseWriter, type Frame, type SseOptions } from './sse.ts';

/** Sends streams of events as responses. */
export interface EventStreams {
  /** Resolves when the stream has ended, the reader has gone, or `signal` aborts. */
  readonly send: (reply: RpcStream, res: ServerResponse, context: StreamContext) => Promise<void>;
}

/** The response a stream is sent on. */
export interface StreamContext {
  readonly headers: Headers;
  /** Aborted when the client has gone or the server closes. */
  readonly signal: AbortSignal;
  /** Where the client stands, as it says itself. */
  readonly lastEventId?: string | undefined;
  /** Sends a whole answer instead: the stream failed before its head. */
  readonly answer: (answer: Answer) => void;
}

/** JSON of this size is kept as bytes, so that slow readers share it. */
const LARGE = 16 * 1024;

/** Makes the sender. The JSON of an event is made once, for all readers of this handler. */
export function createEventStreams(options: SseOptions): EventStreams {
  const known = new WeakMap<StreamItem['event'], string | Uint8Array>();

  function jsonOf(event: StreamItem['event']): string | Uint8Array {
    const made = known.get(event);
    if (made !== undefined) return made;
    const text = JSON.stringify(event);
    const json = text.length < LARGE ? text : Buffer.from(text);
    known.set(event, json);
    return json;
  }

  function* framesOf(
    batch: readonly StreamItem[],
    { prefix, suffix }: RpcStream,
    numbers: Numbers,
  ): Generator<Frame> {
    for (const { event, cursor } of batch) {
      const json = jsonOf(event);
      if (cursor === undefined) yield { prefix, suffix, json };
      else yield { prefix, suffix, json, cursor, ...numbers.before(cursor, event.task !== undefined) };
    }
  }

  async function send(reply: RpcStream, res: ServerResponse, context: StreamContext): Promise<void> {
    const { headers, signal, lastEventId, answer } = context;
    const writer = createSseWriter(res, headers, signal, options);
    const numbers = createNumbers(lastEventId);
    try {
      for await (const batch of reply.stream) {
        await writer.write(framesOf(batch, reply, numbers));
        if (signal.aborted) break;
      }
    } catch (error) {
      if (!writer.started()) {
        writer.stop();
        answer(reply.failed(error));
        return;
      }
      writer.end({ json: reply.failedFrame(error) });
      return;
    }
    writer.end(signal.reason === SHUTDOWN ? { comment: 'the server shuts down' } : undefined);
  }

  return { send };
}

/** The numbers that the cursors of a stream begin with. */
interface Numbers {
  /** What no event has between the last one and this. */
  readonly before: (cursor: string, isTask: boolean) => { readonly skip?: string };
}

/** Clients know by the numbers that an event was lost, so those that have none are named (docs/resumable-streams.md). */
function createNumbers(lastEventId: string | undefined): Numbers {
  let last = Number.parseInt(lastEventId ?? '', 10);
  return {
    before(cursor, isTask) {
      const number = Number.parseInt(cursor, 10);
      // a task stands for all that was before it
      const isGap = !isTask && number > last + 1;
      const skip = isGap ? { skip: `${String(last + 1)}-${String(number - 1)}` } : {};
      last = number;
      return skip;
    },
  };
}
