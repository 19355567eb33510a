import { createParser } from 'eventsource-parser';
import { ResponseError, TimeoutError } from './errors.ts';
import { chunksOf, type OpenResponse, startOf } from './http.ts';

/** A frame of server-sent events that says something. */
export type SseFrame =
  | { readonly data: string; readonly id: string | undefined }
  | { readonly comment: string }
  | { readonly retryMs: number };

/** Bounds of a stream. */
export interface StreamLimits {
  /** Silence after which it counts as broken, in ms; comments are signs of life. */
  readonly idleMs: number;
  /** Largest event, in bytes. */
  readonly maxBytes: number;
}

/**
 * The frames of a response as they come; what was not complete when it ended is left out. Releases the scope at the end.
 *
 * Rejects with a ConnectionError when the connection breaks, a TimeoutError after too long a silence, a ResponseError
 * for an event that is too large, and with the reason of an abort.
 */
export async function* readFrames(
  open: OpenResponse,
  limits: StreamLimits,
): AsyncGenerator<readonly SseFrame[]> {
  const { response, scope } = open;
  const frames: SseFrame[] = [];
  const faults: string[] = [];
  const parser = createParser({
    maxBufferSize: limits.maxBytes,
    onEvent: ({ data, id }) => {
      // the parser bounds what it keeps between chunks, not what one chunk holds
      if (data.length > limits.maxBytes) faults.push('event');
      else frames.push({ data, id });
    },
    onComment: (comment) => frames.push({ comment }),
    onRetry: (retryMs) => frames.push({ retryMs }),
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') faults.push(type);
    },
  });
  const awaitNews = () => {
    scope.limit(limits.idleMs, () => new TimeoutError('idle', limits.idleMs, response.url));
  };
  try {
    awaitNews();
    for await (const chunk of chunksOf(response, scope)) {
      awaitNews();
      parser.feed(chunk);
      if (faults.length > 0) {
        throw new ResponseError(
          'too-large',
          `An event is larger than ${limits.maxBytes} bytes`,
          response,
          startOf(chunk),
        );
      }
      // a reader that takes its time is not a silent server
      scope.limit(0, () => undefined);
      if (frames.length > 0) yield frames.splice(0);
      awaitNews();
    }
  } finally {
    scope.release();
    scope.abort(undefined);
  }
}
