import type { StreamResponse } from '../protocol/v1.ts';
import { ResponseError } from './errors.ts';
import { readFrames, type SseFrame, type StreamLimits } from './event-stream.ts';
import { type OpenResponse, readText, refuse, startOf } from './http.ts';
import type { OpenStream, StreamNews } from './transport.ts';

/** The JSON of an answer that is no stream, and its text for messages. Throws a ResponseError where it has none. */
export async function readJson(
  opened: OpenResponse,
  maxBytes: number,
): Promise<{ readonly answer: unknown; readonly text: string }> {
  const { response } = opened;
  if (response.status === 0 || (response.status >= 300 && response.status < 400)) {
    const target = response.headers.get('location');
    throw await refuse(
      opened,
      'redirect',
      `The agent redirects${target === null ? '' : ` to ${target}`}, which calls do not follow`,
    );
  }
  if (!/^application\/(?:.+\+)?json$/.test(mediaType(response))) {
    throw await refuse(opened, response.ok ? 'not-json' : 'status', 'The answer is no JSON');
  }
  const text = await readText(opened, maxBytes);
  return { answer: parse(text, response), text };
}

/** What a binding knows of its streams. */
export interface StreamReading {
  readonly limits: StreamLimits;
  /** Reads an answer that is none. Throws what is in it, if anything. */
  readonly readAnswer: () => Promise<unknown>;
  /** The event in the data of a frame. Throws what else it says. */
  readonly readEvent: (data: unknown, text: string) => StreamResponse;
}

/** The stream that an answer is. Throws the error in it where it is none, or a ResponseError. */
export async function openNews(opened: OpenResponse, reading: StreamReading): Promise<OpenStream> {
  const { response, scope } = opened;
  if (response.status !== 200 || mediaType(response) !== 'text/event-stream') {
    await reading.readAnswer();
    const why = 'The agent answered with one result instead of a stream';
    throw new ResponseError('not-a-stream', why, response, '');
  }
  return {
    news: readNews(opened, reading),
    close: () => {
      scope.release();
      scope.abort(undefined);
    },
  };
}

async function* readNews(opened: OpenResponse, reading: StreamReading): AsyncGenerator<StreamNews[]> {
  for await (const frames of readFrames(opened, reading.limits)) {
    const news: StreamNews[] = [];
    for (const frame of frames) {
      try {
        const read = readFrame(frame, opened.response, reading);
        if (read !== undefined) news.push(read);
      } catch (error) {
        // what came before an error was said
        if (news.length > 0) yield news;
        throw error;
      }
    }
    if (news.length > 0) yield news;
  }
}

function readFrame(
  frame: SseFrame,
  response: Response,
  { readEvent }: StreamReading,
): StreamNews | undefined {
  if ('retryMs' in frame) return frame;
  if ('comment' in frame) {
    const [, from, to] = /^\s*skip (\d{1,15})-(\d{1,15})$/.exec(frame.comment) ?? [];
    return from === undefined ? undefined : { skip: { from: Number(from), to: Number(to) } };
  }
  return { event: readEvent(parse(frame.data, response), frame.data), cursor: frame.id };
}

function parse(text: string, response: Response): unknown {
  if (text.trim() === '') throw new ResponseError('empty', 'The answer is empty', response, '');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ResponseError('cut', 'The answer is not complete JSON', response, startOf(text), error);
  }
}

function mediaType({ headers }: Response): string {
  const [type = ''] = (headers.get('content-type') ?? '').split(';', 1);
  return type.trim().toLowerCase();
}
