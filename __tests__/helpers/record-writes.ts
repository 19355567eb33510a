import { expect } from '@jest/globals';
import type express from 'express';
import { parse } from './raw-http.ts';

/** Middleware that notes what is written to the newest response. */
export interface WriteRecorder {
  readonly middleware: express.RequestHandler;
  /** What was written, write by write, after a look at the bytes of the answer: the client has got that and nothing else. */
  readonly writes: (answer: Buffer) => readonly string[];
}

/** Chunks of HTTP do not tell: newer versions of node make one of all that is written in one turn. */
export function recordWrites(): WriteRecorder {
  let written: string[] = [];
  return {
    middleware(_req, res, next) {
      const own: string[] = [];
      written = own;
      const recorded =
        (method: (...args: never[]) => unknown) =>
        (chunk?: string | Uint8Array): unknown => {
          if (chunk !== undefined) own.push(Buffer.from(chunk).toString());
          return Reflect.apply(method, res, chunk === undefined ? [] : [chunk]);
        };
      Object.assign(res, { write: recorded(res.write), end: recorded(res.end) });
      next();
    },
    writes(answer) {
      expect(parse(answer).body).toBe(written.join(''));
      return written;
    },
  };
}
