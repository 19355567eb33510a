// The judge finds what it is there for: in logs and readers written by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeLog, judgeTask } from './judge.mjs';

/** @typedef {import('express-a2a').LogEntry} LogEntry @typedef {import('./readers.mjs').Noted} Noted */

const START = 1_700_000_000_000;
const WISH = JSON.stringify({ kind: 'stream', chunks: 2, delayMs: 1 });

/** @param {number} seq @param {number} epoch @param {import('express-a2a').EntryBody} body @returns {LogEntry} */
const entryOf = (seq, epoch, body) => ({ v: 1, seq, ts: START + seq, epoch, ...body });

/** @param {string} text @param {boolean} append @param {boolean} [lastChunk] @returns {import('express-a2a').EntryBody} */
const chunk = (text, append, lastChunk = false) => ({
  ...{ kind: 'artifact', append, lastChunk, ...(append && { join: true }) },
  artifact: { artifactId: 'a', parts: [{ text }] },
});

/** A run that was lost after its first word, and the one that took over. */
function goodLog() {
  const status = { state: /** @type {const} */ ('TASK_STATE_SUBMITTED'), timestamp: '' };
  const message = { messageId: 'm', role: /** @type {const} */ ('ROLE_USER'), parts: [{ text: WISH }] };
  return [
    entryOf(1, 0, {
      kind: 'open',
      answers: 'task',
      request: {},
      task: { id: 't', contextId: 'c', status, history: [message] },
    }),
    entryOf(2, 1, { kind: 'start', attempt: 1, worker: 'w' }),
    entryOf(3, 1, chunk('one/1/0;', false)),
    entryOf(4, 2, { kind: 'start', attempt: 2, worker: 'w' }),
    entryOf(5, 2, chunk('two/2/0;', false)),
    entryOf(6, 2, chunk('two/2/1;', true)),
    entryOf(7, 2, { kind: 'status', state: 'TASK_STATE_COMPLETED' }),
  ];
}

/** @param {readonly string[]} texts */
const taskWith = (...texts) => ({
  ...{
    id: 't',
    contextId: 'c',
    history: [{ messageId: 'm', role: /** @type {const} */ ('ROLE_USER'), parts: [{ text: WISH }] }],
  },
  status: {
    state: /** @type {const} */ ('TASK_STATE_SUBMITTED'),
    timestamp: new Date(START + 1).toISOString(),
  },
  ...(texts.length > 0 && { artifacts: texts.map((text) => ({ artifactId: 'a', parts: [{ text }] })) }),
});
const completed = {
  state: /** @type {const} */ ('TASK_STATE_COMPLETED'),
  timestamp: new Date(START + 7).toISOString(),
};

/** @param {number} seq */
const idOf = (seq) => `${seq}.${(START + seq).toString(36)}`;

/** @param {number} seq @param {string} text @param {boolean} append @returns {Noted} */
const update = (seq, text, append) => ({
  id: idOf(seq),
  event: {
    artifactUpdate: {
      taskId: 't',
      contextId: 'c',
      append,
      lastChunk: false,
      artifact: { artifactId: 'a', parts: [{ text }] },
    },
  },
});

/** What a reader of this log saw whose connection broke once. @returns {Noted[]} */
const goodRecords = () => [
  { open: {} },
  { id: idOf(1), event: { task: taskWith() } },
  update(3, 'one/1/0;', false),
  update(5, 'two/2/0;', false),
  { open: { cursor: idOf(5) } },
  update(6, 'two/2/1;', true),
  { id: idOf(7), event: { statusUpdate: { taskId: 't', contextId: 'c', status: completed } } },
];

/** @param {{ entries?: LogEntry[], records?: Noted[], task?: object, hasEnded?: boolean, kind?: 'wire' | 'plain', answers?: object[] }} changes */
function judge({
  entries = goodLog(),
  records = goodRecords(),
  task,
  hasEnded = true,
  kind = 'wire',
  answers = [],
}) {
  const wish = { kind: /** @type {const} */ ('stream'), chunks: 2, delayMs: 1 };
  const played = {
    plan: { name: 'task-0', wish, answer: wish, isKeyed: false, readers: [] },
    ...{ taskId: 't', asked: new Set(), faults: [], elsewhere: 0, ended: Promise.resolve() },
    answers: /** @type {import('express-a2a').Task[]} */ (answers),
    readers: [{ kind, records, breaks: 0, ...(hasEnded && { endedAt: 1 }) }],
  };
  const stored = { ...taskWith('two/2/0;two/2/1;'), status: completed, ...task };
  return judgeTask(played, { entries, task: stored }, { maxAttempts: 5 });
}

/** @template T @param {readonly T[]} list @param {number} from @param {number} count @param {readonly T[]} put */
const spliced = (list, from, count, ...put) => [...list.slice(0, from), ...put, ...list.slice(from + count)];

test('finds nothing in a task that was taken over and read to its end', () => {
  assert.deepEqual(judge({}), { faults: [], fallbacks: 0 });
});

test('takes the whole task where a cursor could not be known, and counts it', () => {
  const task = { id: idOf(6), event: { task: taskWith('two/2/0;two/2/1;') } };
  const open = { open: { cursor: 'damaged', isDamaged: true } };
  const records = spliced(goodRecords(), 4, 2, open, task);
  assert.deepEqual(judge({ records }), { faults: [], fallbacks: 1 });
});

