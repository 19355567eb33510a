import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  createFold,
  entryEvent,
  foldLog,
  isClosing,
  isoTime,
  withHistory,
  withShape,
} from '../../lib/core/fold.ts';
import type { EntryBody, LogEntry, StoredTask } from '../../lib/core/log.ts';
import { foldVectors } from '../../lib/testing/fold-vectors.ts';

const T0 = Date.UTC(2026, 0, 23, 12, 0, 0, 1);

/** The entries of a log, one second apart. */
function logOf(open: StoredTask, bodies: readonly EntryBody[]): LogEntry[] {
  const first: EntryBody = { kind: 'open', task: open, request: {}, answers: 'task' };
  return [first, ...bodies].map((body, index) => ({
    ...body,
    ...{ v: 1, seq: index + 1, ts: T0 + 1000 * index, epoch: 0 },
  }));
}

const task: StoredTask = {
  id: 't',
  contextId: 'c',
  status: { state: 'TASK_STATE_SUBMITTED', timestamp: '' },
  history: [{ messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] }],
};
const chunk = (text: string, more: object = {}): EntryBody => ({
  ...{ kind: 'artifact', artifact: { artifactId: 'a', parts: [{ text }] } },
  ...{ append: true, lastChunk: false, ...more },
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

describe('the golden logs', () => {
  it('are at least sixty, each with a name of its own', () => {
    expect(foldVectors.length).toBeGreaterThanOrEqual(60);
    expect(new Set(foldVectors.map(({ name }) => name)).size).toBe(foldVectors.length);
  });

  it.each(foldVectors.map((vector) => [vector.name, vector] as const))(
    '%s',
    (_, { open, bodies, task: end }) => {
      const entries = deepFreeze(logOf(open, bodies));
      const statusAt = entries.findLast(({ kind }) => kind === 'status' || kind === 'open')?.ts ?? 0;
      const timestamp = new Date(statusAt).toISOString();
      const expected = { ...end, status: { ...end.status, timestamp } };
      expect(foldLog(entries)).toStrictEqual(expected);
    },
  );

  it.each(foldVectors.map((vector) => [vector.name, vector] as const))(
    'gives the same from every checkpoint, and with a look at every entry: %s',
    (_, { open, bodies }) => {
      const entries = deepFreeze(logOf(open, bodies));
      const whole = foldLog(entries);
      const step = Math.ceil(entries.length / 20);
      for (let cut = 1; cut < entries.length; cut += step) {
        const fold = createFold(deepFreeze(foldLog(entries.slice(0, cut))));
        for (const entry of entries.slice(cut)) {
          fold.apply(entry);
          if (entry.seq % step === 0) expect(fold.snapshot()).toEqual(foldLog(entries.slice(0, entry.seq)));
        }
        expect(fold.snapshot()).toEqual(whole);
      }
    },
  );
});

describe('a snapshot', () => {
  it('stays as it was when the task goes on', () => {
    const [open, ...entries] = logOf(task, [
      chunk('a'),
      chunk('b', { join: true }),
      chunk('c'),
      { kind: 'status', state: 'TASK_STATE_WORKING', metadata: { a: 1 } },
      chunk('d', { join: true }),
      { kind: 'status', state: 'TASK_STATE_COMPLETED', metadata: { b: 1 } },
    ]);
    if (open?.kind !== 'open') throw new Error('no open entry');
    const fold = createFold(open);
    const seen = entries.map((entry) => {
      fold.apply(entry);
      const snapshot = fold.snapshot();
      return { snapshot, text: JSON.stringify(snapshot) };
    });
    for (const { snapshot, text } of seen) expect(JSON.stringify(snapshot)).toBe(text);
  });

  it('is shared until the next entry that a client can see', () => {
    const [open, ...entries] = logOf(task, [
      { kind: 'start', attempt: 1, worker: 'w' },
      { kind: 'cancel' },
      chunk('a'),
    ]);
    if (open?.kind !== 'open') throw new Error('no open entry');
    const fold = createFold(open);
    const first = fold.snapshot();
    for (const entry of entries.slice(0, 2)) fold.apply(entry);
    expect(fold.snapshot()).toBe(first);
    for (const entry of entries.slice(2)) fold.apply(entry);
    expect(fold.snapshot()).not.toBe(first);
  });

  it('can not be changed at its spine', () => {
    const snapshot = foldLog(logOf(task, [chunk('a'), chunk('b')]));
    const lists = [
      snapshot,
      snapshot.status,
      snapshot.history,
      snapshot.artifacts,
      snapshot.artifacts?.[0]?.parts,
    ];
    expect(lists.map((list) => Object.isFrozen(list))).toEqual([true, true, true, true, true]);
  });

  it('does not freeze the task it was started with', () => {
    const start = structuredClone(task);
    createFold(start).snapshot();
    expect([start, start.status, start.history].map((value) => Object.isFrozen(value))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('has frozen extensions and metadata where an artifact was extended, and leaves those of its entries alone', () => {
    const metadata = { a: 1 };
    const extensions = ['urn:x'];
    const first: EntryBody = {
      ...{ kind: 'artifact', append: false, lastChunk: false },
      artifact: { artifactId: 'a', parts: [{ text: 'x' }], metadata, extensions },
    };
    const [artifact] = foldLog(logOf(task, [first, chunk('y')])).artifacts ?? [];
    expect(artifact).toMatchObject({ artifactId: 'a', metadata, extensions });
    const all = [artifact?.metadata, artifact?.extensions, metadata, extensions];
    expect(all.map((value) => Object.isFrozen(value))).toEqual([true, true, false, false]);
  });

  it('has as much of the history and the artifacts as is wanted', () => {
    const [open, ...entries] = logOf(task, [
      { kind: 'input', message: message('n'), request: {} },
      chunk('a'),
    ]);
    if (open?.kind !== 'open') throw new Error('no open entry');
    const fold = createFold(open);
    for (const entry of entries) fold.apply(entry);
    const { artifacts, history, ...others } = fold.snapshot();
    expect(fold.snapshot({ historyLength: 0, includeArtifacts: false })).toEqual(others);
    expect(fold.snapshot({ historyLength: 1 })).toEqual({ ...others, artifacts, history: history?.slice(1) });
    expect(fold.snapshot({})).toBe(fold.snapshot());
  });
});

describe('what an append costs', () => {
  it('does not touch what is there already', () => {
    let touched = 0;
    const watched = <T extends object>(value: T) =>
      new Proxy(value, {
        get(target, key) {
          touched += 1;
          return Reflect.get(target, key) as unknown;
        },
      });
    const text = { text: 'x' };
    const parts = Array.from({ length: 5000 }, () => watched(text));
    const history = Array.from({ length: 5000 }, (_, n) => watched(message(String(n))));
    const others = Array.from({ length: 5000 }, (_, n) => ({ artifactId: `other-${String(n)}`, parts }));
    const fold = createFold({ ...task, history, artifacts: [...others, { artifactId: 'a', parts }] });
    const entries = logOf(task, [
      ...Array.from({ length: 100 }, () => chunk('y', { join: true })),
      chunk('z'),
      { kind: 'status', state: 'TASK_STATE_WORKING', message: message('s') },
      { kind: 'input', message: message('i'), request: {} },
    ]).slice(1);
    touched = 0;
    for (const entry of entries) fold.apply(entry);
    // the last part, once, when the first text is joined to it
    expect(touched).toBeLessThanOrEqual(5);
  });
});

describe('foldLog', () => {
  it('wants a log that begins with its open entry', () => {
    expect(() => foldLog([])).toThrow(TypeError);
    expect(() => foldLog(logOf(task, [chunk('a')]).slice(1))).toThrow('A log begins with its open entry');
  });

  it('leaves out lists that are empty', () => {
    const empty = { ...task, history: [], artifacts: [], metadata: {} };
    expect(foldLog(logOf(empty, []))).toStrictEqual({
      ...{ id: 't', contextId: 'c', status: { state: 'TASK_STATE_SUBMITTED', timestamp: isoTime(T0) } },
    });
  });

  it('skips an entry of a kind that a newer version wrote', () => {
    const entries = logOf(task, [chunk('a')]);
    const newer = { ...entries[1], kind: 'checkpoint' } as unknown as LogEntry;
    expect(foldLog([...entries.slice(0, 1), newer])).toEqual(foldLog(entries.slice(0, 1)));
    expect(entryEvent('t', 'c', newer)).toBeUndefined();
  });
});

describe('what a client sees of an entry', () => {
  const common = { v: 1, seq: 7, ts: T0, epoch: 3 } as const;
  const timestamp = '2026-01-23T12:00:00.001Z';

  it.each<[string, EntryBody, unknown]>([
    [
      'a status',
      {
        ...{ kind: 'status', state: 'TASK_STATE_INPUT_REQUIRED', message: message('m'), metadata: { a: 1 } },
        ...{ upTo: 3, pause: { timeoutMs: 5 }, error: { code: -32603, id: 'e' } },
      },
      {
        statusUpdate: {
          ...{ taskId: 't', contextId: 'c', metadata: { a: 1 } },
          status: { state: 'TASK_STATE_INPUT_REQUIRED', message: message('m'), timestamp },
        },
      },
    ],
    [
      'a bare status',
      { kind: 'status', state: 'TASK_STATE_WORKING' },
      { statusUpdate: { taskId: 't', contextId: 'c', status: { state: 'TASK_STATE_WORKING', timestamp } } },
    ],
    [
      'a chunk',
      chunk('x', { join: true, metadata: { b: 1 } }),
      {
        artifactUpdate: {
          ...{ taskId: 't', contextId: 'c', artifact: { artifactId: 'a', parts: [{ text: 'x' }] } },
          ...{ append: true, lastChunk: false, metadata: { b: 1 } },
        },
      },
    ],
    [
      'a whole artifact',
      chunk('x', { append: false, lastChunk: true }),
      {
        artifactUpdate: {
          ...{ taskId: 't', contextId: 'c', artifact: { artifactId: 'a', parts: [{ text: 'x' }] } },
          ...{ append: false, lastChunk: true },
        },
      },
    ],
    ['a bare message', { kind: 'message', message: message('m') }, { message: message('m') }],
    ['nothing of the first entry', { kind: 'open', task, request: {}, answers: 'task' }, undefined],
    ['nothing of a start', { kind: 'start', attempt: 1, worker: 'w' }, undefined],
    ['nothing of an input', { kind: 'input', message: message('m'), request: {} }, undefined],
    ['nothing of a resume', { kind: 'resume', data: 1 }, undefined],
    ['nothing of a cancel', { kind: 'cancel' }, undefined],
  ])('%s', (_, body, event) => {
    expect(entryEvent('t', 'c', { ...body, ...common })).toStrictEqual(event);
  });
});

describe('isClosing', () => {
  it.each<[EntryBody, boolean]>([
    [{ kind: 'status', state: 'TASK_STATE_COMPLETED' }, true],
    [{ kind: 'status', state: 'TASK_STATE_FAILED' }, true],
    [{ kind: 'status', state: 'TASK_STATE_CANCELED' }, true],
    [{ kind: 'status', state: 'TASK_STATE_REJECTED' }, true],
    [{ kind: 'message', message: message('m') }, true],
    [{ kind: 'status', state: 'TASK_STATE_WORKING' }, false],
    [{ kind: 'status', state: 'TASK_STATE_INPUT_REQUIRED', pause: {} }, false],
    [{ kind: 'status', state: 'TASK_STATE_AUTH_REQUIRED' }, false],
    [chunk('x', { lastChunk: true }), false],
    [{ kind: 'cancel' }, false],
  ])('of %j is %j', (body, closing) => {
    expect(isClosing(body)).toBe(closing);
  });
});

describe('the shape of a task', () => {
  const history = ['a', 'b', 'c'].map(message);
  const whole: StoredTask = { ...task, history, artifacts: [{ artifactId: 'x', parts: [{ text: 'x' }] }] };
  const { history: _, ...withoutHistory } = whole;

  it.each([
    [undefined, whole],
    [0, withoutHistory],
    [1, { ...whole, history: history.slice(2) }],
    [2, { ...whole, history: history.slice(1) }],
    [3, whole],
    [100, whole],
  ])('with a history of %j messages', (historyLength, expected) => {
    expect(withHistory(deepFreeze(whole), historyLength)).toStrictEqual(expected);
  });

  it('leaves a task without history as it is', () => {
    expect(withHistory(withoutHistory, 1)).toBe(withoutHistory);
    expect(withHistory(withoutHistory, 0)).toBe(withoutHistory);
  });

  it('has artifacts where wanted, then also an empty list', () => {
    const { artifacts: __, ...without } = whole;
    expect(withShape(deepFreeze(whole), { includeArtifacts: true })).toBe(whole);
    expect(withShape(whole, { includeArtifacts: false })).toStrictEqual(without);
    expect(withShape(without, { includeArtifacts: true })).toStrictEqual({ ...without, artifacts: [] });
    expect(withShape(without, { includeArtifacts: false })).toBe(without);
    expect(withShape(whole, {})).toBe(whole);
  });
});

describe('any log', () => {
  it('gives the same from a checkpoint anywhere, and its text is all that was said', () => {
    const body = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      text: fc.string({ maxLength: 4 }),
      append: fc.boolean(),
      join: fc.boolean(),
      isStatus: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(body, { maxLength: 40 }), fc.nat(), (steps, at) => {
        const texts = new Map<string, string>();
        const bodies = steps.map(({ id, text, append, join, isStatus }): EntryBody => {
          if (isStatus) return { kind: 'status', state: 'TASK_STATE_WORKING', message: message(text || 'm') };
          texts.set(id, append ? (texts.get(id) ?? '') + text : text);
          return {
            ...{
              kind: 'artifact',
              artifact: { artifactId: id, parts: [{ text }] },
              append,
              lastChunk: false,
            },
            ...(append && join && { join: true as const }),
          };
        });
        const entries = deepFreeze(logOf(task, bodies));
        const whole = foldLog(entries);
        const said = (whole.artifacts ?? []).map(
          ({ artifactId, parts }) => [artifactId, parts.map((part) => part.text ?? '').join('')] as const,
        );
        expect(new Map(said)).toEqual(texts);
        const cut = 1 + (at % entries.length);
        const fold = createFold(foldLog(entries.slice(0, cut)));
        for (const entry of entries.slice(cut)) fold.apply(entry);
        expect(fold.snapshot()).toEqual(whole);
      }),
    );
  });
});

function message(messageId: string) {
  return { messageId, role: 'ROLE_AGENT' as const, parts: [{ text: messageId }] };
}
