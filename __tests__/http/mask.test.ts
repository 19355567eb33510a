import { describe, expect, it } from '@jest/globals';
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
      { error: secret, info: { errorId: expect.any(String), method: 'GetTask' } },
    ]);
    const { errorId } = handler.reports[0]?.info as { errorId: string };
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual(errorBody(-32603, `Internal error (error id ${errorId})`));
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
