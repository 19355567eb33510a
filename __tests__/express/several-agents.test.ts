import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { A2AOptions } from '../../lib/express/options.ts';
import { a2aRouter, type A2ARouter } from '../../lib/express/router.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { sendText } from '../helpers/calls.ts';
import { makeApp } from '../helpers/make-app.ts';
import { serve } from '../helpers/serve.ts';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function router(options: Partial<A2AOptions>): A2ARouter {
  const card = { name: 'Test', description: 'For tests', version: '1' };
  const made = a2aRouter({ card, agent: () => 'x', ...options });
  closers.push(() => made.close({ drainMs: 0 }));
  return made;
}

const duplicate = expect.objectContaining({
  code: 'ERR_A2A_DUPLICATE_AGENT',
  message:
    "Another router serves the agent `default` from this storage: give each an `agentId` of its own, mount one router twice, or await the other's `close`",
});

describe('two routers on one storage (NEEDS 38)', () => {
  it('can not serve the same agent', () => {
    const backend = memoryBackend();
    router(backend);
    for (const options of [
      backend,
      { ...backend, agent: undefined as never },
      { storage: backend.storage },
    ]) {
      expect(() => router(options)).toThrow(duplicate);
    }
    expect(() => router({ ...backend, agentId: 'default' })).toThrow(duplicate);
    // one that was refused leaves nothing behind
    expect(() => router({ ...backend, agentId: 'other' })).not.toThrow();
    expect(() =>
      router({ ...memoryBackend(), broker: backend.broker, eventBus: backend.eventBus }),
    ).not.toThrow();
  });

  it('leaves no listener on a shared event bus where it is refused', async () => {
    const backend = memoryBackend();
    const listeners = new Set<() => void>();
    const onGap = (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    };
    const eventBus = { ...backend.eventBus, onGap };
    const first = router({ ...backend, eventBus });
    expect(() => router({ ...backend, eventBus })).toThrow(duplicate);
    expect(() => router({ ...backend, eventBus, agentId: 'b', worker: { concurrency: -1 } })).toThrow();
    expect(listeners.size).toBe(1);
    await first.close();
    expect(listeners.size).toBe(0);
  });

  it('can follow one another', async () => {
    const backend = memoryBackend();
    await router(backend).close();
    const second = router(backend);
    expect(() => router(backend)).toThrow(duplicate);
    await second.close();
    await second.close();
    expect(() => router(backend)).not.toThrow();
  });

  it('are known to each other across copies of the package', async () => {
    const backend = memoryBackend();
    router(backend);
    await jest.isolateModulesAsync(async () => {
      const copy = await import('../../lib/express/router.ts');
      expect(copy.a2aRouter).not.toBe(a2aRouter);
      const card = { name: 'Test', description: 'For tests', version: '1' };
      expect(() => copy.a2aRouter({ card, agent: () => 'x', ...backend })).toThrow(duplicate);
    });
  });

  it('may have a storage that can not be written on', () => {
    const backend = memoryBackend();
    const storage = Object.freeze({ ...backend.storage });
    expect(() => router({ ...backend, storage })).not.toThrow();
    expect(() => router({ ...backend, storage })).not.toThrow();
  });

  it('leave it open for each other', async () => {
    const closed: string[] = [];
    const { storage, broker, eventBus } = memoryBackend();
    const noting = <T extends { close: () => Promise<void> }>(name: string, part: T): T => ({
      ...part,
      close: async () => void closed.push(name),
    });
    const backend = {
      storage: noting('storage', storage),
      broker: noting('broker', broker),
      eventBus: noting('eventBus', eventBus),
    };
    const first = router({ ...backend, agentId: 'first' });
    const second = await makeApp({ ...backend, agentId: 'second', agent: () => 'still here' });
    await first.close();
    expect(closed).toEqual([]);
    expect(await sendText(second, 'hi')).toMatchObject({ artifacts: [{ parts: [{ text: 'still here' }] }] });
    await second.close();
    expect(closed).toEqual(['broker', 'eventBus', 'storage']);
  });
});

describe('agents of one app (NEEDS 38)', () => {
  it('come and go at run time below /agents/:name, each with its card and its tasks', async () => {
    const backend = memoryBackend();
    const agents = new Map<string, A2ARouter>();
    const add = (name: string) =>
      agents.set(
        name,
        router({
          ...backend,
          agentId: name,
          agent: () => `I am ${name}`,
          card: { name, description: 'D', version: '1' },
        }),
      );
    const { origin, close } = await serve((app) => {
      app.use('/agents/:name', (req, res, next) => {
        const agent = agents.get(req.params['name']);
        if (agent) agent(req, res, next);
        else next();
      });
    });
    closers.unshift(close);

    const call = async (name: string, method: string, params: object) => {
      const response = await fetch(`${origin}/agents/${name}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      });
      return response.status === 200
        ? ((await response.json()) as { result?: { task?: { id: string } } })
        : response.status;
    };
    const message = { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] } };

    add('haiku');
    add('ode');
    const ids = new Map<string, string>();
    for (const name of ['haiku', 'ode']) {
      const card = (await (
        await fetch(`${origin}/agents/${name}/.well-known/agent-card.json`)
      ).json()) as object;
      const url = `${origin}/agents/${name}`;
      expect(card).toMatchObject({ name, supportedInterfaces: [{ url }, { url }, { url }] });
      const sent = await call(name, 'SendMessage', message);
      expect(sent).toMatchObject({
        result: { task: { artifacts: [{ parts: [{ text: `I am ${name}` }] }] } },
      });
      ids.set(name, (sent as { result: { task: { id: string } } }).result.task.id); // just checked
    }
    expect(await call('haiku', 'GetTask', { id: ids.get('ode') })).toMatchObject({ error: { code: -32001 } });
    expect(await call('epic', 'SendMessage', message)).toBe(404);

    await agents.get('haiku')?.close();
    agents.delete('haiku');
    expect(await call('haiku', 'SendMessage', message)).toBe(404);
    expect(await call('ode', 'SendMessage', message)).toMatchObject({ result: { task: {} } });
    add('haiku');
    expect(await call('haiku', 'GetTask', { id: ids.get('haiku') })).toMatchObject({
      result: { id: ids.get('haiku') },
    });
  });
});
