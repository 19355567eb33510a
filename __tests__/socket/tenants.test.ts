import { afterEach, describe, expect, it } from '@jest/globals';
import type { A2AOptions } from '../../lib/express/options.ts';
import { errorOf, getTask, listTasks, sendText } from '../helpers/calls.ts';
import { type AgentApp, makeApp, message, userOf } from '../helpers/make-app.ts';

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function serve(options: Partial<A2AOptions>): Promise<AgentApp> {
  app = await makeApp({ agent: (turn) => `for ${turn.scope.tenant}`, ...options });
  return app;
}

async function cardOf({ url }: AgentApp): Promise<unknown> {
  return (await fetch(`${url}/.well-known/agent-card.json`)).json();
}

function at(url: string, ...tenants: (string | undefined)[]): object[] {
  return ['JSONRPC', 'HTTP+JSON'].flatMap((protocolBinding) =>
    tenants.map((tenant) => ({
      ...{ url, protocolBinding, protocolVersion: '1.0' },
      ...(tenant !== undefined && { tenant }),
    })),
  );
}

/** The one that 0.3 knows: it has no tenants. */
function older(url: string): object {
  return { url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' };
}

describe('tenants (NEEDS 50)', () => {
  it('see their own tasks only, under the same owner', async () => {
    const { url } = await serve({ tenants: ['acme', 'globex'], owner: () => 'ada' });
    const { call } = app as AgentApp; // just made
    const sent = await call('SendMessage', { ...message('hi'), tenant: 'acme' });
    expect(sent).toMatchObject({ result: { task: { artifacts: [{ parts: [{ text: 'for acme' }] }] } } });
    const { id } = (sent as { result: { task: { id: string } } }).result.task; // just checked
    const total = async (tenant: string) => (await listTasks(app as AgentApp, { tenant })).totalSize;
    expect([await total('acme'), await total('globex')]).toEqual([1, 0]);
    expect(await call('GetTask', { id, tenant: 'acme' })).toMatchObject({ result: { id } });
    expect(await call('GetTask', { id, tenant: 'globex' })).toMatchObject({ error: { code: -32001 } });
    expect(await cardOf(app as AgentApp)).toMatchObject({
      supportedInterfaces: at(url, 'acme', 'globex'),
    });
  });

  it('may be told from calls without one', async () => {
    const { url } = await serve({ tenants: ['', 'acme'] });
    const own = await sendText(app as AgentApp, 'hi');
    expect(own.artifacts?.[0]?.parts).toEqual([{ text: 'for ' }]);
    expect(await getTask(app as AgentApp, own.id)).toEqual(own);
    expect(await errorOf(app as AgentApp, 'GetTask', { id: own.id, tenant: 'acme' })).toMatchObject({
      code: -32001,
    });
    expect(await cardOf(app as AgentApp)).toMatchObject({
      supportedInterfaces: [...at(url, undefined, 'acme'), older(url)],
    });
  });

  const unknown = {
    ...{ code: -32602, message: 'Invalid parameters' },
    data: [
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [
          {
            field: 'tenant',
            description: 'is not known here: send the one of the interface in the agent card',
          },
        ],
      },
    ],
  };

  it.each([
    ['another', 'initech'],
    ['none', undefined],
    ['an empty one', ''],
    ['one in other letters', 'ACME'],
    ['one with a space', 'acme '],
    ['a method of objects', 'constructor'],
    ['one that is too long', 'x'.repeat(257)],
    ['a control character', 'ac\u0000me'],
    ['half a character', 'acme\ud800'],
  ])('that are not listed are refused before anything happens: %s', async (_, tenant) => {
    let runs = 0;
    const asked: string[] = [];
    for (const tenants of [
      ['acme'],
      (name: string) => {
        asked.push(name);
        return name === 'acme';
      },
    ]) {
      await serve({ tenants, agent: () => void (runs += 1) });
      for (const [method, params] of [
        ['SendMessage', message('hi')],
        ['GetTask', { id: 'x' }],
        ['ListTasks', {}],
      ] as const) {
        expect(
          await errorOf(app as AgentApp, method, { ...params, ...(tenant !== undefined && { tenant }) }),
        ).toEqual(unknown);
      }
      await app?.close();
    }
    expect(runs).toBe(0);
    // an application is not shown what can be no name
    expect(asked.every((name) => name.length <= 256 && !/\p{Cs}/u.test(name))).toBe(true);
  });

  it('may be known to a function, which is asked with each call', async () => {
    const known = new Set(['acme']);
    const { url, call } = await serve({ tenants: async (tenant) => known.has(tenant) });
    expect(await call('ListTasks', { tenant: 'acme' })).toMatchObject({ result: { totalSize: 0 } });
    expect(await call('ListTasks', { tenant: 'late' })).toMatchObject({ error: unknown });
    known.add('late');
    expect(await call('ListTasks', { tenant: 'late' })).toMatchObject({ result: { totalSize: 0 } });
    expect(await cardOf(app as AgentApp)).toMatchObject({
      supportedInterfaces: [...at(url, undefined), older(url)],
    });
  });

  it.each([
    ['fails', () => Promise.reject(new Error('postgres://admin:hunter2@db'))],
    ['gives something else', () => ({ id: 7 }) as never],
  ])('by a function that %s are an internal error', async (_, tenants) => {
    const errors: unknown[] = [];
    const { open } = await serve({ tenants, onError: (error) => errors.push(error) });
    const response = await open('ListTasks', { tenant: 'acme' });
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code: -32603 } });
    expect(text).not.toContain('hunter2');
    expect(errors).toHaveLength(1);
  });

  it('are looked at after the caller and the parameters', async () => {
    const { call, open } = await serve({
      tenants: ['acme'],
      owner: (req) => {
        if (userOf(req) === null) throw Object.assign(new Error(), { status: 401 });
        return 'ada';
      },
    });
    expect((await open('GetTask', { tenant: 'x' })).status).toBe(401);
    expect(await call('GetTask', { tenant: 'x' }, { 'x-user': 'ada' })).toMatchObject({
      error: { code: -32602, data: [{ fieldViolations: [{ field: 'id' }] }] },
    });
  });
});
