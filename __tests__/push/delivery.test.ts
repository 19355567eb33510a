import { afterEach, describe, expect, it } from '@jest/globals';
import { readPending } from '../../lib/push/outbox.ts';
import { ANN, artifact, status } from '../../lib/testing/storage/bodies.ts';
import { fakeClock } from '../helpers/fake-clock.ts';
import { gate, until } from '../helpers/gate.ts';
import { pushWorld, type PushWorld } from '../helpers/push-world.ts';
import { type Behave, receiver, type Received } from '../helpers/receiver.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function world(clock?: Parameters<typeof pushWorld>[0]): PushWorld {
  const made = pushWorld(clock);
  closing.push(made.close);
  return made;
}

async function webhook(behave?: Behave) {
  const made = await receiver(behave);
  closing.push(made.close);
  return made;
}

/** What came: the id, and the kind of event. */
function came(received: readonly Received[]): string[] {
  return received.map(
    ({ headers, event }) => `${String(headers['a2a-notification-id'])} ${Object.keys(event).join()}`,
  );
}

const DAY_MS = 86_400_000;

describe('a webhook that is far behind', () => {
  it('gets one task for all that waits, and after it what comes next (§4.3.3)', async () => {
    const held = gate();
    const hook = await webhook(async (res) => {
      await held.opened;
      res.writeHead(204).end();
    });
    const { begin, send } = world();
    const write = await begin('t', hook.url);
    send();
    await write(status('WORKING')); // 2
    await hook.until((received) => received.length === 1);
    for (let n = 0; n < 51; n += 1) await write(artifact(`a${String(n)}`, `text ${String(n)}`)); // 3 to 53
    held.open();
    await hook.until((received) => received.length === 2);
    await write(artifact('last', 'z')); // 54
    await hook.until((received) => received.length === 3);
    await write(status('COMPLETED')); // 55
    await hook.until((received) => received.length === 4);
    expect(came(hook.received)).toEqual([
      ...['t/2 statusUpdate', 't/53 task', 't/54 artifactUpdate', 't/55 statusUpdate'],
    ]);
    const task = hook.received[1]?.event.task;
    expect(task?.status.state).toBe('TASK_STATE_WORKING');
    expect(task?.artifacts?.map(({ parts }) => parts[0]?.text)).toEqual(
      Array.from({ length: 51 }, (_, n) => `text ${String(n)}`),
    );
  });

  it('gets fifty events as they are', async () => {
    const hook = await webhook();
    const { begin, send } = world();
    const write = await begin('t', hook.url);
    await write(...Array.from({ length: 49 }, (_, n) => artifact(`a${String(n)}`, 'text')));
    await write(status('COMPLETED'));
    send();
    await hook.until((received) => received.length === 50);
    expect(came(hook.received).filter((text) => text.endsWith('task'))).toEqual([]);
  });

  it('gets the same task again, with the same id, where nothing more has come when the first try failed', async () => {
    let count = 0;
    const hook = await webhook((res) => {
      count += 1;
      res.writeHead(count === 1 ? 500 : 204).end();
    });
    const { begin, send, storage } = world();
    const write = await begin('t', hook.url);
    await write(...Array.from({ length: 60 }, (_, n) => artifact(`a${String(n)}`, 'text')));
    send({ backOff: { firstMs: 10, longestMs: 10, giveUpMs: DAY_MS } });
    await hook.until((received) => received.length === 2);
    expect(came(hook.received)).toEqual(['t/61 task', 't/61 task']);
    // the cursor stands behind it: nothing is left
    const [stored] = (await storage.push.list(ANN, 't')) ?? [];
    expect(stored?.disabled).toBe(false);
    expect((await readPending(storage, stored ?? missing(), 61)).notifications).toEqual([]);
  });
});

describe('hosts', () => {
  it('that hang leave slots to those that answer', async () => {
    const hanging = await webhook(() => undefined);
    const good = await webhook();
    // the same machine, but another host
    const url = good.url.replace('127.0.0.1', 'localhost');
    const { begin, send } = world();
    const bad = await Promise.all(
      Array.from({ length: 40 }, (_, n) => begin(`bad${String(n)}`, hanging.url)),
    );
    await Promise.all(bad.map((write) => write(status('COMPLETED'))));
    const sender = send({ concurrency: 10, timeoutMs: 60_000, leaseMs: 120_000 });
    await hanging.until((received) => received.length === 5);
    for (let n = 0; n < 20; n += 1) await (await begin(`good${String(n)}`, url))(status('COMPLETED'));
    await good.until((received) => received.length === 20);
    expect(hanging.received.length).toBe(5);
    await until(() => sender.status().sending === 5);
  });

  it('that answer get all that is due though they have but half of the slots', async () => {
    const hook = await webhook((res) => setImmediate(() => res.writeHead(204).end()));
    const { begin, send } = world();
    const tasks = await Promise.all(Array.from({ length: 100 }, (_, n) => begin(`t${String(n)}`, hook.url)));
    await Promise.all(tasks.map((write) => write(status('COMPLETED'))));
    const sender = send({ concurrency: 4 });
    await hook.until((received) => received.length === 100);
    await sender.stop({ drainMs: 1000 });
    expect(new Set(came(hook.received)).size).toBe(100);
  });

  it('that have their share lose nothing when the sender of a store of one process is stopped', async () => {
    const hook = await webhook();
    const { begin, send } = world();
    const tasks = await Promise.all(Array.from({ length: 20 }, (_, n) => begin(`t${String(n)}`, hook.url)));
    await Promise.all(tasks.map((write) => write(status('COMPLETED'))));
    await send({ concurrency: 2 }).stop({ drainMs: 60_000 });
    expect(new Set(came(hook.received)).size).toBe(20);
  });
});

describe('a webhook that fails for a day', () => {
  it('is disabled with what failed last, and is taken up again when it is registered again', async () => {
    const clock = fakeClock();
    let isUp = false;
    const hook = await webhook((res) => res.writeHead(isUp ? 204 : 503).end());
    const { begin, send, storage } = world(clock);
    await (
      await begin('t', hook.url)
    )(status('COMPLETED'));
    send();
    const listed = async () => (await storage.push.list(ANN, 't'))?.[0] ?? missing();
    const ages: number[] = [];
    for (let failures = 1; !(await listed()).disabled; failures += 1) {
      await until(async () => (await listed()).failures === failures);
      ages.push(clock.elapsed());
      // the longest pause
      clock.advance(600_000);
    }
    expect(ages.at(-1)).toBe(DAY_MS);
    expect(ages.length).toBe(145);
    expect(await listed()).toMatchObject({
      disabled: true,
      reason: 'given up after 24 hours: the receiver answered 503',
    });
    const tries = hook.received.length;
    clock.advance(DAY_MS);
    expect(hook.received.length).toBe(tries);
    isUp = true;
    const { config, contextId, dialect } = await listed();
    await storage.push.save(ANN, { config, contextId, dialect });
    clock.advance(1000);
    await hook.until((received) => received.length === tries + 1);
    expect(new Set(came(hook.received))).toEqual(new Set(['t/2 statusUpdate']));
  });
});

function missing(): never {
  throw new Error('it is not there');
}
