import { describe, expect, it } from '@jest/globals';
import { readV03 } from '../../lib/compat/v03/check.ts';
import { eventToV03, eventToV1 } from '../../lib/compat/v03/event.ts';
import {
  artifactToV03,
  artifactToV1,
  messageToV03,
  messageToV1,
  type TaggedMessage,
} from '../../lib/compat/v03/message.ts';
import { partToV03, partToV1 } from '../../lib/compat/v03/part.ts';
import { stateToV03, statusToV03, statusToV1, taskToV03, taskToV1 } from '../../lib/compat/v03/task.ts';
import type * as v03 from '../../lib/compat/v03/types.ts';
import type * as v1 from '../../lib/protocol/v1.ts';
import { readDefinition } from '../../lib/protocol/validate.ts';

/** What is one in both versions: read as 0.3 it gives the 1.0 form, and the other way round. */
type Row<Older, Newer> = [name: string, older: Older, newer: Newer];

function isValid(name: keyof v03.Definitions & keyof v1.Definitions, older: unknown, newer: unknown): void {
  expect(readV03(name, older)).toEqual({ value: older });
  expect(readDefinition(name, newer)).toEqual({ value: newer });
}

const parts: Row<v03.Part, v1.Part>[] = [
  ['text', { kind: 'text', text: 'a' }, { text: 'a' }],
  ['empty text', { kind: 'text', text: '' }, { text: '' }],
  ['metadata', { kind: 'text', text: 'a', metadata: { x: [1] } }, { text: 'a', metadata: { x: [1] } }],
  ['bytes', { kind: 'file', file: { bytes: 'AAAA' } }, { raw: 'AAAA' }],
  ['no bytes', { kind: 'file', file: { bytes: '' } }, { raw: '' }],
  [
    'a named file',
    { kind: 'file', file: { bytes: 'AAAA', name: 'a.png', mimeType: 'image/png' }, metadata: { x: 1 } },
    { raw: 'AAAA', filename: 'a.png', mediaType: 'image/png', metadata: { x: 1 } },
  ],
  ['an address', { kind: 'file', file: { uri: 'https://x.test' } }, { url: 'https://x.test' }],
  [
    'a named address',
    { kind: 'file', file: { uri: 'https://x.test', name: 'n', mimeType: 'text/csv' } },
    { url: 'https://x.test', filename: 'n', mediaType: 'text/csv' },
  ],
  ['data', { kind: 'data', data: { a: [null] }, metadata: {} }, { data: { a: [null] }, metadata: {} }],
  ['empty data', { kind: 'data', data: {} }, { data: {} }],
  ...[null, 0, false, '', 'x', [1, { a: 2 }]].map((value): Row<v03.Part, v1.Part> => [
    `data that is ${JSON.stringify(value)}`,
    { kind: 'data', data: { value }, metadata: { data_part_compat: true } },
    { data: value },
  ]),
  [
    'a list with metadata',
    { kind: 'data', data: { value: [] }, metadata: { x: 1, data_part_compat: true } },
    { data: [], metadata: { x: 1 } },
  ],
  ['data with a value', { kind: 'data', data: { value: 1 } }, { data: { value: 1 } }],
];

describe('a part', () => {
  it.each(parts)('says %s in both versions', (_, older, newer) => {
    isValid('Part', older, newer);
    expect(partToV1(older)).toStrictEqual(newer);
    expect(partToV03(newer)).toStrictEqual(older);
  });

  it('loses the name and type of text and data on the way down', () => {
    const about = { filename: 'f', mediaType: 'text/plain' };
    expect(partToV03({ text: 'a', ...about })).toStrictEqual({ kind: 'text', text: 'a' });
    expect(partToV03({ data: {}, ...about })).toStrictEqual({ kind: 'data', data: {} });
  });

  it('has no empty names', () => {
    expect(partToV03({ raw: '', filename: '', mediaType: '' })).toStrictEqual({
      kind: 'file',
      file: { bytes: '' },
    });
    expect(partToV1({ kind: 'file', file: { uri: 'u', name: '', mimeType: '' } })).toStrictEqual({
      url: 'u',
    });
  });

  it('is unwrapped only where it was wrapped', () => {
    const metadata = { data_part_compat: true };
    const both = { value: 1, x: 2 };
    expect(partToV1({ kind: 'data', data: both, metadata })).toStrictEqual({ data: both, metadata });
    expect(partToV1({ kind: 'data', data: {}, metadata })).toStrictEqual({ data: {}, metadata });
    const other = { data_part_compat: 'yes' };
    expect(partToV1({ kind: 'data', data: { value: 1 }, metadata: other })).toStrictEqual({
      data: { value: 1 },
      metadata: other,
    });
  });
});

