import { afterEach, describe, expect, it, jest } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { a2aRouter } from '../../lib/index.ts';

const CARD = { name: 'Echo', description: 'Says it again', version: '1.0.0' };
const routers: { close: () => Promise<void> }[] = [];

/** As the tests of an application do it: supertest opens and closes the port. */
function makeApp(): express.Express {
  const a2a = a2aRouter({ card: CARD, agent: (turn) => `You said ${turn.text}` });
  routers.push(a2a);
  return express().use('/a2a', a2a).use(a2a.wellKnown('/a2a'));
}

afterEach(async () => {
  await Promise.all(routers.splice(0).map((router) => router.close()));
});

describe('an application under supertest', () => {
  it('answers a send', async () => {
    const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] };
    const response = await request(makeApp())
      .post('/a2a')
      .set('A2A-Version', '1.0')
      .send({ jsonrpc: '2.0', id: 0, method: 'SendMessage', params: { message } });
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({
      jsonrpc: '2.0',
      id: 0,
      result: {
        task: {
          status: { state: 'TASK_STATE_COMPLETED' },
          artifacts: [{ artifactId: '1-1', parts: [{ text: 'You said hi' }] }],
        },
      },
    });
  });

  it.each(['/.well-known/agent-card.json', '/a2a/.well-known/agent-card.json'])(
    'serves the card at %s',
    async (path) => {
      const response = await request(makeApp()).get(path);
      expect(response.status).toBe(200);
      expect(Object.keys(response.body as object).slice(0, 3)).toEqual(['name', 'description', 'version']);
    },
  );

  it('answers under timers that do not run by themselves', async () => {
    const app = makeApp();
    const realTimeout = setTimeout;
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    try {
      for (let id = 1; id <= 3; id += 1) {
        const asked = request(app)
          .post('/a2a')
          .set('A2A-Version', '1.0')
          .send({ jsonrpc: '2.0', id, method: 'GetTask', params: { id: 'none' } });
        // jest waits by the timers that are faked here
        const late = new Promise<never>((_, reject) =>
          realTimeout(reject, 10_000, new Error('no answer')).unref(),
        );
        const { body } = (await Promise.race([asked, late])) as { body: unknown };
        expect(body).toMatchObject({ id, error: { code: -32001 } });
      }
    } finally {
      jest.useRealTimers();
    }
  });

  it('streams to the end', async () => {
    const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] };
    const response = await request(makeApp())
      .post('/a2a')
      .set('A2A-Version', '1.0')
      .send({ jsonrpc: '2.0', id: 'a', method: 'SendStreamingMessage', params: { message } });
    expect(response.headers['content-type']).toBe('text/event-stream');
    const frames = response.text.split('\n\n').filter((frame) => frame !== '');
    expect(
      frames.map((frame) => Object.keys((JSON.parse(frame.slice(6)) as { result: object }).result)[0]),
    ).toEqual(['task', 'artifactUpdate', 'statusUpdate']);
  });
});
