import { afterEach, describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import { errorOf, getTask, sendText, stateOf, streamText, subscribe } from '../helpers/calls.ts';
import { type Cluster, makeCluster } from '../helpers/cluster.ts';
import { gate, until } from '../helpers/gate.ts';
import { twoWords } from '../helpers/two-words.ts';

let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

async function serve(agent: Agent, options: Parameters<typeof makeCluster>[1] = {}): Promise<Cluster> {
  cluster = await makeCluster(agent, options);
  return cluster;
}

// NEEDS row 10
describe('H6: Last-Event-ID', () => {
  const resumable = { 'A2A-Extensions': 'urn:express-a2a:resumable-stream:v1' };

  /** A task that has said "one " and "two" and then waits; its cursors, and what lets it end. */
  async function halfway(): Promise<{ web: Cluster['web']; id: string; ids: string[]; end: () => void }> {
    const { open, opened } = gate();
    const { web } = await serve(
      async function* (turn) {
        await turn.working();
        yield 'one ';
        yield 'two';
        await opened;
      },
      { memory: { retention: { logMs: 60_000 } } },
    );
    const stream = await streamText(web[0], 'hi', {}, resumable);
    const ids: string[] = [];
    let id = '';
    while (ids.length < 4) {
      id = (await stream.next())?.task?.id ?? id;
      ids.push(stream.lastId() ?? '');
    }
    await stream.leave();
    return { web, id, ids, end: open };
  }

  it('of every event goes on with the next one', async () => {
    const { web, id, ids, end } = await halfway();
    end();
    const task = await until(
      async () => (await getTask(web[1], id)).status.state === 'TASK_STATE_COMPLETED',
    ).then(() => getTask(web[1], id));
    for (const [index, cursor] of ids.entries()) {
      const stream = await subscribe(web[1], id, { ...resumable, 'Last-Event-ID': cursor });
      expect(await stream.rest()).toEqual(twoWords(task).slice(index));
    }
  });

  it.each([
    ['of a stale time', ([, , third = '']: string[]) => `${String(third.split('.')[0])}.1abc`],
    ['of the future', () => '999.mabcdefg'],
    ['that is garbage', () => 'x; DROP TABLE'],
    ['that is negative', () => '-1.abc'],
    ['of number 0', () => '0.abc'],
    ['that is empty', () => ''],
    ['with a huge number', () => '999999999999999999999999.abc'],
  ])('%s starts with the task again', async (_, cursorOf) => {
    const { web, id, ids, end } = await halfway();
    const stream = await subscribe(web[1], id, { ...resumable, 'Last-Event-ID': cursorOf(ids) });
    expect(await stream.next()).toEqual({ task: await getTask(web[0], id) });
    end();
    expect((await stream.rest()).map(stateOf).at(-1)).toBe('TASK_STATE_COMPLETED');
  });

  it("of another task starts with this one's task", async () => {
    const { web, id, end } = await halfway();
    const other = await streamText(web[0], 'hi', {}, resumable);
    for (let count = 0; count < 3; count += 1) await other.next();
    const cursor = other.lastId() ?? '';
    const stream = await subscribe(web[1], id, { ...resumable, 'Last-Event-ID': cursor });
    const first = await stream.next();
    // two tasks may have been written in the same millisecond: then the cursor fits both
    if (first?.task) expect(first.task).toEqual(await getTask(web[0], id));
    end();
    await stream.rest();
  });

  it('counts only for who asked for resumable streams', async () => {
    const { web, id, ids, end } = await halfway();
    const stream = await subscribe(web[1], id, { 'Last-Event-ID': ids[1] ?? '' });
    expect(await stream.next()).toEqual({ task: await getTask(web[0], id) });
    expect(stream.lastId()).toBeUndefined();
    end();
    await stream.rest();
  });

  it('of an entry that has been trimmed starts with the task', async () => {
    const { open, opened } = gate();
    const { web } = await serve(
      async function* (turn) {
        if (turn.text !== 'hi') return opened;
        for (let index = 0; index < 50; index += 1) yield [{ data: index }];
        await turn.requireInput('Go on?');
      },
      { memory: { limits: { logEntries: 10 } } },
    );
    const sending = await streamText(web[0], 'hi', {}, resumable);
    const id = (await sending.next())?.task?.id ?? '';
    const cursor = sending.lastId() ?? '';
    await sending.rest();
    await sendText(
      web[0],
      'yes',
      { messageId: 'm2', taskId: id },
      { configuration: { returnImmediately: true } },
    );
    const stream = await subscribe(web[1], id, { ...resumable, 'Last-Event-ID': cursor });
    expect(await stream.next()).toEqual({ task: await getTask(web[0], id) });
    open();
    expect((await stream.rest()).map(stateOf)).toEqual(['TASK_STATE_COMPLETED']);
  });

  it('at the end of a finished task is refused, before it gets the rest', async () => {
    const { web, id, ids, end } = await halfway();
    end();
    const stream = await subscribe(web[0], id, { ...resumable, 'Last-Event-ID': ids[3] ?? '' });
    expect((await stream.rest()).map((event) => stateOf(event) ?? 'artifact')).toEqual([
      'artifact',
      'TASK_STATE_COMPLETED',
    ]);
    const last = { ...resumable, 'Last-Event-ID': stream.lastId() ?? '' };
    expect(await errorOf(web[1], 'SubscribeToTask', { id }, last)).toMatchObject({ code: -32004 });
    expect(await errorOf(web[1], 'SubscribeToTask', { id }, resumable)).toMatchObject({ code: -32004 });
  });
});