const part = { kind: 'text', text: 'a' } as const;
const full = {
  contextId: 'c',
  taskId: 't',
  metadata: { x: 1 },
  extensions: ['urn:x'],
  referenceTaskIds: ['r'],
};

describe('a message', () => {
  const rows: Row<v03.Message, v1.Message>[] = [
    [
      'of the client',
      { kind: 'message', messageId: 'm', role: 'user', parts: [part] },
      { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'a' }] },
    ],
    [
      'of the agent',
      { kind: 'message', messageId: 'm', role: 'agent', parts: [part, part] },
      { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'a' }, { text: 'a' }] },
    ],
    [
      'with all fields',
      { kind: 'message', messageId: 'm', role: 'user', parts: [part], ...full },
      { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'a' }], ...full },
    ],
  ];

  it.each(rows)('%s is the same in both versions', (_, older, newer) => {
    isValid('Message', older, newer);
    expect(messageToV1(older)).toStrictEqual(newer);
    expect(messageToV03(newer)).toStrictEqual(older);
  });

  it('needs no kind on the way up, and leaves out what is empty on the way down', () => {
    expect(messageToV1({ messageId: 'm', role: 'user', parts: [] })).toStrictEqual({
      messageId: 'm',
      role: 'ROLE_USER',
      parts: [],
    });
    const empty = { contextId: '', taskId: '', extensions: [], referenceTaskIds: [] };
    expect(messageToV03({ messageId: 'm', role: 'ROLE_USER', parts: [], ...empty })).toStrictEqual({
      kind: 'message',
      messageId: 'm',
      role: 'user',
      parts: [],
    });
  });
});

describe('an artifact', () => {
  const about = { name: 'n', description: 'd', metadata: { x: 1 }, extensions: ['urn:x'] };

  it.each([{}, about])('is the same in both versions with %j', (fields) => {
    const older = { artifactId: 'a', parts: [part], ...fields };
    const newer = { artifactId: 'a', parts: [{ text: 'a' }], ...fields };
    isValid('Artifact', older, newer);
    expect(artifactToV1({ ...older, parts: [part] })).toStrictEqual(newer);
    expect(artifactToV03(newer)).toStrictEqual(older);
  });
});

describe('a state', () => {
  it.each([
    ['submitted', 'TASK_STATE_SUBMITTED'],
    ['working', 'TASK_STATE_WORKING'],
    ['completed', 'TASK_STATE_COMPLETED'],
    ['failed', 'TASK_STATE_FAILED'],
    ['canceled', 'TASK_STATE_CANCELED'],
    ['input-required', 'TASK_STATE_INPUT_REQUIRED'],
    ['rejected', 'TASK_STATE_REJECTED'],
    ['auth-required', 'TASK_STATE_AUTH_REQUIRED'],
  ] as const)('%s is %s', (older, newer) => {
    expect(statusToV1({ state: older })).toStrictEqual({ state: newer });
    expect(statusToV03({ state: newer })).toStrictEqual({ state: older });
  });

  it('that is not stated is unknown', () => {
    expect(statusToV1({ state: 'unknown' })).toStrictEqual({});
    expect(stateToV03(undefined)).toBe('unknown');
    expect(stateToV03('constructor')).toBe('unknown');
  });
});

describe('the time of a status', () => {
  it.each([
    ['2025-01-31T12:00:00Z', '2025-01-31T12:00:00Z'],
    ['2025-01-31T12:00:00.123Z', '2025-01-31T12:00:00.123Z'],
    ['2025-01-31T12:00:00.123456+02:00', '2025-01-31T10:00:00.123456Z'],
    ['2025-01-31T12:00:00.5', '2025-01-31T12:00:00.5Z'],
  ])('%s is %s in UTC', (older, newer) => {
    expect(statusToV1({ state: 'working', timestamp: older })).toStrictEqual({
      state: 'TASK_STATE_WORKING',
      timestamp: newer,
    });
  });

  it.each(['yesterday', '', '2025-02-30T12:00:00Z', '1738324800'])(
    'is left out where it is %p',
    (timestamp) => {
      expect(statusToV1({ state: 'working', timestamp })).toStrictEqual({ state: 'TASK_STATE_WORKING' });
    },
  );

  it('is the same on the way down', () => {
    const timestamp = '2025-01-31T12:00:00.123Z';
    expect(statusToV03({ state: 'TASK_STATE_WORKING', timestamp })).toStrictEqual({
      state: 'working',
      timestamp,
    });
  });
});

