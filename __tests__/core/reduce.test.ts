import { describe, expect, it } from '@jest/globals';
import { entryEvent, foldLog } from '../../lib/core/fold.ts';
import type { EntryBody, LogEntry } from '../../lib/core/log.ts';
import { reduce } from '../../lib/protocol/reduce.ts';
import type { Artifact, StreamResponse, Task } from '../../lib/protocol/v1.ts';
import { foldVectors } from '../../lib/testing/fold-vectors.ts';

const agentSaid = (messageId: string) => ({
  messageId,
  role: 'ROLE_AGENT' as const,
  parts: [{ text: messageId }],
});

const before: Task = deepFreeze({
  id: 't',
  contextId: 'c',
  status: { state: 'TASK_STATE_WORKING', message: agentSaid('a') },
  artifacts: [
    { artifactId: 'x', parts: [{ text: '1' }], name: 'n', extensions: ['e'], metadata: { a: 1, b: 1 } },
    { artifactId: 'y', parts: [{ data: null }] },
  ],
  history: [{ messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] }],
  metadata: { a: 1, b: { c: 1 } },
});
const [x, y] = before.artifacts ?? [];

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

function chunk(artifact: Artifact, append?: boolean): StreamResponse {
  const update = { taskId: 't', contextId: 'c', artifact, ...(append !== undefined && { append }) };
  return deepFreeze({ artifactUpdate: update });
}

describe('reduce', () => {
  it('takes a status, moves the message before it to the history and merges metadata', () => {
    const status = { state: 'TASK_STATE_COMPLETED' as const, timestamp: '2026-01-23T12:00:00.000Z' };
    const event = deepFreeze({
      statusUpdate: { taskId: 't', contextId: 'c', status, metadata: { b: 2, d: 3 } },
    });
    expect(reduce(before, event)).toStrictEqual({
      ...before,
      status,
      history: [...(before.history ?? []), agentSaid('a')],
      metadata: { a: 1, b: 2, d: 3 },
    });
  });

  it('leaves history and metadata out where there are none', () => {
    const task: Task = deepFreeze({ id: 't', status: { state: 'TASK_STATE_SUBMITTED' } });
    const status = { state: 'TASK_STATE_WORKING' as const };
    const event = { statusUpdate: { taskId: 't', contextId: 'c', status } };
    expect(reduce(task, event)).toStrictEqual({ id: 't', status });
  });

  it('adds an artifact, also by a chunk that says append', () => {
    const z = { artifactId: 'z', parts: [{ text: 'new' }] };
    for (const append of [undefined, false, true]) {
      expect(reduce(before, chunk(z, append))).toStrictEqual({ ...before, artifacts: [x, y, z] });
    }
    const bare: Task = { id: 't', status: { state: 'TASK_STATE_WORKING' } };
    expect(reduce(bare, chunk(z)).artifacts).toEqual([z]);
  });

  it('replaces an artifact in its place', () => {
    const other = { artifactId: 'x', parts: [{ text: '2' }] };
    expect(reduce(before, chunk(other, false)).artifacts).toStrictEqual([other, y]);
  });

  it('extends an artifact', () => {
    const more = {
      ...{ artifactId: 'x', parts: [{ text: '2' }, { text: '3' }], description: 'd' },
      ...{ extensions: ['f', 'e'], metadata: { b: 2 } },
    };
    expect(reduce(before, chunk(more, true)).artifacts).toStrictEqual([
      {
        ...{
          artifactId: 'x',
          parts: [{ text: '1' }, { text: '2' }, { text: '3' }],
          name: 'n',
          description: 'd',
        },
        ...{ extensions: ['e', 'f'], metadata: { a: 1, b: 2 } },
      },
      y,
    ]);
  });

  it('shares what did not change', () => {
    const after = reduce(before, chunk({ artifactId: 'x', parts: [{ text: '2' }] }, true));
    expect(after.artifacts?.[1]).toBe(y);
    expect(after.artifacts?.[0]?.parts[0]).toBe(x?.parts[0]);
    expect(after.history).toBe(before.history);
    expect(after.status).toBe(before.status);
  });

  it('takes a task as it is, and leaves it alone for a bare message', () => {
    const task: Task = { id: 't', status: { state: 'TASK_STATE_COMPLETED' } };
    expect(reduce(before, { task })).toBe(task);
    expect(reduce(before, { message: agentSaid('b') })).toBe(before);
  });

  it.each<[string, StreamResponse]>([
    ['task', { task: { id: 'u', status: { state: 'TASK_STATE_COMPLETED' } } }],
    ['status', { statusUpdate: { taskId: 'u', contextId: 'c', status: { state: 'TASK_STATE_COMPLETED' } } }],
    [
      'artifact',
      { artifactUpdate: { taskId: 'u', contextId: 'c', artifact: { artifactId: 'x', parts: [] } } },
    ],
  ])('leaves the task alone for the %s of another one', (_, event) => {
    expect(reduce(before, event)).toBe(before);
  });

  it.each(foldVectors.map((vector) => [vector.name, vector] as const))(
    'of the events of a log gives what the fold gives, but for messages of the client and joined text: %s',
    (_, { open, bodies }) => {
      const own = bodies.filter((body) => body.kind !== 'input').map(unjoined);
      const first: EntryBody = { kind: 'open', task: open, request: {}, answers: 'task' };
      const entries = [first, ...own].map((body, index): LogEntry => ({
        ...body,
        v: 1,
        seq: index + 1,
        ts: 1000 * index,
        epoch: 0,
      }));
      let task: Task = foldLog(entries.slice(0, 1));
      for (const entry of entries.slice(1)) {
        const event = entryEvent('task-1', 'context-1', entry);
        if (event !== undefined) task = reduce(task, deepFreeze(event));
        if (entries.length > 50 && entry.seq < entries.length) continue;
        const { metadata = {}, ...others } = task;
        const { metadata: expected = {}, ...rest } = foldLog(entries.slice(0, entry.seq));
        expect(others).toEqual(rest);
        expect(metadata).toEqual(expected);
      }
    },
  );
});

function unjoined(body: EntryBody): EntryBody {
  if (body.kind !== 'artifact') return body;
  const { join: _, ...others } = body;
  return others;
}
