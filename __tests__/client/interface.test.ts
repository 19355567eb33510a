import { describe, expect, it } from '@jest/globals';
import { A2AClient, type ClientOptions } from '../../lib/client/index.ts';
import { card, result, scriptedFetch, task } from '../helpers/scripted-fetch.ts';

describe('the interface', () => {
  const offer = (...list: [string, string, string][]) =>
    card({
      supportedInterfaces: list.map(([url, protocolBinding, protocolVersion]) => ({
        url,
        protocolBinding,
        protocolVersion,
      })),
    });
  const refused = () =>
    Promise.reject(
      new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) }),
    );

  it('is the first that the client speaks', async () => {
    const client = await A2AClient.connect(
      offer(
        ['http://g.test', 'GRPC', '1.0'],
        ['http://o.test', 'JSONRPC', '7.0'],
        ['http://a.test', 'JSONRPC', '1.0.2'],
        ['http://b.test', 'JSONRPC', '1.0'],
      ),
    );
    expect(client.interface.url).toBe('http://a.test/');
  });

  it.each([
    [undefined, 'http://r.test/'],
    [['HTTP+JSON'], 'http://r.test/'],
    [['JSONRPC', 'HTTP+JSON'], 'http://a.test/'],
    [['JSONRPC'], 'http://a.test/'],
  ] as const)('is of the binding that is preferred among %p', async (bindings, url) => {
    const agent = offer(
      ['http://o.test', 'HTTP+JSON', '0.3'],
      ['http://r.test', 'HTTP+JSON', '1.0'],
      ['http://a.test', 'JSONRPC', '1.0'],
      ['http://old.test', 'JSONRPC', '0.3'],
    );
    const client = await A2AClient.connect(agent, bindings && { bindings });
    expect(client.interface.url).toBe(url);
  });

  it.each([[[]], [['GRPC']]])('can not be of the bindings %p', async (bindings) => {
    await expect(A2AClient.connect(card(), { bindings: bindings as never })).rejects.toThrow(
      'Option `bindings` lists what to speak: JSONRPC, HTTP+JSON',
    );
  });

  it('is one of the newest version, in whatever order the versions are listed', async () => {
    const both = offer(['http://old.test', 'JSONRPC', '0.3'], ['http://new.test', 'JSONRPC', '1.0']);
    const wire = scriptedFetch({ card: [() => Response.json(both)] });
    const client = await A2AClient.connect('http://agent.test', {
      versions: ['0.3', '1.0'],
      fetch: wire.fetch,
    });
    expect(client.interface).toMatchObject({ url: 'http://new.test/', version: '1.0' });
    expect(wire.asked[0]?.headers.get('A2A-Version')).toBe('1.0');
  });

  it('is that of the extended card once there is one', async () => {
    const extended = {
      ...offer(['http://b.test', 'JSONRPC', '1.0']),
      capabilities: { streaming: true, extendedAgentCard: true },
    };
    const wire = scriptedFetch({
      GetExtendedAgentCard: [result(extended), result({ ...extended, supportedInterfaces: [] }), refused],
      GetTask: [result(task('TASK_STATE_WORKING').task)],
    });
    const first = {
      ...extended,
      supportedInterfaces: offer(['http://a.test', 'JSONRPC', '1.0']).supportedInterfaces,
    };
    const client = await A2AClient.connect(first, { fetch: wire.fetch });
    expect(await client.getExtendedCard()).toEqual(extended);
    await client.getTask('t');
    expect(wire.asked.map(({ url }) => url)).toEqual(['http://a.test/', 'http://b.test/']);
    // one that names none is refused, and the card stays
    await expect(client.getExtendedCard()).rejects.toMatchObject({ code: 'ERR_A2A_NO_INTERFACE' });
    expect(client.card).toEqual(extended);
    expect(client.interface.url).toBe('http://b.test/');
  });

  it('must be there', async () => {
    await expect(
      A2AClient.connect(offer(['http://g.test', 'GRPC', '1.0'], ['x', 'JSONRPC', '1.0'])),
    ).rejects.toMatchObject({
      code: 'ERR_A2A_NO_INTERFACE',
      message: expect.stringContaining('GRPC 1.0 at http://g.test'),
    });
  });

  it('is the next one when the first can not be reached, and stays that', async () => {
    const answer = ({ url, id }: { url: string; id: number }) =>
      url.startsWith('http://a.test')
        ? refused()
        : Response.json({ jsonrpc: '2.0', id, result: task('TASK_STATE_COMPLETED') });
    const wire = scriptedFetch({ SendMessage: [answer] });
    const client = await A2AClient.connect(
      offer(['http://a.test', 'JSONRPC', '1.0'], ['http://b.test', 'JSONRPC', '1.0']),
      { fetch: wire.fetch },
    );
    await client.send('hi');
    await client.send('hi');
    expect(wire.asked.map(({ url }) => url)).toEqual(['http://a.test/', 'http://b.test/', 'http://b.test/']);
    expect(client.interface.url).toBe('http://b.test/');
  });

  it('does not change when something may have been sent, unless the call only reads', async () => {
    const reset = () =>
      Promise.reject(
        new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) }),
      );
    const wire = scriptedFetch({
      SendMessage: [reset],
      GetTask: [reset, result(task('TASK_STATE_WORKING').task)],
    });
    const client = await A2AClient.connect(
      offer(['http://a.test', 'JSONRPC', '1.0'], ['http://b.test', 'JSONRPC', '1.0']),
      { fetch: wire.fetch },
    );
    await expect(client.send('hi')).rejects.toMatchObject({
      code: 'ERR_A2A_CONNECTION',
      mayHaveArrived: true,
    });
    expect(wire.asked).toHaveLength(1);
    expect((await client.getTask('t')).id).toBe('t');
    expect(wire.asked.map(({ url }) => url).slice(1)).toEqual(['http://a.test/', 'http://b.test/']);
  });

  it('gives up when none can be reached', async () => {
    const wire = scriptedFetch({ SendMessage: [refused] });
    const client = await A2AClient.connect(
      offer(['http://a.test', 'JSONRPC', '1.0'], ['http://b.test', 'JSONRPC', '1.0']),
      { fetch: wire.fetch },
    );
    await expect(client.send('hi')).rejects.toMatchObject({
      code: 'ERR_A2A_CONNECTION',
      mayHaveArrived: false,
    });
    expect(wire.asked).toHaveLength(2);
  });
});

it.each([
  [{ versions: [] }, 'versions'],
  [{ versions: ['2.0'] }, 'versions'],
  [{ maxBytes: -1 }, 'maxBytes'],
  [{ timeouts: { idleMs: '5' } }, 'idleMs'],
  [{ resume: { attempts: Number.NaN } }, 'resume.attempts'],
])('wrong options %j are named', async (options, name) => {
  await expect(A2AClient.connect(card(), options as ClientOptions)).rejects.toThrow(name);
});
