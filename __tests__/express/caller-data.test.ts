import { afterEach, describe, expect, it } from '@jest/globals';
import type { A2AOptions } from '../../lib/express/options.ts';
import { listTasks, sendText } from '../helpers/calls.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

const apps: AgentApp[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

async function serve(options: Partial<A2AOptions>): Promise<AgentApp> {
  const app = await makeApp(options);
  apps.push(app);
  return app;
}

describe('`caller` (NEEDS 32)', () => {
  it('is what the agent knows of each message, and no client of the task', async () => {
    const app = await serve({
      caller: (req) => ({ locale: req.headers['accept-language'], at: new Date(0) }),
      agent: async (turn) => {
        await turn.artifact({ parts: [{ data: turn.request.caller ?? 'nothing' }] });
        if (turn.text === 'hi') await turn.requireInput('Well?');
      },
    });
    const task = await sendText(app, 'hi', {}, {}, { 'accept-language': 'de' });
    const answered = await sendText(app, 'more', { taskId: task.id }, {}, { 'accept-language': 'fr' });
    const at = '1970-01-01T00:00:00.000Z';
    expect(answered.artifacts?.map(({ parts }) => parts)).toEqual([
      [{ data: { locale: 'de', at } }],
      [{ data: { locale: 'fr', at } }],
    ]);
    expect(JSON.stringify([answered.history, answered.metadata])).not.toContain('locale');
  });

  it('is known to `answers`, and asked for with messages only', async () => {
    let asked = 0;
    const app = await serve({
      caller: () => ({ bare: (asked += 1) > 1 }),
      answers: (_, { request }) => (request.caller?.['bare'] === true ? 'message' : 'task'),
    });
    expect(await app.call('SendMessage', message('hi'))).toMatchObject({ result: { task: {} } });
    await listTasks(app);
    expect(await app.call('SendMessage', message('hi'))).toMatchObject({ result: { message: {} } });
    expect(asked).toBe(2);
  });

  it.each([undefined, null])('may be absent: %s', async (nothing) => {
    const app = await serve({
      caller: () => nothing as undefined,
      agent: (turn) => JSON.stringify(turn.request),
    });
    expect((await sendText(app, 'hi')).artifacts?.[0]?.parts).toEqual([{ text: '{}' }]);
  });

  function fail(): never {
    throw new Error('no');
  }

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;

  it.each([
    ['a text', 'ada', /gave something else than an object/],
    ['a list', ['ada'], /gave something else than an object/],
    ['a date', new Date(), /gave something else than an object/],
    ['a function', { user: { get() {} } }, /gave a function, which JSON can not carry: leave out `get`/],
    ['a bigint', { id: 1n }, /gave a bigint, which JSON can not carry: leave out `id`/],
    ['a symbol', { id: Symbol('x') }, /gave a symbol/],
    ['NaN', { rate: Number.NaN }, /gave the number NaN/],
    ['a Map', { roles: new Map() }, /gave a Map or Set/],
    ['a cycle', cycle, /gave what is no JSON/],
    ['a toJSON that throws', { toJSON: fail }, /gave what is no JSON \(no\)/],
    [
      'one byte too much',
      { x: 'x'.repeat(16 * 1024 - 7) },
      /gave 16385 bytes of JSON, and 16384 are the most/,
    ],
  ])('that gives %s fails the call, and nothing is stored', async (_, given, words) => {
    const errors: unknown[] = [];
    let runs = 0;
    const app = await serve({
      caller: () => given as never,
      agent: () => void (runs += 1),
      onError: (error) => errors.push(error),
    });
    expect(await app.call('SendMessage', message('hi'))).toMatchObject({ error: { code: -32603 } });
    const code = 'ERR_A2A_CALLER';
    expect(errors).toEqual([expect.objectContaining({ code, message: expect.stringMatching(words) })]);
    expect([runs, (await listTasks(app)).totalSize]).toEqual([0, 0]);
  });

  it('may have 16 KiB', async () => {
    const x = 'x'.repeat(16 * 1024 - 8);
    const app = await serve({ caller: () => ({ x }), agent: ({ request }) => String(request.caller?.['x']) });
    expect((await sendText(app, 'hi')).artifacts?.[0]?.parts).toEqual([{ text: x }]);
  });

  it('refuses a message as `owner` does', async () => {
    const app = await serve({ caller: () => Promise.reject(Object.assign(new Error(), { status: 403 })) });
    expect((await app.open('SendMessage', message('hi'))).status).toBe(403);
    expect((await listTasks(app)).totalSize).toBe(0);
  });
});
