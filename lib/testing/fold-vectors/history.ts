import {
  agent,
  HELLO,
  input,
  saying,
  status,
  SUBMITTED,
  user,
  vector,
  whole,
  type FoldVector,
} from './vector.ts';

const START = { kind: 'start', attempt: 1, worker: 'w' } as const;
const hostile = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}') as Record<string, unknown>;

/** What becomes of messages and of metadata. */
export const historyVectors: readonly FoldVector[] = [
  vector('the message of a status stays with it', [saying('TASK_STATE_COMPLETED', 'a')], {
    status: { state: 'TASK_STATE_COMPLETED', message: agent('a') },
  }),
  vector(
    'the next status moves the message to the history',
    [saying('TASK_STATE_WORKING', 'a'), saying('TASK_STATE_COMPLETED', 'b')],
    {
      status: { state: 'TASK_STATE_COMPLETED', message: agent('b') },
      history: [HELLO, agent('a')],
    },
  ),
  vector(
    'a status without a message moves the one before as well',
    [saying('TASK_STATE_WORKING', 'a'), status('TASK_STATE_COMPLETED')],
    {
      status: { state: 'TASK_STATE_COMPLETED' },
      history: [HELLO, agent('a')],
    },
  ),
  vector(
    'messages move in the order in which they were said',
    ['a', 'b', 'c', 'd'].map((id) => saying('TASK_STATE_WORKING', id)),
    {
      status: { state: 'TASK_STATE_WORKING', message: agent('d') },
      history: [HELLO, agent('a'), agent('b'), agent('c')],
    },
  ),
  vector(
    'a message said twice is in the history twice',
    [saying('TASK_STATE_WORKING', 'a'), saying('TASK_STATE_WORKING', 'a'), status('TASK_STATE_WORKING')],
    {
      status: { state: 'TASK_STATE_WORKING' },
      history: [HELLO, agent('a'), agent('a')],
    },
  ),
  vector('an input goes to the history', [START, input('more')], {
    status: { state: 'TASK_STATE_SUBMITTED' },
    history: [HELLO, user('more')],
  }),
  vector(
    'an input while the status has a message moves that first',
    [saying('TASK_STATE_WORKING', 'a'), input('more')],
    {
      status: { state: 'TASK_STATE_WORKING' },
      history: [HELLO, agent('a'), user('more')],
    },
  ),
  vector(
    'question and answer stand in order',
    [
      { ...saying('TASK_STATE_INPUT_REQUIRED', 'which'), upTo: 1, pause: {} },
      input('this'),
      status('TASK_STATE_WORKING'),
      saying('TASK_STATE_COMPLETED', 'done'),
    ],
    {
      status: { state: 'TASK_STATE_COMPLETED', message: agent('done') },
      history: [HELLO, agent('which'), user('this')],
    },
  ),
  vector(
    'inputs while the agent works stand in order',
    [
      saying('TASK_STATE_WORKING', 'a'),
      input('one'),
      input('two'),
      saying('TASK_STATE_WORKING', 'b'),
      input('three'),
    ],
    {
      status: { state: 'TASK_STATE_WORKING' },
      history: [HELLO, agent('a'), user('one'), user('two'), agent('b'), user('three')],
    },
  ),
  vector(
    'a resume moves nothing, the status after it does',
    [
      { ...saying('TASK_STATE_AUTH_REQUIRED', 'sign in'), upTo: 1 },
      { kind: 'resume', data: { a: 1 } },
      status('TASK_STATE_WORKING'),
    ],
    { status: { state: 'TASK_STATE_WORKING' }, history: [HELLO, agent('sign in')] },
  ),
  vector(
    'a cancel moves nothing and leaves no metadata',
    [saying('TASK_STATE_WORKING', 'a'), { kind: 'cancel', metadata: { why: 'late' } }],
    {
      status: { state: 'TASK_STATE_WORKING', message: agent('a') },
    },
  ),
  vector('the start of a run changes nothing', [saying('TASK_STATE_WORKING', 'a'), START], {
    status: { state: 'TASK_STATE_WORKING', message: agent('a') },
  }),
  vector('a bare message changes nothing', [START, { kind: 'message', message: agent('a') }], {
    status: { state: 'TASK_STATE_SUBMITTED' },
  }),
  vector(
    'what is for the server only is not in the task',
    [{ ...status('TASK_STATE_FAILED'), error: { code: -32603, id: 'e', text: 't' } }],
    {
      status: { state: 'TASK_STATE_FAILED' },
    },
  ),
  vector(
    'a longer first history is kept',
    [input('more')],
    { status: { state: 'TASK_STATE_SUBMITTED' }, history: [user('a'), agent('b'), user('c'), user('more')] },
    {
      ...SUBMITTED,
      history: [user('a'), agent('b'), user('c')],
    },
  ),
  vector(
    'metadata of a status goes to the task',
    [status('TASK_STATE_WORKING', { metadata: { a: 1, b: { c: [2] } } })],
    {
      status: { state: 'TASK_STATE_WORKING' },
      metadata: { a: 1, b: { c: [2] } },
    },
  ),
  vector(
    'later metadata wins key by key, and replaces the whole value',
    [
      status('TASK_STATE_WORKING', { metadata: { a: 1, b: { c: 1, d: 1 }, e: 1 } }),
      status('TASK_STATE_WORKING', { metadata: { b: { c: 2 }, e: null, f: 0 } }),
    ],
    { status: { state: 'TASK_STATE_WORKING' }, metadata: { a: 1, b: { c: 2 }, e: null, f: 0 } },
  ),
  vector(
    'metadata goes over that of the first task',
    [status('TASK_STATE_WORKING', { metadata: { b: 2 } })],
    { status: { state: 'TASK_STATE_WORKING' }, metadata: { a: 1, b: 2 } },
    { ...SUBMITTED, metadata: { a: 1, b: 1 } },
  ),
  vector('empty metadata adds none', [status('TASK_STATE_WORKING', { metadata: {} })], {
    status: { state: 'TASK_STATE_WORKING' },
  }),
  vector(
    'a key named __proto__ is a key like any other',
    [status('TASK_STATE_WORKING', { metadata: hostile })],
    {
      status: { state: 'TASK_STATE_WORKING' },
      metadata: hostile,
    },
  ),
  vector(
    'metadata of requests, inputs and artifact events is not that of the task',
    [
      { ...whole({ artifactId: 'x', parts: [{ text: 'x' }] }), metadata: { event: true } },
      { kind: 'input', message: user('more'), request: { metadata: { request: true } } },
    ],
    {
      status: { state: 'TASK_STATE_SUBMITTED' },
      history: [HELLO, user('more')],
      artifacts: [{ artifactId: 'x', parts: [{ text: 'x' }] }],
    },
  ),
];
