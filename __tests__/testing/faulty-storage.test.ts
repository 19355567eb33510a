import { describe, expect, it } from '@jest/globals';
import { StorageError } from '../../lib/core/storage.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { faultyStorage } from '../../lib/testing/faulty-storage.ts';
import { createGate } from '../../lib/testing/gate.ts';
import { newTask } from '../../lib/testing/storage/bench.ts';

const heads = async (storage: ReturnType<typeof faultyStorage>) => [
  ...(await storage.heads(['task-0'])).keys(),
];

describe('a faulty storage', () => {
  it('passes calls on, and writes them down', async () => {
    const storage = faultyStorage(memoryBackend().storage);
    await storage.createTask(newTask({}));
    expect(await heads(storage)).toEqual(['task-0']);
    expect(storage.calls.map(({ method, nth }) => [method, nth])).toEqual([
      ['createTask', 1],
      ['heads', 1],
    ]);
  });

  it('fails a call of which nothing is written', async () => {
    const storage = faultyStorage(memoryBackend().storage);
    storage.setFault(({ method, nth }) => (method === 'createTask' && nth === 1 ? 'fail' : undefined));
    await expect(storage.createTask(newTask({}))).rejects.toBeInstanceOf(StorageError);
    expect(await heads(storage)).toEqual([]);
    await storage.createTask(newTask({}));
    expect(await heads(storage)).toEqual(['task-0']);
  });

  it('loses the reply to what is written', async () => {
    const storage = faultyStorage(memoryBackend().storage);
    storage.setFault(({ method }) => (method === 'createTask' ? 'lose-reply' : undefined));
    await expect(storage.createTask(newTask({}))).rejects.toMatchObject({ code: 'unavailable' });
    expect(await heads(storage)).toEqual(['task-0']);
  });

  it('answers late what is written at once', async () => {
    const storage = faultyStorage(memoryBackend().storage);
    const gate = createGate();
    storage.setFault(({ method }) => (method === 'createTask' ? { answerAfter: gate.opened } : undefined));
    let isAnswered = false;
    const creating = storage.createTask(newTask({})).then(() => (isAnswered = true));
    expect([await heads(storage), isAnswered, storage.inFlight()]).toEqual([['task-0'], false, 1]);
    gate.open();
    await creating;
    expect(storage.inFlight()).toBe(0);
  });

  it('lets a call through late, or never', async () => {
    const storage = faultyStorage(memoryBackend().storage);
    const gate = createGate();
    storage.setFault(({ method }) =>
      method === 'createTask' ? gate.opened.then(() => undefined) : undefined,
    );
    const creating = storage.createTask(newTask({}));
    expect(await heads(storage)).toEqual([]);
    gate.open();
    await creating;
    storage.setFault(() => 'hang');
    let isAnswered = false;
    void heads(storage).finally(() => (isAnswered = true));
    await new Promise(setImmediate);
    expect(isAnswered).toBe(false);
    storage.setFault();
    expect(await heads(storage)).toEqual(['task-0']);
  });
});
