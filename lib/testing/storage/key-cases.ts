import type { StorageKit } from '../storage-suite.ts';
import { newTask, reasonOf } from './bench.ts';
import { ANN, pause, said, status } from './bodies.ts';

/** S10: messages that come with an idempotency key. */
export function keyCases({ api: { expect }, test }: StorageKit): void {
  test('S10 input: the same idempotency key is the same call, also when it was answered long ago', async (bench) => {
    const taskId = await bench.createTask();
    const idempotency = { key: 'k', fingerprint: 'f', windowMs: 60 * bench.second };
    const input = { message: said('m'), request: {}, idempotency };
    const send = () => bench.storage.addInput(ANN, taskId, input);
    expect((await send()).ok).toBe(true);
    const again = { ok: true, seq: 2, entries: [], duplicate: true };
    await (await bench.take(taskId)).append(pause(2));
    expect(await send()).toEqual({ ...again, closed: false });
    await bench.say(taskId, 'n');
    await (await bench.take(taskId)).append(status('COMPLETED'));
    expect(await send()).toEqual({ ...again, closed: true });
    expect((await bench.log(taskId)).filter(({ kind }) => kind === 'input').length).toBe(2);
  });

  test('S10 input: an idempotency key of another call is refused, whatever kind of call it was', async (bench) => {
    const idempotency = { key: 'k', fingerprint: 'f', windowMs: 60 * bench.second };
    const one = await bench.createTask({ idempotency });
    const two = await bench.createTask();
    const send = async (taskId: string, fingerprint: string) =>
      reasonOf(
        await bench.storage.addInput(ANN, taskId, {
          ...{ message: said('m'), request: {}, idempotency: { ...idempotency, fingerprint } },
        }),
      );
    expect(await send(one, 'g')).toBe('key-reused');
    expect(await send(two, 'f')).toBe('key-reused');
    expect((await bench.log(one)).length + (await bench.log(two)).length).toBe(2);
  });

  test('S10 input: a refused message does not use its idempotency key up', async (bench) => {
    const idempotency = { key: 'k', fingerprint: 'f', windowMs: 60 * bench.second };
    const taskId = await bench.createTask();
    await bench.storage.requestCancel(ANN, taskId, 0);
    const input = { message: said('m'), request: {}, idempotency };
    expect(reasonOf(await bench.storage.addInput(ANN, taskId, input))).toBe('closed');
    expect((await bench.storage.createTask(newTask({ id: 'new', idempotency }))).created).toBe(true);
  });
}
