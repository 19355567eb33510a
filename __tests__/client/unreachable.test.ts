import { describe, expect, it } from '@jest/globals';
import { A2AClient, type AgentCard } from '../../lib/client/index.ts';
import {
  all,
  at,
  body,
  card,
  chunk,
  events,
  failure,
  RESUMABLE,
  result,
  scriptedFetch,
  status,
  task,
} from '../helpers/scripted-fetch.ts';

const SUBMITTED = task('TASK_STATE_SUBMITTED');
const DONE = status('TASK_STATE_COMPLETED');
const options = { resume: { firstDelayMs: 1, maxDelayMs: 1, attempts: 3 } };

/** An agent whose events have ids where 1.0 is spoken, at these addresses. */
function agentAt(
  ...offers: readonly (readonly [host: string, binding: string, version: string])[]
): AgentCard {
  const supportedInterfaces = offers.map(([host, protocolBinding, protocolVersion]) => ({
    ...{ url: `http://${host}.test/`, protocolBinding, protocolVersion },
  }));
  return card({ supportedInterfaces }, [RESUMABLE]);
}

const refused = () =>
  Promise.reject(
    new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) }),
  );

describe('an agent that can not be reached for a moment', () => {
  it('is not spoken to in an older version at the same address', async () => {
    const wire = scriptedFetch({
      SendMessage: [refused, result(SUBMITTED)],
      'message/send': [result({ kind: 'message', messageId: 'm', role: 'agent', parts: [] })],
    });
    const agent = agentAt(['a', 'JSONRPC', '1.0'], ['a', 'JSONRPC', '0.3']);
    const client = await A2AClient.connect(agent, { ...options, fetch: wire.fetch });
    await expect(client.send('hi')).rejects.toMatchObject({ code: 'ERR_A2A_CONNECTION' });
    expect(await client.send('hi')).toEqual(SUBMITTED);
    expect(client.interface.version).toBe('1.0');
  });

  it('is called by its first interface again where none could be reached', async () => {
    const wire = scriptedFetch({ GetTask: [refused, refused, result(SUBMITTED.task)] });
    const agent = agentAt(['a', 'JSONRPC', '1.0'], ['b', 'JSONRPC', '1.0']);
    const client = await A2AClient.connect(agent, { ...options, fetch: wire.fetch });
    await expect(client.getTask('t')).rejects.toMatchObject({ code: 'ERR_A2A_CONNECTION' });
    await client.getTask('t');
    expect(wire.asked.map(({ url }) => url)).toEqual(['http://a.test/', 'http://b.test/', 'http://a.test/']);
  });

  it('goes on after the last event, and never where there are no event ids', async () => {
    const wire = scriptedFetch({
      SendStreamingMessage: [events([at('1.a', SUBMITTED), at('2.b', chunk('one'))], 'break')],
      SubscribeToTask: [refused, events([at('3.c', chunk('two')), at('4.d', DONE)])],
      'tasks/resubscribe': [events([])],
    });
    const agent = agentAt(['a', 'JSONRPC', '1.0'], ['b', 'JSONRPC', '0.3']);
    const client = await A2AClient.connect(agent, { ...options, fetch: wire.fetch });
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, chunk('one'), chunk('two'), DONE]);
    expect(wire.methods()).toEqual(['SendStreamingMessage', 'SubscribeToTask', 'SubscribeToTask']);
    expect(wire.asked.at(-1)?.headers.get('Last-Event-ID')).toBe('2.b');
  });

  it('says so in a stream of HTTP+JSON, which goes on', async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'UNAVAILABLE' }];
    const error = { code: 503, status: 'UNAVAILABLE', message: 'try again later', details };
    const frames = (...list: readonly object[]) =>
      body(
        list.map((each) => `data: ${JSON.stringify(each)}\n\n`),
        'close',
      );
    const wire = scriptedFetch({ card: [() => frames(SUBMITTED, { error }), () => frames(SUBMITTED, DONE)] });
    const fetch = wire.fetch;
    const client = await A2AClient.connect(agentAt(['a', 'HTTP+JSON', '1.0']), { ...options, fetch });
    expect((await all(client.subscribe('t'))).at(-1)).toEqual(DONE);
    expect(wire.asked).toHaveLength(2);
  });

  it('at an older version elsewhere loses nothing, though its events have no ids', async () => {
    const working = { kind: 'task', id: 't', contextId: 'c', status: { state: 'working' } };
    const part = (text: string) => ({
      ...{ kind: 'artifact-update', taskId: 't', contextId: 'c', append: true },
      artifact: { artifactId: 'a', parts: [{ kind: 'text', text }] },
    });
    const sent = (list: readonly object[], end?: 'break') => events(list as never, end);
    const artifacts = [{ artifactId: 'a', parts: [{ kind: 'text', text: 'one two three' }] }];
    const ended = { ...working, status: { state: 'completed' }, artifacts };
    const wire = scriptedFetch({
      SubscribeToTask: [refused],
      'tasks/resubscribe': [sent([working], 'break'), sent([part('three')]), failure(-32603, 'once more')],
      'tasks/get': [result(ended)],
    });
    const agent = agentAt(['a', 'JSONRPC', '1.0'], ['b', 'JSONRPC', '0.3']);
    const client = await A2AClient.connect(agent, { ...options, fetch: wire.fetch });
    const seen = await all(client.subscribe('t'));
    expect(seen.at(-1)?.task?.artifacts?.[0]?.parts[0]?.text).toBe('one two three');
    expect(seen).toHaveLength(2);
  });
});
