import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { redisBackend, type RedisBackend } from 'express-a2a/redis';
import type { LogEntry } from '../../lib/core/log.ts';
import { errorOf, sendText } from '../helpers/calls.ts';
import { gate } from '../helpers/gate.ts';
import { type Caller, callerOf, makeApp } from '../helpers/make-app.ts';
import { type Received, receiver } from '../helpers/receiver.ts';
import { moveBack } from './move-back.ts';
import { connect, hasServer, startServer } from './server.ts';

jest.setTimeout(120_000);

interface Part extends Caller {
  readonly child: ChildProcess;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

(hasServer() ? describe : describe.skip)('webhooks on Redis, each part in a process of its own', () => {
  const prefix = `{a2a-test-${randomUUID()}}:`;
  const parts: ChildProcess[] = [];
  let server: Awaited<ReturnType<typeof startServer>>;
  let client: Awaited<ReturnType<typeof connect>>;
  let front: Part;
  let sender: Part;
  beforeAll(async () => {
    server = await startServer();
    client = await connect(server.url);
    [front, sender] = await Promise.all([startPart('front'), startPart('sender'), startPart('worker')]);
  });
  afterAll(async () => {
    for (const part of parts) await kill(part);
    client.destroy();
    await server.stop();
  });

  /** Starts a part of the deployment. Gives where calls go, if it takes any. */
  async function startPart(part: 'front' | 'worker' | 'sender'): Promise<Part> {
    const child = fork(join(__dirname, 'push-process.cjs'), [part, server.url, prefix]);
    parts.push(child);
    const [url] = (await once(child, 'message')) as [string]; // what it sends
    return { child, ...callerOf(url) };
  }

  /** A part of the deployment in this process. */
  function open(): RedisBackend {
    const backend = redisBackend({ client, prefix });
    closing.push(() => Promise.all([backend.broker.close(), backend.eventBus.close()]));
    return backend;
  }

  it('a sender that is killed half-way is followed by another: every event at least once, in order (H15)', async () => {
    const { storage } = open();
    const halfWay = gate();
    const hook = await receiver((res) => {
      // the one that is killed gets no answer
      if (hook.received.length === 60) halfWay.open();
      else res.writeHead(204).end();
    });
    closing.push(hook.close);
    const begin = (n: number) => {
      const taskPushNotificationConfig = { id: 'c', url: `${hook.url}/${String(n)}` };
      return sendText(front, 'count', {}, { configuration: { taskPushNotificationConfig } });
    };
    const tasks = await Promise.all([0, 1, 2, 3, 4, 5].map(begin));
    await halfWay.opened;
    await kill(sender.child);
    // its leases are over
    await moveBack(client, prefix, 60_000);
    sender = await startPart('sender');
    const paths = tasks.map((_, n) => `/hook/${String(n)}`);
    await hook.until((all) => paths.every((path) => all.some((one) => one.path === path && hasEnded(one))));

    for (const [n, { id }] of tasks.entries()) {
      const sent = hook.received
        .filter(({ path }) => path === paths[n])
        .map(({ headers }) => seqOf(headers, id));
      const { entries } = await storage.read(id, 1, 1000, 1e6);
      const visible = entries.filter(isVisible).map(({ seq }) => seq);
      expect(visible.length).toBeGreaterThan(20);
      expect([...new Set(sent)]).toEqual(visible);
      // again at most the one that was under way, and before what follows
      expect(sent).toEqual([...sent].sort((a, b) => a - b));
      expect(sent.length - visible.length).toBeLessThanOrEqual(1);
    }
  });

  it('a hundred registrations at once by two front-ends leave ten, and a deleted one is posted to no more', async () => {
    const backend = open();
    const held = gate();
    const hook = await receiver((res) => void held.opened.then(() => res.writeHead(204).end()));
    closing.push(hook.close);
    const here = await makeApp({ ...backend, push: { send: false, allowPrivate: true } });
    closing.unshift(here.close);
    const { id: taskId } = await sendText(here, 'ask');
    const register = (app: Caller, n: number) =>
      app.call('CreateTaskPushNotificationConfig', { taskId, id: `:{${String(n)}}`, url: hook.url });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => register(n % 2 === 0 ? here : front, n)),
    );
    const refused = answers.filter((it) => JSON.stringify(it).includes('"code":-32602'));
    const listed = await front.call('ListTaskPushNotificationConfigs', { taskId });
    expect([refused.length, idsOf(listed).length]).toEqual([90, 10]);

    const before = (await backend.storage.heads([taskId])).get(taskId)?.head ?? 0;
    const counted = sendText(front, 'count', { taskId });
    // all ten wait for an answer to their first event, and five are deleted meanwhile
    await hook.until((all) => all.length === 10);
    const [gone, kept] = [idsOf(listed).slice(0, 5), idsOf(listed).slice(5)];
    for (const id of gone) await here.call('DeleteTaskPushNotificationConfig', { taskId, id });
    held.open();
    await counted;
    await hook.until((all) => all.filter(hasEnded).length === 5);
    const left = await front.call('ListTaskPushNotificationConfigs', { taskId });
    expect(idsOf(left)).toEqual(kept);
    const { entries } = await backend.storage.read(taskId, before, 1000, 1e6);
    // each of the five that are gone has got the one event that was under way
    expect(hook.received.length).toBe(5 + 5 * entries.filter(isVisible).length);
    expect(await errorOf(here, 'GetTaskPushNotificationConfig', { taskId, id: gone[0] })).toMatchObject({
      code: -32001,
    });
  });

  it('the card says so, unless webhooks are turned off', async () => {
    for (const [options, pushNotifications] of [
      [{}, true],
      [{ push: false as const }, false],
    ] as const) {
      const app = await makeApp({ ...open(), ...options });
      const card: unknown = await (await fetch(`${app.url}/.well-known/agent-card.json`)).json();
      expect(card).toMatchObject({ capabilities: { pushNotifications } });
      await app.close();
    }
  });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function isVisible({ kind }: LogEntry): boolean {
  return ['status', 'artifact', 'message'].includes(kind);
}

function hasEnded({ event }: Received): boolean {
  return event.statusUpdate?.status.state === 'TASK_STATE_COMPLETED';
}

function seqOf(headers: Received['headers'], taskId: string): number {
  const [task, seq] = String(headers['a2a-notification-id']).split('/');
  expect(task).toBe(taskId);
  return Number(seq);
}

function idsOf(listed: unknown): readonly string[] {
  const { configs } = (listed as { result: { configs: { id: string }[] } }).result; // an answer of ListTaskPushNotificationConfigs
  return configs.map(({ id }) => id);
}
