import { afterEach, describe, expect, it } from '@jest/globals';
import type express from 'express';
import type { ErrorInfo } from '../../lib/core/failure.ts';
import type { Turn } from '../../lib/core/turn.ts';
import { a2aRouter } from '../../lib/express/router.ts';
import { gate, until } from '../helpers/gate.ts';
import { callerOf, message } from '../helpers/make-app.ts';
import { serve, type Served } from '../helpers/serve.ts';

let served: Served | undefined;

afterEach(async () => {
  await served?.close();
  served = undefined;
});

function fail(what: string): () => never {
  return () => {
    throw new Error(`${what} is broken`);
  };
}

/** What middleware may do to a response, by a header of the request; from the second write on. */
const BROKEN: Record<string, (res: express.Response) => void> = {
  write: (res) => Object.assign(res, { write: fail('write') }),
  end: (res) => Object.assign(res, { end: fail('end') }),
  both: (res) => Object.assign(res, { write: fail('write'), end: fail('end') }),
  destroy: (res) =>
    Object.assign(res, {
      write() {
        res.destroy();
        return false;
      },
    }),
};

function breaking(req: express.Request, res: express.Response, next: express.NextFunction): void {
  const how = BROKEN[String(req.headers['x-break'])];
  const { write } = res;
  if (how !== undefined) {
    const first = (chunk: string) => {
      Object.assign(res, { write });
      how(res);
      return write.call(res, chunk, 'utf8');
    };
    Object.assign(res, { write: first });
  }
  next();
}

/** What a client gets until its stream ends, in whatever way. */
async function readToEnd(response: Response): Promise<{ text: string; isWhole: boolean }> {
  let text = '';
  try {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk as Uint8Array).toString(); // of bytes
    return { text, isWhole: true };
  } catch {
    return { text, isWhole: false };
  }
}

describe('a response that middleware has broken', () => {
  it('is cut and reported, and streams of the same task beside it get everything', async () => {
    const [said, done] = [gate(), gate()];
    const reports: [unknown, ErrorInfo][] = [];
    let turn: Turn | undefined;
    const a2a = a2aRouter({
      card: { name: 'Test', description: 'For tests', version: '1.0.0' },
      onError: (error, info) => reports.push([error, info]),
      async agent(given) {
        turn = given;
        await given.working('begun');
        await said.opened;
        await given.working('going on');
        await done.opened;
        return 'the end';
      },
    });
    served = await serve((app) => app.use(breaking).use('/a2a', a2a));
    const { open } = callerOf(`${served.origin}/a2a`);
    const kinds = ['none', ...Object.keys(BROKEN), 'none'];
    const answers = [readToEnd(await open('SendStreamingMessage', message('hi')))];
    await until(() => turn !== undefined);
    for (const kind of kinds) {
      const headers = { 'X-Break': kind };
      answers.push(readToEnd(await open('SubscribeToTask', { id: turn?.taskId }, headers)));
    }
    said.open();
    done.open();
    const [first, ...others] = await Promise.all(answers);
    expect(first).toMatchObject({ isWhole: true, text: expect.stringContaining('the end') });
    for (const [index, { text, isWhole }] of others.entries()) {
      const isBroken = kinds[index] !== 'none' && kinds[index] !== 'write';
      expect([kinds[index], isWhole]).toEqual([kinds[index], !isBroken]);
      if (kinds[index] === 'none') expect(text).toContain('the end');
    }
    expect(reports.map(([error]) => String(error)).sort()).toEqual([
      'Error: end is broken',
      'Error: end is broken',
      'Error: write is broken',
      'Error: write is broken',
    ]);
    await until(() => a2a.status().calls === 0);
    await a2a.close({ drainMs: 0 });
  });
});
