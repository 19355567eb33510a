import { afterEach, describe, expect, it } from '@jest/globals';
import { A2AClient, type StreamResponse } from '../../lib/client/index.ts';
import { all } from '../helpers/scripted-fetch.ts';
import { olderSdkServer, sdkServer } from '../helpers/sdk-servers.ts';
import type { Served } from '../helpers/serve.ts';

let served: Served;
afterEach(() => served.close());

const stateOf = (event: StreamResponse | undefined) => (event?.task ?? event?.statusUpdate)?.status.state;

describe.each([
  ['1.3', '1.0', sdkServer],
  ['0.3', '0.3', olderSdkServer],
] as const)('the server of @a2a-js/sdk %s, in A2A %s', (_, version, start) => {
  it('is found, sends, streams, and goes on with a task that asks', async () => {
    served = await start();
    const client = await A2AClient.connect(`${served.origin}/a2a`);
    expect(client.interface.version).toBe(version);
    const { task } = await client.send('hi');
    expect([task?.status.state, task?.artifacts?.[0]?.parts[0]?.text]).toEqual([
      'TASK_STATE_COMPLETED',
      'said hi',
    ]);
    expect(task?.history?.[0]).toMatchObject({ role: 'ROLE_USER', parts: [{ text: 'hi' }] });

    const events = await all(client.stream('there'));
    expect(events.map(stateOf)).toEqual(['TASK_STATE_SUBMITTED', undefined, 'TASK_STATE_COMPLETED']);
    expect(events[1]?.artifactUpdate?.artifact.parts[0]?.text).toBe('said there');

    const asked = await all(client.stream('ask'));
    expect(asked.map(stateOf)).toEqual(['TASK_STATE_SUBMITTED', 'TASK_STATE_INPUT_REQUIRED']);
    const taskId = asked[0]?.task?.id ?? '';
    const answered = await client.send('Ada', { taskId });
    expect([answered.task?.id, answered.task?.status.state]).toEqual([taskId, 'TASK_STATE_COMPLETED']);
    expect((await client.getTask({ id: taskId, historyLength: 1 })).history).toHaveLength(1);
  });

  it('is watched, canceled and listed', async () => {
    served = await start();
    const client = await A2AClient.connect(`${served.origin}/a2a`);
    const stream = client.stream('slow');
    const first = (await stream.next()).value as StreamResponse;
    expect(stateOf((await stream.next()).value as StreamResponse)).toBe('TASK_STATE_WORKING');
    const id = first.task?.id ?? '';
    const watched = client.subscribe(id);
    const begun = watched.next();
    // it stays open until the task ends
    expect((await client.getTask(id)).status.state).toBe('TASK_STATE_WORKING');
    if (version === '1.0') await begun;
    const canceled = await client.cancelTask(id);
    expect(canceled.status.state).toBe('TASK_STATE_CANCELED');
    for (const each of [stream, watched])
      for await (const event of each) expect(event.message).toBeUndefined();
    if (version === '1.0') expect((await client.listTasks()).tasks.map((task) => task.id)).toEqual([id]);
    else await expect(client.listTasks()).rejects.toMatchObject({ code: -32004 });
  });

  it('keeps webhooks, gives its extended card, and errors that are known', async () => {
    served = await start();
    const client = await A2AClient.connect(`${served.origin}/a2a`);
    const { task } = await client.send('hi');
    const taskId = task?.id ?? '';
    const config = { taskId, id: 'w1', url: 'http://127.0.0.1:9/hook', token: 'secret' };
    expect(await client.createPushConfig(config)).toMatchObject(config);
    expect(await client.getPushConfig({ taskId, id: 'w1' })).toMatchObject(config);
    expect((await client.listPushConfigs({ taskId })).configs).toMatchObject([config]);
    await client.deletePushConfig({ taskId, id: 'w1' });
    expect((await client.listPushConfigs({ taskId })).configs).toEqual([]);
    expect((await client.getExtendedCard()).description).toBe('Extended');
    expect(client.card.description).toBe('Extended');
    // the CommonJS build of 0.3 does not know its own errors: it answers with -32603 and the text
    const known = (code: number, reason: string, text: string) =>
      version === '1.0'
        ? { code, reason }
        : { code: -32603, message: expect.stringContaining(text) as unknown };
    await expect(client.getTask('nobody')).rejects.toMatchObject(
      known(-32001, 'TASK_NOT_FOUND', 'not found'),
    );
    await expect(client.cancelTask(taskId)).rejects.toMatchObject(
      known(-32002, 'TASK_NOT_CANCELABLE', 'not cancelable'),
    );
  });
});
