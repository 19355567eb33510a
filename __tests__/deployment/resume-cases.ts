import { expect, it } from '@jest/globals';
import type { StreamResponse } from '../../lib/protocol/v1.ts';
import {
  errorOf,
  getTask,
  sendText,
  stateOf,
  streamText,
  subscribe,
  type TaskStream,
} from '../helpers/calls.ts';
import { until } from '../helpers/gate.ts';
import { twoWords } from '../helpers/two-words.ts';
import { verifies } from '../requirements.ts';
import { MANY } from './agent.ts';
import type { World } from './world.ts';

const RESUMABLE = { 'A2A-Extensions': 'urn:express-a2a:resumable-stream:v1' };
const STREAMS = 4;

/** H6 and H14: streams that broke, and go on at the other front-end (NEEDS row 10). */
export function resumeCases(world: () => World): void {
  /** A task that has said "one " and "two" and then waits, and its cursors. */
  async function halfway(web: World['web']): Promise<{ id: string; ids: string[] }> {
    const stream = await streamText(web[0], 'half', {}, RESUMABLE);
    const ids: string[] = [];
    let id = '';
    while (ids.length < 4) {
      id = (await stream.next())?.task?.id ?? id;
      ids.push(stream.lastId() ?? '');
    }
    await stream.leave();
    return { id, ids };
  }

  it('H6: Last-Event-ID of every event goes on with the next one', async () => {
    verifies('H6');
    const { web, go } = world();
    const { id, ids } = await halfway(web);
    go();
    await until(async () => (await getTask(web[1], id)).status.state === 'TASK_STATE_COMPLETED');
    const task = await getTask(web[1], id);
    for (const [index, cursor] of ids.entries()) {
      const stream = await subscribe(web[1], id, { ...RESUMABLE, 'Last-Event-ID': cursor });
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
  ])('H6: Last-Event-ID %s starts with the task again', async (_, cursorOf) => {
    const { web, go } = world();
    const { id, ids } = await halfway(web);
    const stream = await subscribe(web[1], id, { ...RESUMABLE, 'Last-Event-ID': cursorOf(ids) });
    expect(await stream.next()).toEqual({ task: await getTask(web[0], id) });
    go();
    expect((await stream.rest()).map(stateOf).at(-1)).toBe('TASK_STATE_COMPLETED');
  });

  it("H6: Last-Event-ID of another task starts with this one's task", async () => {
    const { web, go } = world();
    const { id } = await halfway(web);
    const other = await streamText(web[0], 'half', {}, RESUMABLE);
    for (let count = 0; count < 3; count += 1) await other.next();
    const cursor = other.lastId() ?? '';
    const stream = await subscribe(web[1], id, { ...RESUMABLE, 'Last-Event-ID': cursor });
    const first = await stream.next();
    // two tasks may have been written in the same millisecond: then the cursor fits both
    if (first?.task) expect(first.task).toEqual(await getTask(web[0], id));
    go();
    await stream.rest();
    await other.rest();
  });

  it('H6: Last-Event-ID counts only for who asked for resumable streams', async () => {
    const { web, go } = world();
    const { id, ids } = await halfway(web);
    const stream = await subscribe(web[1], id, { 'Last-Event-ID': ids[1] ?? '' });
    expect(await stream.next()).toEqual({ task: await getTask(web[0], id) });
    expect(stream.lastId()).toBeUndefined();
    go();
    await stream.rest();
  });

  it('H6: Last-Event-ID of an entry that has been trimmed starts with the task', async () => {
    const { web, go } = world();
    const sending = await streamText(web[0], 'many', {}, RESUMABLE);
    const id = (await sending.next())?.task?.id ?? '';
    const cursor = { ...RESUMABLE, 'Last-Event-ID': sending.lastId() ?? '' };
    await sending.rest();
    await sendText(web[0], 'so many', { messageId: 'm2', taskId: id });
    const before = await subscribe(web[0], id);
    await before.next();
    const immediately = { configuration: { returnImmediately: true } };
    await sendText(web[0], 'and more', { messageId: 'm3', taskId: id }, immediately);
    while ((await nextOf(before)).artifactUpdate?.artifact.parts[0]?.text?.length !== MANY.letters);
    // the log is trimmed behind the write that made it too long
    let stream = await subscribe(web[1], id, cursor);
    let first = await stream.next();
    await until(async () => {
      if (first?.task) return true;
      await stream.leave();
      stream = await subscribe(web[1], id, cursor);
      first = await stream.next();
      return false;
    });
    expect(first).toEqual({ task: await getTask(web[0], id) });
    go();
    expect((await stream.rest()).map(stateOf).at(-1)).toBe('TASK_STATE_COMPLETED');
    await before.rest();
  }, 60_000);

  it('H6: Last-Event-ID at the end of a finished task is refused, before it gets the rest', async () => {
    const { web, go } = world();
    const { id, ids } = await halfway(web);
    go();
    const stream = await subscribe(web[0], id, { ...RESUMABLE, 'Last-Event-ID': ids[3] ?? '' });
    expect((await stream.rest()).map((event) => stateOf(event) ?? 'artifact')).toEqual([
      'artifact',
      'TASK_STATE_COMPLETED',
    ]);
    const last = { ...RESUMABLE, 'Last-Event-ID': stream.lastId() ?? '' };
    expect(await errorOf(web[1], 'SubscribeToTask', { id }, last)).toMatchObject({ code: -32004 });
    expect(await errorOf(web[1], 'SubscribeToTask', { id }, RESUMABLE)).toMatchObject({ code: -32004 });
  });

  it('H14: when an instance shuts down, its streams go on at the other one without loss or repetition', async () => {
    verifies('H14');
    const { web, go, user, deployment } = world();
    const leaving = await deployment.addFrontEnd();
    const caller = leaving.as(user);
    const streams: { stream: TaskStream; seen: StreamResponse[] }[] = [];
    for (let count = 0; count < STREAMS; count += 1) {
      const sending = await streamText(caller, 'steps', {}, RESUMABLE);
      const first = await sending.next();
      if (first?.task === undefined) throw new Error('a stream begins with its task');
      const watching = await subscribe(caller, first.task.id, RESUMABLE);
      streams.push({ stream: sending, seen: [first] }, { stream: watching, seen: [] });
    }
    go('step 0');
    for (const { stream, seen } of streams) {
      while (seen.length < 8) seen.push(await nextOf(stream));
    }
    // it is told while there are events on their way
    go('step 10');
    const stopped = leaving.stop();
    go('step 20');
    await stopped;
    await expect(caller.call('ListTasks')).rejects.toThrow();
    const resumed = streams.map(async ({ stream, seen }) => {
      seen.push(...(await stream.rest()));
      const id = seen[0]?.task?.id ?? '';
      const cursor = { ...RESUMABLE, 'Last-Event-ID': stream.lastId() ?? '' };
      const after = await subscribe(web[1], id, cursor);
      seen.push(...(await after.rest()));
    });
    go('step 30');
    await Promise.all(resumed);
    for (const { seen } of streams) {
      expect(seen.flatMap((event) => event.artifactUpdate?.artifact.parts ?? [])).toEqual([
        ...Array.from({ length: 40 }, (_, data) => ({ data })),
        { text: '' },
      ]);
      expect(seen.map(stateOf).filter((state) => state !== undefined)).toEqual([
        'TASK_STATE_SUBMITTED',
        'TASK_STATE_COMPLETED',
      ]);
    }
  }, 60_000);
}

/** The next event of a stream that has not ended. */
async function nextOf(stream: TaskStream): Promise<StreamResponse> {
  const event = await stream.next();
  if (event === undefined) throw new Error('the stream has ended');
  return event;
}
