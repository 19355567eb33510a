import type { Readable } from 'node:stream';
import { A2AError, UnavailableError } from '../protocol/errors.ts';
import type { BodyRoom } from './body-room.ts';
import { HttpRefusal } from './respond.ts';

/** The client went away while it was sending: there is nobody to answer. */
export class RequestAborted extends Error {
  override readonly name = 'RequestAborted';
}

const RETRY_SECONDS = 5;
/** A chunk of one byte takes a hundred: small ones are put together, so many at a time. */
const CRUMB_BYTES = 1024;
const CRUMBS = 256;

/**
 * Reads a stream to its end, at most `limit` bytes of it, in what room there is; `first` is what has come of it already.
 * Rejects with an HttpRefusal, with RequestAborted, or with the error of the stream; nothing is held from then on, and the
 * stream is paused.
 */
export function collect(stream: Readable, limit: number, room: BodyRoom, first?: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const blocks: Buffer[] = [];
    const crumbs: Buffer[] = [];
    let size = 0;
    const place = room.enter(() => {
      fail(crowded());
    });

    function stop(): void {
      place.leave();
      stream.off('data', onData).off('end', onEnd).off('error', fail).off('close', onClose);
    }

    function fail(error: Error): void {
      stop();
      blocks.length = crumbs.length = 0;
      stream.pause();
      reject(error);
    }

    function sweep(): void {
      const last = crumbs.pop();
      if (crumbs.length > 0) blocks.push(whole(crumbs.splice(0)));
      if (last !== undefined) blocks.push(last);
    }

    function onData(chunk: Buffer): void {
      size += chunk.byteLength;
      if (size > limit) {
        fail(tooLarge(limit));
        return;
      }
      crumbs.push(chunk);
      if (crumbs.length === CRUMBS || chunk.byteLength >= CRUMB_BYTES) sweep();
      place.take(chunk.byteLength);
    }

    function onEnd(): void {
      stop();
      sweep();
      resolve(whole(blocks));
    }

    function onClose(): void {
      fail(new RequestAborted('the request was aborted'));
    }

    stream.on('data', onData).on('end', onEnd).on('error', fail).on('close', onClose);
    if (first !== undefined) onData(first);
  });
}

/** One piece is not copied. */
function whole(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces;
  return first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces);
}

/** The refusal of a body of more than so many bytes. */
export function tooLarge(limit: number): HttpRefusal {
  const kind = { code: -32600, httpStatus: 413, status: 'RESOURCE_EXHAUSTED' };
  return new HttpRefusal(
    413,
    new A2AError(
      kind,
      `The body is larger than ${String(limit)} bytes: send large files as parts with a url`,
    ),
  );
}

function crowded(): HttpRefusal {
  const text = 'This server reads as many large bodies as it can; try again later';
  return new HttpRefusal(503, new UnavailableError(text, RETRY_SECONDS));
}