/** The log of a task that lost one worker after the other, and what is said of it. @param {number} epoch @param {string} words */
function givenUp(epoch, words) {
  const message = { messageId: 'f', role: /** @type {const} */ ('ROLE_AGENT'), parts: [{ text: words }] };
  const end = entryOf(6, epoch, { kind: 'status', state: 'TASK_STATE_FAILED', message });
  const wish = { kind: /** @type {const} */ ('stream'), chunks: 2, delayMs: 1 };
  const plan = { name: 'task-0', wish, answer: wish, isKeyed: false, readers: [] };
  return judgeLog({ plan, asked: new Set() }, [...goodLog().slice(0, 5), end], { maxAttempts: 5 });
}

test('lets a task fail whose attempts are used up, also by claims that were lost before they began', () => {
  const words = 'The worker that ran the agent was lost';
  assert.deepEqual(givenUp(6, words), []);
  assert.match(givenUp(5, words).join(), /failed in attempt 5/);
  assert.match(givenUp(6, 'The agent failed').join(), /failed in attempt 6/);
});

test('takes a task without an id for any place in the log that it is the task of', () => {
  const timestamp = new Date(START + 8).toISOString();
  const entries = [
    ...goodLog().slice(0, 6),
    entryOf(7, 2, chunk('', true, true)),
    entryOf(8, 2, { kind: 'status', state: 'TASK_STATE_COMPLETED' }),
  ];
  const task = { status: { ...completed, timestamp } };
  /** @param {string} text @returns {Noted[]} */
  const seen = (text) => [
    { open: {} },
    { event: { task: taskWith(text) } },
    { event: { statusUpdate: { taskId: 't', contextId: 'c', ...task } } },
  ];
  const of = { entries, task, kind: /** @type {const} */ ('plain') };
  assert.deepEqual(judge({ ...of, records: seen('two/2/0;two/2/1;') }).faults, []);
  assert.match(judge({ ...of, records: seen('two/2/0;') }).faults.join(), /entry 8 after entry 5: 2 lost/);
});

/** @type {Record<string, [changes: Parameters<typeof judge>[0], fault: RegExp]>} */
const FAULTS = {
  'an event that was lost': [{ records: spliced(goodRecords(), 2, 1) }, /entry 5 after entry 1: 1 lost/],
  'an event that was lost between connections': [
    { records: spliced(goodRecords(), 5, 1) },
    /entry 7 after entry 5: 1 lost/,
  ],
  'an event that came twice': [
    { records: spliced(goodRecords(), 3, 0, ...goodRecords().slice(2, 3)) },
    /entry 3 again, after entry 3/,
  ],
  'events in another order': [
    { records: spliced(goodRecords(), 2, 2, ...goodRecords().slice(2, 4).reverse()) },
    /entry 5 after entry 1: 1 lost/,
  ],
  'an event that is not in the log': [
    { records: spliced(goodRecords(), 2, 1, update(3, 'x', false)) },
    /none of the log, after entry 1/,
  ],
  'an event under the id of another': [
    { records: spliced(goodRecords(), 2, 1, { ...update(3, 'one/1/0;', false), id: idOf(2) }) },
    /entry 3 came as 2\./,
  ],
  'a task that never was': [
    { records: spliced(goodRecords(), 1, 1, { id: idOf(1), event: { task: taskWith('x') } }) },
    /a task that is none after entry 0/,
  ],
  'a task of an earlier time': [
    { records: spliced(goodRecords(), 5, 1, { id: idOf(1), event: { task: taskWith() } }) },
    /a task that is none after entry 5/,
  ],
  'a whole task where the rest was asked for': [
    { records: spliced(goodRecords(), 5, 1, { id: idOf(6), event: { task: taskWith('two/2/0;two/2/1;') } }) },
    /the task instead of what comes after 5\./,
  ],
  'a stream that ends early': [
    { records: goodRecords().slice(0, -1) },
    /its stream ended after entry 6 of 7/,
  ],
  'a stream that does not end': [{ hasEnded: false }, /its stream did not end/],
  'a hole in the log': [{ entries: spliced(goodLog(), 2, 1) }, /entry 4 at place 3/],
  'a second end': [
    { entries: [...goodLog(), entryOf(8, 2, { kind: 'status', state: 'TASK_STATE_COMPLETED' })] },
    /2 ends/,
  ],
  'no end': [{ entries: goodLog().slice(0, -1) }, /0 ends/],
  'a zombie under its own epoch': [
    { entries: spliced(goodLog(), 4, 1, entryOf(5, 1, chunk('one/1/1;', true))) },
    /epoch 1 after one of epoch 2/,
  ],
  'a zombie under the epoch of another': [
    { entries: spliced(goodLog(), 5, 1, entryOf(6, 2, chunk('one/1/1;', true))) },
    /one speaks in the run of two/,
  ],
  'a word of a run that is missing': [
    { entries: spliced(goodLog(), 4, 1, entryOf(5, 2, chunk('two/2/1;', false))) },
    /word 1 of two out of turn/,
  ],
  'an outcome without all words': [
    { entries: spliced(goodLog(), 5, 1, entryOf(6, 2, chunk('', true))) },
    /instead of 2 words/,
  ],
  'a task that is not its log': [{ task: { artifacts: [] } }, /the stored task is not the fold of its log/],
  'a failure without a reason': [
    { entries: spliced(goodLog(), 6, 1, entryOf(7, 2, { kind: 'status', state: 'TASK_STATE_FAILED' })) },
    /failed in attempt 2/,
  ],
  'an answer that the task never was': [{ answers: [taskWith('x')] }, /an answer that the task never was/],
};

for (const [name, [changes, fault]] of Object.entries(FAULTS)) {
  test(`finds ${name}`, () => {
    assert.match(judge(changes).faults.join('\n'), fault);
  });
}
