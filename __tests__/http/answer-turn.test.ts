import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { A2AOptions } from '../../lib/express/options.ts';
import { a2aRouter, type A2ARouter } from '../../lib/express/router.ts';
import { AnswerTurn } from '../../lib/http/answer-turn.ts';
import { callerOf } from '../helpers/make-app.ts';
import { serve, type Served } from '../helpers/serve.ts';

const endOfTurn = () => new Promise(setImmediate);

/** Asks for an answer each, and notes when each may go. */
function answersOf(count: number): { gone: number[]; turn: AnswerTurn } {
  const turn = new AnswerTurn();
  const gone: number[] = [];
  const answer = async (item: number) => {
    await turn.wait();
    gone.push(item);
  };
  for (let item = 1; item <= count; item += 1) void answer(item);
  return { gone, turn };
}

describe('what is answered in a turn of the event loop', () => {
  it('goes at once where it is the first, and at the end of the turn where it is not', async () => {
    const { gone, turn } = answersOf(3);
    await Promise.resolve();
    expect(gone).toEqual([1]);
    await endOfTurn();
    await endOfTurn();
    expect(gone).toEqual([1, 2, 3]);
    expect(turn.wait()).toBeUndefined();
  });

  it('does not wait for more than 16', async () => {
    const { gone } = answersOf(40);
    // promises alone: no turn of the event loop
    for (let hop = 0; hop < 5; hop += 1) await Promise.resolve();
    expect(gone).toHaveLength(33);
    await endOfTurn();
    await endOfTurn();
    expect(gone).toHaveLength(40);
  });
});

/** Does something before the head of a response is written. */
function beforeHead(res: ServerResponse, act: () => void): void {
  const { writeHead } = res;
  Object.assign(res, {
    writeHead(...args: unknown[]) {
      act();
      return Reflect.apply(writeHead, res, args) as ServerResponse;
    },
  });
}

describe('answers to many clients', () => {
  const routers: A2ARouter[] = [];
  let served: Served | undefined;

  function agent(options: Partial<A2AOptions> = {}): A2ARouter {
    const card = { name: 'T', description: 'D', version: '1' };
    const router = a2aRouter({ card, agent: () => 'hello', ...options });
    routers.push(router);
    return router;
  }

  afterEach(async () => {
    await Promise.all(routers.splice(0).map((router) => router.close({ drainMs: 0 })));
    await served?.close();
  });

  it('are each written in the context of its own request', async () => {
    const user = new AsyncLocalStorage<string>();
    served = await serve((app) => {
      app.use((req, res, next) => {
        beforeHead(res, () => res.setHeader('X-Written-For', user.getStore() ?? 'nobody'));
        user.run(String(req.headers['x-user']), next);
      });
      app.use('/a2a', agent());
    });
    const { open } = callerOf(`${served.origin}/a2a`);
    const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] };
    const calls: [string, object][] = [
      ['GetTask', { id: 'none' }],
      ['SendMessage', { message }],
      ['SendMessage', {}],
    ];
    const wrong: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(
        Array.from({ length: 30 }, async (_, index) => {
          const [method, params] = calls[index % calls.length] ?? ['', {}];
          const name = `user-${String(index)}`;
          const answer = await open(method, params, { 'X-User': name });
          await answer.text();
          if (answer.headers.get('x-written-for') !== name) wrong.push(`${method} of ${name}`);
        }),
      );
    }
    expect(wrong).toEqual([]);
  });

  it('are errors where something on the way fails to write the head, once', async () => {
    const failed: unknown[] = [];
    const strict = agent({ onError: (error) => failed.push(error) });
    served = await serve((app) => {
      app.use((_, res, next) => {
        let isFirst = true;
        beforeHead(res, () => {
          if (!isFirst) return;
          isFirst = false;
          throw new Error('no head');
        });
        next();
      });
      app.use('/a2a', strict);
    });
    const { call } = callerOf(`${served.origin}/a2a`);
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('GetTask', { id: 'none' })));
    expect(answers.map((answer) => (answer as { error?: { code?: number } }).error?.code)).toEqual(
      answers.map(() => -32603),
    );
    expect(failed).toHaveLength(20);
    expect(strict.status().calls).toBe(0);
  });

  it('are told to metrics when they are written, not before', async () => {
    let written = 0;
    const told: [told: number, written: number][] = [];
    const measured = agent({
      onMetric: (name) => {
        if (name === 'a2a_calls') told.push([told.length + 1, written]);
      },
    });
    served = await serve((app) => {
      app.use((_, res, next) => {
        beforeHead(res, () => (written += 1));
        next();
      });
      app.use('/a2a', measured);
    });
    const { call } = callerOf(`${served.origin}/a2a`);
    await Promise.all(Array.from({ length: 30 }, () => call('GetTask', { id: 'none' })));
    expect(told).toHaveLength(30);
    expect(told.filter(([calls, answers]) => calls > answers)).toEqual([]);
  });

  it('are all there, or refused, where the router closes while they wait', async () => {
    let arrived = 0;
    const closed: Promise<void>[] = [];
    const closing = agent();
    served = await serve((app) => {
      app.use((_, __, next) => {
        arrived += 1;
        next();
        if (arrived === 46) closed.push(closing.close({ drainMs: 0 }));
      });
      app.use('/a2a', closing);
    });
    const { open } = callerOf(`${served.origin}/a2a`);
    const all = async () => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => open('GetTask', { id: 'none' })));
      for (const answer of answers) await answer.text();
      return answers.map(({ status }) => status);
    };
    // connections are open from here on
    expect(new Set(await all())).toEqual(new Set([200]));
    expect((await all()).filter((status) => status !== 200 && status !== 503)).toEqual([]);
    await Promise.all(closed);
    expect(closed).toHaveLength(1);
    expect(closing.status().calls).toBe(0);
  });
});
