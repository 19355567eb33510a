import { afterEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { systemClock } from '../../lib/core/clock.ts';
import type { Storage } from '../../lib/core/storage.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { sendText } from '../helpers/calls.ts';
import { gate } from '../helpers/gate.ts';
import { makeApp } from '../helpers/make-app.ts';
import { receiver } from '../helpers/receiver.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Asked {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Starts a sender in a process of its own. `onCall` is told what it asks of the storage, before it is done; a promise holds it up. */
function startSender(storage: Storage, onCall: (name: string) => unknown = () => undefined): ChildProcess {
  const child = fork(join(__dirname, 'sender-process.cjs'), { serialization: 'advanced' });
  closing.unshift(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  child.on('message', (asked: Asked) => {
    void answer(asked);
  });
  async function answer({ id, name, args }: Asked): Promise<void> {
    await onCall(name);
    const [target, method] = name.startsWith('push.') ? [storage.push, name.slice(5)] : [storage, name];
    const call: unknown = Reflect.get(target ?? {}, method);
    if (typeof call !== 'function') throw new Error(`The storage has no ${name}`);
    const value = (await Reflect.apply(call, target, args)) as unknown;
    if (child.connected) child.send({ id, value }, () => undefined);
  }
  return child;
}

describe('a sender in a process of its own (NEEDS 30)', () => {
  it('that is killed between a POST and its ack is followed by one that sends it again, in order', async () => {
    const hook = await receiver();
    closing.push(hook.close);
    let shiftMs = 0;
    const clock = { ...systemClock, elapsed: () => systemClock.elapsed() + shiftMs };
    const backend = memoryBackend({ clock, retention: { logMs: Infinity, finishedMs: Infinity } });
    const app = await makeApp({
      ...backend,
      push: { send: false, allowPrivate: true },
      async *agent(turn) {
        await turn.working();
        yield 'one';
        yield 'two';
      },
    });
    closing.unshift(app.close);
    const rest = { configuration: { taskPushNotificationConfig: { id: 'c', url: hook.url } } };
    const { id } = await sendText(app, 'hi', {}, rest);
    expect(hook.received.length).toBe(0);

    const stuck = gate();
    let acks = 0;
    const first = startSender(backend.storage, async (name) => {
      if (name !== 'push.ack') return;
      acks += 1;
      if (acks !== 2) return;
      stuck.open();
      await new Promise(() => undefined);
    });
    await stuck.opened;
    const exited = once(first, 'exit');
    first.kill('SIGKILL');
    await exited;
    expect(hook.received.length).toBe(2);

    // its lease is over
    shiftMs = 60_000;
    startSender(backend.storage);
    await hook.until(
      (received) => received.at(-1)?.event.statusUpdate?.status.state === 'TASK_STATE_COMPLETED',
    );
    const seqs = hook.received.map(({ headers }) => {
      const [task, seq] = String(headers['a2a-notification-id']).split('/');
      expect(task).toBe(id);
      return Number(seq);
    });
    // the second one twice, with the same id and body
    expect(seqs[2]).toBe(seqs[1]);
    expect(hook.received[2]?.body).toBe(hook.received[1]?.body);
    const firsts = seqs.filter((_, index) => index !== 2);
    expect(firsts).toEqual([...new Set(firsts)].sort((a, b) => a - b));
    expect(seqs.length).toBe(6);
  }, 60_000);
});
