import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../lib/core/clock.ts';
import type { Agent } from '../../lib/core/output.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { errorOf, listTasks, sendText, TIME } from '../helpers/calls.ts';
import { gate } from '../helpers/gate.ts';
import { type AgentApp, makeApp, userOf } from '../helpers/make-app.ts';
import { verifies } from '../requirements.ts';

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

/** Serves on a clock that says `times.now`; waiting goes on as ever. */
async function serveAt(
  times: { now: number },
  agent: Agent = (turn) => (turn.text === 'ask' ? turn.requireInput('Well?') : turn.text),
): Promise<AgentApp> {
  const backend = memoryBackend({ clock: { ...systemClock, now: () => times.now } });
  app = await makeApp({ ...backend, agent, owner: userOf });
  return app;
}

const NOON = Date.parse('2026-01-01T12:00:00.000Z');

/** All pages of a listing. */
async function pages(app: AgentApp, params: object, headers?: Record<string, string>): Promise<string[][]> {
  const found: string[][] = [];
  let pageToken = '';
  do {
    const page = await listTasks(app, { ...params, pageToken }, headers);
    found.push(page.tasks.map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return found;
}

describe('ListTasks', () => {
  it('of nothing answers with all four fields', async () => {
    verifies('3.1.4-next-page-token');
    const app = await serveAt({ now: NOON });
    expect(await app.call('ListTasks')).toEqual({
      ...{ jsonrpc: '2.0', id: 1 },
      result: { tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 },
    });
  });

  it('gives tasks newest first, without artifacts, and pages through ties', async () => {
    verifies('3.1.4-sorted', '3.1.4-cursor', '3.1.4-no-artifacts', '3.1.4-next-page-token');
    const times = { now: NOON };
    const app = await serveAt(times);
    const sent: { id: string; at: number }[] = [];
    for (let index = 0; index < 25; index += 1) {
      // ten ties, then one in each millisecond
      if (index >= 10) times.now += 1;
      sent.push({ id: (await sendText(app, String(index))).id, at: times.now });
    }
    const expected = sent.sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)).map(({ id }) => id);
    for (const pageSize of [1, 4, 24, 25, 100]) {
      const found = await pages(app, { pageSize });
      expect(found.flat()).toEqual(expected);
      expect(found.slice(0, -1).every((page) => page.length === pageSize)).toBe(true);
    }
    const first = await listTasks(app, { pageSize: 2 });
    expect(first).toEqual({
      tasks: expected.slice(0, 2).map((id) => ({
        ...{ id, contextId: expect.any(String), history: expect.any(Array) },
        status: { state: 'TASK_STATE_COMPLETED', timestamp: TIME },
      })),
      nextPageToken: expect.stringMatching(/^[\w-]+$/),
      ...{ pageSize: 2, totalSize: 25 },
    });
    const middle = await listTasks(app, { pageSize: 2, pageToken: first.nextPageToken });
    expect(middle).toMatchObject({ pageSize: 2, totalSize: 25 });
  });

  it('never gives a task twice while tasks change between pages', async () => {
    const times = { now: NOON };
    const app = await serveAt(times);
    const ids: string[] = [];
    for (let index = 0; index < 9; index += 1) {
      times.now += 1;
      ids.push((await sendText(app, 'ask')).id);
    }
    const first = await listTasks(app, { pageSize: 3 });
    times.now += 1;
    // one that was given out already moves to the top, and so does one that was not
    for (const id of [ids[8], ids[1]]) await sendText(app, 'ask', { taskId: id, messageId: 'again' });
    const second = await listTasks(app, { pageSize: 10, pageToken: first.nextPageToken });
    expect([...first.tasks, ...second.tasks].map(({ id }) => id)).toEqual(
      [8, 7, 6, 5, 4, 3, 2, 0].map((index) => ids[index]),
    );
  });

  it.each([
    ['garbage', 'garbage'],
    ['no base64', '%%%'],
    ['other JSON', Buffer.from('{"v":1}').toString('base64url')],
    ['a number', Buffer.from('7').toString('base64url')],
    ['null', Buffer.from('null').toString('base64url')],
  ])('refuses a token that is %s', async (_, pageToken) => {
    const app = await serveAt({ now: NOON });
    expect(await errorOf(app, 'ListTasks', { pageToken })).toMatchObject({
      code: -32602,
      data: [{ fieldViolations: [{ field: 'pageToken', description: expect.any(String) }] }],
    });
  });

  it('refuses a token of another caller and of other filters, and takes it with another page size', async () => {
    const app = await serveAt({ now: NOON });
    const ada = { 'x-user': 'ada' };
    for (let index = 0; index < 3; index += 1) await sendText(app, 'x', { contextId: 'c1' }, {}, ada);
    const filters = { contextId: 'c1', status: 'TASK_STATE_COMPLETED' };
    const { nextPageToken: pageToken } = await listTasks(app, { ...filters, pageSize: 1 }, ada);
    const refused = [
      [{ ...filters, pageToken }, { 'x-user': 'bob' }],
      [{ ...filters, pageToken }, {}],
      [{ ...filters, contextId: 'c2', pageToken }, ada],
      [{ contextId: 'c1', pageToken }, ada],
      [{ ...filters, statusTimestampAfter: '2026-01-01T00:00:00Z', pageToken }, ada],
    ] as const;
    for (const [params, headers] of refused) {
      expect(await errorOf(app, 'ListTasks', params, headers)).toMatchObject({
        code: -32602,
        data: [{ fieldViolations: [{ field: 'pageToken' }] }],
      });
    }
    const more = { pageSize: 7, includeArtifacts: true, historyLength: 0 };
    expect(await listTasks(app, { ...filters, pageToken, ...more }, ada)).toMatchObject({
      ...{ pageSize: 7, totalSize: 3, nextPageToken: '' },
      tasks: [{ artifacts: [{ parts: [{ text: 'x' }] }] }, { artifacts: [{ parts: [{ text: 'x' }] }] }],
    });
  });

  it('shows each caller its own tasks only', async () => {
    verifies('3.1.4-own-tasks');
    const app = await serveAt({ now: NOON });
    const users = [{ 'x-user': 'ada' }, { 'x-user': 'bob' }, {}] as Record<string, string>[];
    const ids = await Promise.all(users.map((headers) => sendText(app, 'x', {}, {}, headers)));
    for (const [index, headers] of users.entries()) {
      const { tasks, totalSize } = await listTasks(app, {}, headers);
      expect(tasks.map(({ id }) => id)).toEqual([ids[index]?.id]);
      expect(totalSize).toBe(1);
    }
  });

  it('filters by context, state and time, which is inclusive', async () => {
    verifies('5.6.1-parse');
    const times = { now: NOON };
    const app = await serveAt(times);
    const a = await sendText(app, 'x', { contextId: 'c1' });
    times.now += 1;
    const b = await sendText(app, 'ask', { contextId: 'c1' });
    times.now += 1;
    const c = await sendText(app, 'x', { contextId: 'c2' });
    const found = async (params: object) => {
      const { tasks, totalSize } = await listTasks(app, params);
      expect(totalSize).toBe(tasks.length);
      return tasks.map(({ id }) => id);
    };
    expect(await found({})).toEqual([c.id, b.id, a.id]);
    expect(await found({ contextId: 'c1' })).toEqual([b.id, a.id]);
    expect(await found({ contextId: '' })).toEqual([c.id, b.id, a.id]);
    expect(await found({ contextId: 'c3' })).toEqual([]);
    expect(await found({ status: 'TASK_STATE_COMPLETED' })).toEqual([c.id, a.id]);
    expect(await found({ status: 'TASK_STATE_UNSPECIFIED' })).toEqual([c.id, b.id, a.id]);
    expect(await found({ status: 'TASK_STATE_COMPLETED', contextId: 'c1' })).toEqual([a.id]);
    const after = (statusTimestampAfter: string) => found({ statusTimestampAfter });
    expect(await after('2026-01-01T12:00:00.001Z')).toEqual([c.id, b.id]);
    expect(await after('2026-01-01T12:00:00.0010Z')).toEqual([c.id, b.id]);
    expect(await after('2026-01-01T12:00:00.001000001Z')).toEqual([c.id]);
    expect(await after('2026-01-01T13:00:00.001+01:00')).toEqual([c.id, b.id]);
    expect(await after('2026-01-01T12:00:00.002Z')).toEqual([c.id]);
    expect(await after('2026-01-01T12:00:00.003Z')).toEqual([]);
    expect(await after('2026-01-01T12:00:00Z')).toEqual([c.id, b.id, a.id]);
  });

  it('gives artifacts and history as asked for', async () => {
    verifies('3.1.4-no-artifacts');
    const { open, opened } = gate();
    const app = await serveAt({ now: NOON }, async (turn) => {
      return turn.text === 'x' ? 'out' : opened;
    });
    await sendText(app, 'x');
    await sendText(app, 'wait', {}, { configuration: { returnImmediately: true } });
    const shapes = async (params: object) =>
      (await listTasks(app, params)).tasks
        .sort((a, b) => (a.status.state < b.status.state ? -1 : 1))
        .map(({ artifacts, history }) => [artifacts?.length, history?.length]);
    expect(await shapes({})).toEqual([
      [undefined, 1],
      [undefined, 1],
    ]);
    expect(await shapes({ includeArtifacts: false, historyLength: 0 })).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(await shapes({ includeArtifacts: true, historyLength: 1 })).toEqual([
      [1, 1],
      [0, 1],
    ]);
    expect(JSON.stringify(await app.call('ListTasks', { historyLength: 0 }))).not.toMatch(
      /"(history|artifacts)"/,
    );
    open();
  });
});
