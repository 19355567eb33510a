import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { A2AOptions } from '../../lib/express/options.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { errorInfo } from '../helpers/ask.ts';
import { gate, until } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

/** A server whose application is asked something, and a call that waits for its answer. */
interface Waiting {
  readonly app: AgentApp;
  readonly answer: Promise<unknown>;
  readonly leave: () => void;
}

type Asks = (answer: () => Promise<never>) => Partial<A2AOptions>;

const extended: Asks = (extendedCard) => ({ extendedCard, owner: () => 'ada' });

function slowStart(init: () => Promise<never>): Partial<A2AOptions> {
  const backend = memoryBackend();
  return { ...backend, agent: () => 'hello', storage: Object.assign(backend.storage, { init }) };
}

const ASKED: [string, Asks, method?: string][] = [
  ['owner', (owner) => ({ owner })],
  ['caller', (caller) => ({ caller })],
  ['tenants', (tenants) => ({ tenants })],
  ['answers', (answers) => ({ answers })],
  ['extendedCard', extended, 'GetExtendedAgentCard'],
  ['storage.init', slowStart],
];

async function waiting(asks: Asks, method = 'SendMessage'): Promise<Waiting> {
  const asked = gate();
  const made = await makeApp(
    asks(() => {
      asked.open();
      return new Promise(() => undefined);
    }),
  );
  app = made;
  const control = new AbortController();
  const answer = fetch(made.url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method,
      params: method === 'SendMessage' ? message('hi') : {},
    }),
    signal: control.signal,
  }).then(
    async (response) => [response.status, await response.json()],
    () => 'left',
  );
  await asked.opened;
  await until(() => made.router.status().calls === 1);
  return {
    app: made,
    answer,
    leave: () => {
      control.abort();
    },
  };
}

describe.each(ASKED)('a call that waits for `%s`, which never answers', (_, asks, method) => {
  it('does not hold up a shutdown, and may be sent again', async () => {
    const call = await waiting(asks, method);
    await call.app.router.close({ drainMs: 0 });
    expect(await call.answer).toEqual([
      503,
      {
        jsonrpc: '2.0',
        id: 1,
        error: {
          code: -32000,
          message: 'The server shuts down: send the call again',
          data: [errorInfo('UNAVAILABLE', 'express-a2a')],
        },
      },
    ]);
  });

  it('is over when its client leaves', async () => {
    const call = await waiting(asks, method);
    call.leave();
    await until(() => call.app.router.status().calls === 0);
    expect(await call.answer).toBe('left');
  });
});

describe('an owner that is known too late', () => {
  it.each(['shutdown', 'departure'])('starts nothing after a %s', async (end) => {
    const backend = memoryBackend();
    const create = jest.spyOn(backend.storage, 'createTask');
    const known = gate();
    const asked = gate();
    const failures: unknown[] = [];
    app = await makeApp({
      ...backend,
      agent: () => 'hello',
      onError: (error) => failures.push(error),
      owner: async () => {
        asked.open();
        await known.opened;
        return 'ada';
      },
    });
    const { router } = app;
    const control = new AbortController();
    const send = fetch(app.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: message('hi') }),
      signal: control.signal,
    }).catch(() => undefined);
    await asked.opened;
    if (end === 'shutdown') await router.close({ drainMs: 0 });
    else {
      control.abort();
      await until(() => router.status().calls === 0);
    }
    known.open();
    await send;
    await new Promise(setImmediate);
    expect(create).not.toHaveBeenCalled();
    expect(failures).toEqual([]);
  });
});
