import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { StorageError } from '../../lib/core/storage.ts';
import { ask, errorBody } from '../helpers/ask.ts';
import { fakeHandler, fakeService } from '../helpers/fake-service.ts';

describe('a fault of ours', () => {
  it('reaches onError with an id, and the client as nothing but the id', async () => {
    const secret = new Error('connect ECONNREFUSED postgres://admin:hunter2@db');
    const handler = fakeHandler(
      fakeService(() => {
        throw secret;
      }),
    );
    const answer = await ask(handler);
    expect(handler.reports).toEqual([
      { error: secret, info: { errorId: expect.any(String), method: 'GetTask', taskId: 't1' } },
    ]);
    const { errorId } = handler.reports[0]?.info as { errorId: string };
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual(errorBody(-32603, `Internal error (error id ${errorId})`));
  });

  it('is 503 where the storage can not be reached: clients try again, and not after an internal error', async () => {
    const gone = new StorageError('unavailable', 'connect ECONNREFUSED 10.0.0.7:6379');
    const handler = fakeHandler(
      fakeService(() => {
        throw gone;
      }),
    );
    const answer = await ask(handler);
    expect(handler.reports.map(({ error }) => error)).toEqual([gone]);
    const { errorId } = handler.reports[0]?.info as { errorId: string };
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
    expect(JSON.parse(answer.body)).toMatchObject({
      error: {
        code: -32000,
        message: `This server can not reach its storage; try again later (error id ${errorId})`,
        data: [{ reason: 'UNAVAILABLE' }],
      },
    });
  });

  it('shows its developer the text and the stack, where asked to', async () => {
    const cause = new Error('getaddrinfo ENOTFOUND db');
    const thrown = new Error('loading failed', { cause });
    const handler = fakeHandler(
      fakeService(() => {
        throw thrown;
      }),
      { exposeErrors: true },
    );
    const { error } = JSON.parse((await ask(handler)).body) as { error: Record<string, unknown> };
    const { errorId } = handler.reports[0]?.info as { errorId: string };
    expect(error).toEqual({
      code: -32603,
      message: `Internal error (error id ${errorId}): loading failed`,
      data: [
        {
          '@type': 'type.googleapis.com/google.rpc.DebugInfo',
          detail: 'loading failed',
          stackEntries: expect.arrayContaining([
            'Error: loading failed',
            expect.stringMatching(/^ +at .*mask\.test\.ts/),
            expect.stringContaining('getaddrinfo ENOTFOUND db'),
          ]),
        },
      ],
    });
  });

  it.each([
    ['a text', 'just text', "'just text'"],
    ['nothing', undefined, 'undefined'],
    [
      'an object that can not be looked at',
      new Proxy({}, { ownKeys: () => assert.fail('no'), getPrototypeOf: () => assert.fail('no') }),
      'the error can not be shown',
    ],
    [
      'an error whose text can not be read',
      Object.defineProperty(new Error(), 'message', { get: () => assert.fail('no') }),
      'the error can not be shown',
    ],
    ['an endless text', new Error('x'.repeat(1e6)), 'x'.repeat(2000)],
  ])('is shown whatever was thrown: %s', async (_, thrown, text) => {
    const service = fakeService(() => {
      throw thrown as Error; // which it need not be
    });
    const { body } = await ask(fakeHandler(service, { exposeErrors: true }));
    expect(body.length).toBeLessThan(300_000);
    expect(JSON.parse(body)).toMatchObject({ error: { data: [{ detail: text }] } });
  });

  it('is answered even where onError rejects', async () => {
    const logged: string[] = [];
    const log = (_: object, text: string) => logged.push(text);
    const handler = fakeHandler(
      fakeService(() => {
        throw new Error('first');
      }),
      {
        onError: async () => Promise.reject(new Error('second')),
        logger: { debug: log, info: log, warn: log, error: log },
      },
    );
    expect(JSON.parse((await ask(handler)).body)).toMatchObject({ id: 1, error: { code: -32603 } });
    expect(logged).toEqual(['a call failed', 'onError itself failed']);
  });

  it('is answered even where onError throws', async () => {
    const handler = fakeHandler(
      fakeService(() => {
        throw new Error('first');
      }),
      {
        onError: () => {
          throw new Error('second');
        },
      },
    );
    expect(JSON.parse((await ask(handler)).body)).toMatchObject({ id: 1, error: { code: -32603 } });
  });

  it('is a result that is no JSON', async () => {
    const handler = fakeHandler(fakeService(() => ({ n: 1n })));
    expect(JSON.parse((await ask(handler)).body)).toMatchObject({ id: 1, error: { code: -32603 } });
    expect(handler.reports).toHaveLength(1);
  });
});
