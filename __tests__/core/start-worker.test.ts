import { describe, expect, it } from '@jest/globals';
import { startWorker, type StartWorkerOptions } from '../../lib/core/start-worker.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { faultyStorage } from '../../lib/testing/faulty-storage.ts';
import { gate } from '../helpers/worker-bench.ts';

const LEGAL = '2147483647';

describe('startWorker', () => {
  it('runs the agent on tasks of its agentId, with the defaults, and leaves the backend open', async () => {
    const backend = memoryBackend();
    const ran = gate<string>();
    const options = { concurrency: undefined, leaseMs: undefined } as unknown as Partial<StartWorkerOptions>;
    const worker = await startWorker({
      ...backend,
      ...options,
      agent: (turn) => {
        ran.open(turn.text);
        throw new Error('nobody listens');
      },
    });
    const create = (agent: string) =>
      backend.storage.createTask({
        scope: { agent, tenant: '', owner: null },
        ...{ request: {}, answers: 'task' },
        task: {
          ...{ id: `of ${agent}`, contextId: 'c' },
          status: { state: 'TASK_STATE_SUBMITTED', timestamp: '1970-01-01T00:00:00.000Z' },
          history: [{ messageId: 'm', role: 'ROLE_USER', parts: [{ text: agent }] }],
        },
      });
    await create('another');
    await create('default');
    await backend.broker.wake({ agent: 'default' });
    expect(await ran.opened).toBe('default');
    await worker.stop({ drainMs: 1000 });
    expect(worker.status()).toEqual({ running: 0, orphaned: 0 });
    expect((await backend.storage.loadTask('of another'))?.seq).toBe(1);
    expect((await backend.storage.loadTask('of default'))?.task.status.state).toBe('TASK_STATE_FAILED');
  });

  it.each<[string, object, string]>([
    ['no agent', { agent: undefined }, 'Option `agent` must be a function: pass the agent to run'],
    ['concurrency 0', { concurrency: 0 }, `Option \`concurrency\` must be a whole number from 1 to ${LEGAL}`],
    [
      'leaseMs 999',
      { leaseMs: 999 },
      `Option \`leaseMs\` must be a whole number from 1000 to ${LEGAL}, in ms`,
    ],
    [
      'a part of an attempt',
      { maxAttempts: 1.5 },
      `Option \`maxAttempts\` must be a whole number from 1 to ${LEGAL}`,
    ],
    [
      'a time beyond the timers',
      { runTimeoutMs: 2 ** 31 },
      `Option \`runTimeoutMs\` must be a whole number from 1 to ${LEGAL}, in ms, or Infinity`,
    ],
    [
      'a text',
      { inputTimeoutMs: '10' },
      `Option \`inputTimeoutMs\` must be a whole number from 1 to ${LEGAL}, in ms, or Infinity`,
    ],
  ])('refuses %s', async (_, wrong, message) => {
    const options = { ...memoryBackend(), agent: () => 'x', ...wrong };
    await expect(startWorker(options)).rejects.toMatchObject({ code: 'ERR_A2A_OPTIONS', message });
  });

  it('takes Infinity for no limit', async () => {
    const worker = await startWorker({
      ...memoryBackend(),
      ...{ agent: () => 'x', runTimeoutMs: Infinity, inputTimeoutMs: Infinity },
    });
    await worker.stop();
  });

  it('stops though the storage does not answer any more', async () => {
    const backend = memoryBackend();
    const storage = faultyStorage(backend.storage);
    const running = gate<AbortSignal>();
    const warned: string[] = [];
    const log = (_: object, text: string) => warned.push(text);
    const worker = await startWorker({
      ...{ ...backend, storage, cancelGraceMs: 10 },
      logger: { debug: log, info: log, warn: log, error: log },
      agent: ({ signal }) => {
        running.open(signal);
        return new Promise(() => undefined);
      },
    });
    await backend.storage.createTask({
      scope: { agent: 'default', tenant: '', owner: null },
      ...{ request: {}, answers: 'task' },
      task: {
        ...{ id: 't', contextId: 'c' },
        status: { state: 'TASK_STATE_SUBMITTED', timestamp: '1970-01-01T00:00:00.000Z' },
        history: [{ messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] }],
      },
    });
    await backend.broker.wake({ agent: 'default' });
    const signal = await running.opened;
    storage.setFault(() => 'hang');
    const stopped = worker.stop();
    expect(worker.stop({ drainMs: 1 })).toBe(stopped);
    await stopped;
    expect(signal.aborted).toBe(true);
    expect(warned).toContain('a part of the backend does not answer; closing without it');
  });

  it('rejects when the storage can not be reached', async () => {
    const backend = memoryBackend();
    const storage = { ...backend.storage, init: () => Promise.reject(new Error('no route')) };
    await expect(startWorker({ ...backend, storage, agent: () => 'x' })).rejects.toThrow('no route');
  });
});