const said: { older: TaggedMessage; newer: v1.Message } = {
  older: { kind: 'message', messageId: 'm', role: 'agent', parts: [part] },
  newer: { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'a' }] },
};
const status: { older: v03.TaskStatus; newer: v1.TaskStatus } = {
  older: { state: 'working', message: said.older, timestamp: '2025-01-31T12:00:00Z' },
  newer: { state: 'TASK_STATE_WORKING', message: said.newer, timestamp: '2025-01-31T12:00:00Z' },
};

describe('a task', () => {
  const rows: Row<v03.Task, v1.Task>[] = [
    [
      'with nothing yet',
      { kind: 'task', id: 't', contextId: 'c', status: { state: 'submitted' } },
      { id: 't', contextId: 'c', status: { state: 'TASK_STATE_SUBMITTED' } },
    ],
    [
      'with everything',
      {
        kind: 'task',
        ...{ id: 't', contextId: 'c', status: status.older, metadata: { x: 1 } },
        ...{ artifacts: [{ artifactId: 'a', parts: [part] }], history: [said.older] },
      },
      {
        ...{ id: 't', contextId: 'c', status: status.newer, metadata: { x: 1 } },
        ...{ artifacts: [{ artifactId: 'a', parts: [{ text: 'a' }] }], history: [said.newer] },
      },
    ],
  ];

  it.each(rows)('%s is the same in both versions', (_, older, newer) => {
    isValid('Task', older, newer);
    expect(taskToV1(older)).toStrictEqual(newer);
    expect(taskToV03(newer)).toStrictEqual(older);
  });

  it('always has a context on the way down, and no empty lists', () => {
    const task = { id: 't', status: { state: 'TASK_STATE_WORKING' }, artifacts: [], history: [] } as const;
    expect(taskToV03({ ...task, artifacts: [], history: [] })).toStrictEqual({
      kind: 'task',
      id: 't',
      contextId: '',
      status: { state: 'working' },
    });
  });
});

describe('an event of a stream', () => {
  const ids = { taskId: 't', contextId: 'c' };
  const rows: Row<v03.StreamEvent, v1.StreamResponse>[] = [
    [
      'a task',
      { kind: 'task', id: 't', contextId: 'c', status: status.older },
      { task: { id: 't', contextId: 'c', status: status.newer } },
    ],
    ['a message', said.older, { message: said.newer }],
    [
      'a status',
      { kind: 'status-update', ...ids, status: status.older, final: false, metadata: { x: 1 } },
      { statusUpdate: { ...ids, status: status.newer, metadata: { x: 1 } } },
    ],
    [
      'a chunk',
      {
        kind: 'artifact-update',
        ...{ ...ids, artifact: { artifactId: 'a', parts: [part] } },
        ...{ append: true, lastChunk: false, metadata: { x: 1 } },
      },
      {
        artifactUpdate: {
          ...{ ...ids, artifact: { artifactId: 'a', parts: [{ text: 'a' }] } },
          ...{ append: true, lastChunk: false, metadata: { x: 1 } },
        },
      },
    ],
    [
      'a whole artifact',
      { kind: 'artifact-update', ...ids, artifact: { artifactId: 'a', parts: [part] } },
      { artifactUpdate: { ...ids, artifact: { artifactId: 'a', parts: [{ text: 'a' }] } } },
    ],
  ];

  it.each(rows)('is the same in both versions: %s', (_, older, newer) => {
    expect(readV03('StreamEvent', older)).toEqual({ value: older });
    expect(readDefinition('StreamResponse', newer)).toEqual({ value: newer });
    expect(eventToV1(older)).toStrictEqual(newer);
    expect(eventToV03(newer, false)).toStrictEqual(older);
  });

  it('tells in a status, and only there, that it is the last one', () => {
    const last = rows.map(([, , newer]) => eventToV03(newer, true));
    expect(last.map((event) => ('final' in event ? event.final : undefined))).toEqual([
      ...[undefined, undefined, true, undefined, undefined],
    ]);
  });

  it('is a message without its tag too', () => {
    const { kind: _, ...untagged } = said.older;
    expect(eventToV1({ ...untagged, parts: [part] })).toStrictEqual({ message: said.newer });
  });
});
