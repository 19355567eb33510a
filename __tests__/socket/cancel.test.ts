import { afterEach, describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import type { Turn } from '../../lib/core/turn.ts';
import { startWorker } from '../../lib/core/start-worker.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import {
  cancelTask,
  errorOf,
  getTask,
  sendText,
  start,
  stateOf,
  streamText,
  subscribe,
} from '../helpers/calls.ts';
import { type Cluster, makeCluster } from '../helpers/cluster.ts';
import { gate, until } from '../helpers/gate.ts';
import { makeApp } from '../helpers/make-app.ts';

let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

async function serve(agent: Agent, cancelGraceMs = 20_000): Promise<Cluster['web']> {
  cluster = await makeCluster(agent, { web: { cancelGraceMs }, worker: { cancelGraceMs } });
  return cluster.web;
}

const never: Agent = () => new Promise<never>(() => undefined);
const untilAborted = (turn: Turn) =>
  new Promise<never>((_, reject) => {
    turn.signal.addEventListener('abort', () => {
      reject(new Error('aborted'));
    });
  });

describe('CancelTask', () => {
  it('ends a task that nobody runs at once', async () => {
    const backend = memoryBackend();
    const app = await makeApp(backend);
    const { id } = await start(app, 'hi');
    const stream = await subscribe(app, id);
    await stream.next();
    expect((await cancelTask(app, id)).status.state).toBe('TASK_STATE_CANCELED');
    expect((await stream.rest()).map(stateOf)).toEqual(['TASK_STATE_CANCELED']);
    let runs = 0;
    const worker = await startWorker({
      ...backend,
      agent: (turn) => {
        if (turn.text === 'hi') runs += 1;
      },
    });
    await sendText(app, 'other');
    expect(runs).toBe(0);
    await worker.stop();
    await app.close();
  });

  it.each(['requireInput', 'requireAuth'] as const)(
    'ends a task that waits after %s at once',
    async (ask) => {
      const [web] = await serve((turn) => turn[ask]('Well?'));
      const { id } = await sendText(web, 'hi');
      expect((await cancelTask(web, id)).status.state).toBe('TASK_STATE_CANCELED');
    },
  );

  // NEEDS row 27
  it('aborts the run, wherever it is, with the reason cancel', async () => {
    const reasons: unknown[] = [];
    const [one, two] = await serve(async (turn) => {
      await turn.working('busy');
      await untilAborted(turn).catch(() => undefined);
      reasons.push(turn.signal.reason);
    });
    const stream = await streamText(one, 'hi');
    const id = (await stream.next())?.task?.id ?? '';
    expect(stateOf(await stream.next())).toBe('TASK_STATE_WORKING');
    const task = await cancelTask(two, id);
    expect(task).toMatchObject({ id, status: { state: 'TASK_STATE_CANCELED' } });
    expect((await stream.rest()).map(stateOf)).toEqual(['TASK_STATE_CANCELED']);
    expect(reasons).toEqual(['cancel']);
    expect(await getTask(one, id)).toEqual(task);
  });

  it('ends a run that ignores its signal within the grace', async () => {
    const [web] = await serve(never, 400);
    const stream = await streamText(web, 'hi');
    const id = (await stream.next())?.task?.id ?? '';
    expect((await cancelTask(web, id)).status.state).toBe('TASK_STATE_CANCELED');
    expect((await stream.rest()).map(stateOf)).toEqual(['TASK_STATE_CANCELED']);
  });

  // NEEDS row 20
  it('ends a task whose worker is dead', async () => {
    const backend = memoryBackend();
    const app = await makeApp({ ...backend, cancelGraceMs: 200 });
    const { id } = await start(app, 'hi');
    // a worker that took the task and was never heard of again
    const [claimed] = await backend.storage.claim({
      worker: 'w',
      agent: 'default',
      limit: 1,
      leaseMs: 60_000,
    });
    expect(claimed?.lease.taskId).toBe(id);
    const stream = await subscribe(app, id);
    expect((await cancelTask(app, id)).status.state).toBe('TASK_STATE_CANCELED');
    expect((await stream.rest()).map(stateOf)).toEqual(['TASK_STATE_SUBMITTED', 'TASK_STATE_CANCELED']);
    await app.close();
  });

  it('that meets the end of the task tells which of them came first', async () => {
    const gates = new Map<string, () => void>();
    const [one, two] = await serve(async (turn) => {
      const { open, opened } = gate();
      gates.set(turn.taskId, open);
      await opened;
      return 'done';
    });
    const seen = new Set<string>();
    for (let round = 0; round < 30; round += 1) {
      const { id } = await start(one, 'hi');
      await until(() => gates.has(id));
      const canceling = two.call('CancelTask', { id });
      if (round % 3 === 0) await new Promise(setImmediate);
      if (round % 3 === 1) await until(() => two.router.status().calls > 0);
      gates.get(id)?.();
      const answer = await canceling;
      await until(async () => (await getTask(one, id)).status.state !== 'TASK_STATE_SUBMITTED');
      const { state } = (await getTask(one, id)).status;
      seen.add(state);
      if (state === 'TASK_STATE_CANCELED') expect(answer).toMatchObject({ result: { status: { state } } });
      else expect(answer).toMatchObject({ error: { code: -32002 } });
    }
    expect([...seen].every((state) => ['TASK_STATE_CANCELED', 'TASK_STATE_COMPLETED'].includes(state))).toBe(
      true,
    );
  });

  it('sent twice joins the first, and gives a canceled task again', async () => {
    const [one, two] = await serve(untilAborted);
    const { id } = await start(one, 'hi');
    const [first, second] = await Promise.all([cancelTask(one, id), cancelTask(two, id)]);
    expect(first.status.state).toBe('TASK_STATE_CANCELED');
    expect(second).toEqual(first);
    expect(await cancelTask(two, id)).toEqual(first);
  });

  it.each([
    ['TASK_STATE_COMPLETED', () => 'x'],
    ['TASK_STATE_FAILED', (turn) => turn.fail('no')],
    ['TASK_STATE_REJECTED', (turn) => turn.reject('no')],
  ] satisfies [string, Agent][])('of a task that is %s is refused', async (state, agent) => {
    const [web] = await serve(agent);
    const task = await sendText(web, 'hi');
    expect(await errorOf(web, 'CancelTask', { id: task.id })).toEqual({
      code: -32002,
      message: `The task can not be canceled: it has ended as ${state}; GetTask tells how`,
      data: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'TASK_NOT_CANCELABLE',
          domain: 'a2a-protocol.org',
        },
      ],
    });
    expect(await getTask(web, task.id)).toEqual(task);
  });

  it('of an unknown task is refused', async () => {
    const [web] = await serve(() => 'x');
    expect(await errorOf(web, 'CancelTask', { id: 'nobody' })).toMatchObject({ code: -32001 });
  });

  it('before a lost worker is replaced ends the task without another run', async () => {
    const backend = memoryBackend();
    const app = await makeApp({ ...backend, cancelGraceMs: 300 });
    const { id } = await start(app, 'hi');
    const [claimed] = await backend.storage.claim({
      worker: 'w',
      agent: 'default',
      limit: 1,
      leaseMs: 60_000,
    });
    if (claimed === undefined) throw new Error('nothing was due');
    await backend.storage.append(claimed.lease, 1, [{ kind: 'start', attempt: 1, worker: 'w' }]);
    let runs = 0;
    const worker = await startWorker({
      ...backend,
      maxAttempts: 5,
      agent: () => {
        runs += 1;
      },
    });
    expect((await cancelTask(app, id)).status.state).toBe('TASK_STATE_CANCELED');
    expect(runs).toBe(0);
    await worker.stop();
    await app.close();
  });
});
