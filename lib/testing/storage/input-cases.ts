import type { Message } from '../../protocol/v1.ts';
import type { StorageKit } from '../storage-suite.ts';
import { ANN, artifact, pause, said, status } from './bodies.ts';
import { reasonOf } from './bench.ts';

/** S10: what the client adds to a task that is there. */
export function inputCases(kit: StorageKit): void {
  messageCases(kit);
  retransmissionCases(kit);
  resumeCases(kit);
  busyCases(kit);
}

function messageCases({ api: { expect }, test, advance }: StorageKit): void {
  for (const state of ['INPUT_REQUIRED', 'AUTH_REQUIRED'] as const) {
    test(`S10 input: a message to a task in ${state} sets it WORKING in the same step, and it is due`, async (bench) => {
      const taskId = await bench.createTask();
      await (await bench.take(taskId)).append(pause(1, undefined, state));
      const request = { extensions: ['urn:x'] };
      const message = said('m', 'text', { taskId, contextId: 'context-1' });
      const result = await bench.storage.addInput(ANN, taskId, { message, request });
      const entries = (await bench.log(taskId)).slice(2);
      expect(result).toEqual({ ok: true, seq: 3, closed: false, entries });
      const { ts } = await bench.load(taskId);
      expect(entries).toEqual([
        { kind: 'input', message, request, v: 1, seq: 3, ts: entries[0]?.ts, epoch: 0 },
        { kind: 'status', state: 'TASK_STATE_WORKING', v: 1, seq: 4, ts, epoch: 0 },
      ]);
      expect((await bench.take(taskId)).claimed.pending).toEqual(entries.slice(0, 1));
      await bench.checkFold(taskId);
    });
  }

  test('S10 input: a message to a running task is stored and does not make it due', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await holder.append(status('WORKING'));
    const { entries } = await bench.say(taskId, 'm');
    expect(entries.map(({ kind }) => kind)).toEqual(['input']);
    expect(await bench.claimOne(taskId)).toBe(undefined);
    const renewed = await bench.storage.renew(holder.lease, bench.second);
    expect(renewed.ok && renewed.inputSeq).toBe(3);
  });

  test('S10 input: a message to a run that waits in AUTH_REQUIRED sets it WORKING and leaves it the lease', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await holder.append(status('AUTH_REQUIRED', { upTo: 1 }));
    expect((await bench.say(taskId, 'm')).entries.map(({ kind }) => kind)).toEqual(['input', 'status']);
    expect(await bench.claimOne(taskId)).toBe(undefined);
    await holder.append(artifact('a', 'x'));
  });

  test('S10 input: a message makes a task due at once that was given back for later', async (bench) => {
    const taskId = await bench.createTask();
    const { lease } = await bench.take(taskId);
    await bench.storage.release(lease, 60 * bench.second, false);
    expect(await bench.claimOne(taskId)).toBe(undefined);
    await bench.say(taskId, 'm');
    bench.checkPending(await bench.claimOne(taskId), await bench.log(taskId));
  });

  test(
    'S10 input: a message to a task whose lease has ended leaves it due',
    async (bench) => {
      const taskId = await bench.createTask();
      await bench.take(taskId, 10 * bench.second);
      await advance(bench, 11 * bench.second);
      await bench.say(taskId, 'm');
      expect((await bench.claimOne(taskId))?.reason).toBe('lease-expired');
    },
    { hooks: ['advance'] },
  );

  test('S10 input: while a cancel is wanted messages are refused', async (bench) => {
    const taskId = await bench.createTask();
    await bench.take(taskId);
    await bench.storage.requestCancel(ANN, taskId, 30 * bench.second);
    const refused = await bench.storage.addInput(ANN, taskId, { message: said('m'), request: {} });
    expect(reasonOf(refused)).toBe('cancelling');
    expect(reasonOf(await bench.storage.addInput(ANN, taskId, { resume: 1 }))).toBe('cancelling');
    expect((await bench.log(taskId)).length).toBe(2);
  });

  test(
    'S10 input: a message that does not fit is refused',
    async (bench) => {
      const taskId = await bench.createTask();
      const refused = await bench.storage.addInput(ANN, taskId, {
        message: said('m', 'x'.repeat(20_000)),
        request: {},
      });
      expect(reasonOf(refused)).toBe('too-large');
      expect((await bench.log(taskId)).length).toBe(1);
    },
    { hooks: ['limits'], taskBytes: 10_000 },
  );

  test('S10 input: fifty messages at once are all stored, in one order', async (bench) => {
    const taskId = await bench.createTask();
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) => bench.say(taskId, `m${String(n)}`)),
    );
    const entries = await bench.checkFold(taskId);
    expect(entries.length).toBe(51);
    expect(results.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
      entries.slice(1).map(({ seq }) => seq),
    );
  });
}

const SENT = said('m', 'text', {
  metadata: { a: 1, b: [null, { c: 2 }] },
  extensions: ['x'],
  referenceTaskIds: ['r'],
});

const OTHERS: readonly (readonly [string, Message])[] = [
  ['messageId', { ...SENT, messageId: 'n' }],
  ['role', { ...SENT, role: 'ROLE_AGENT' }],
  ['text', { ...SENT, parts: [{ text: 'Text' }] }],
  ['number of parts', { ...SENT, parts: [{ text: 'text' }, { text: 'text' }] }],
  ['kind of part', { ...SENT, parts: [{ data: 'text' }] }],
  ['metadata', { ...SENT, metadata: { a: 1, b: [null, { c: 3 }] } }],
  ['extensions', { ...SENT, extensions: ['y'] }],
  ['referenceTaskIds', { ...SENT, referenceTaskIds: ['s'] }],
];

function retransmissionCases({ api: { expect }, test }: StorageKit): void {
  test('S10 retransmission: the newest message once more is joined, whatever the order of its keys', async (bench) => {
    const taskId = await bench.createTask();
    await bench.storage.addInput(ANN, taskId, { message: SENT, request: {} });
    const turned = { ...SENT, taskId, contextId: 'context-1', metadata: { b: [null, { c: 2 }], a: 1 } };
    const again = await bench.storage.addInput(ANN, taskId, {
      message: turned,
      request: { extensions: ['z'] },
    });
    expect(again).toEqual({ ok: true, seq: 2, closed: false, entries: [], duplicate: true });
    expect((await bench.log(taskId)).length).toBe(2);
  });

  for (const [field, message] of OTHERS) {
    test(`S10 retransmission: a message with another ${field} is a new one`, async (bench) => {
      const taskId = await bench.createTask();
      await bench.storage.addInput(ANN, taskId, { message: SENT, request: {} });
      const result = await bench.storage.addInput(ANN, taskId, { message, request: {} });
      expect(result.ok && [result.seq, result.duplicate]).toEqual([3, undefined]);
    });
  }

  test('S10 retransmission: an older message than the newest is a new one', async (bench) => {
    const taskId = await bench.createTask();
    for (const id of ['m', 'n', 'm']) await bench.say(taskId, id);
    expect((await bench.log(taskId)).length).toBe(4);
  });

  test('S10 retransmission: a message that was answered by a pause is a new one', async (bench) => {
    const taskId = await bench.createTask();
    await bench.say(taskId, 'm');
    await (await bench.take(taskId)).append(pause(2));
    const { seq, duplicate } = await bench.say(taskId, 'm');
    expect([seq, duplicate]).toEqual([4, undefined]);
  });

  test('S10 retransmission: a message that a waiting run has answered is a new one', async (bench) => {
    const taskId = await bench.createTask();
    await (await bench.take(taskId)).append(status('AUTH_REQUIRED', { upTo: 1 }));
    expect((await bench.say(taskId, 'hello')).seq).toBe(3);
  });

  test('S10 retransmission: a pause that had not seen the message, or progress, answers nothing', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await bench.say(taskId, 'm');
    await holder.append(status('WORKING'), artifact('a', 'x'));
    expect((await bench.say(taskId, 'm')).duplicate).toBe(true);
    expect((await holder.append(pause(1))).more).toBe(true);
    expect((await bench.say(taskId, 'm')).duplicate).toBe(true);
  });

  test('S10 retransmission: the first message may come again while its run goes on', async (bench) => {
    const taskId = await bench.createTask();
    await (await bench.take(taskId)).append(status('WORKING'));
    expect(await bench.say(taskId, 'hello')).toEqual({
      ok: true,
      seq: 1,
      closed: false,
      entries: [],
      duplicate: true,
    });
  });
}

function resumeCases({ api: { expect }, test }: StorageKit): void {
  test('S10 resume: whoever claims the task is given the newest message with it', async (bench) => {
    const taskId = await bench.createTask();
    await (await bench.take(taskId)).append(pause(1));
    await bench.storage.addInput(ANN, taskId, { message: said('second'), request: { metadata: { a: 1 } } });
    const [input] = (await bench.log(taskId)).slice(-2);
    const second = await bench.take(taskId);
    expect(second.claimed.newest).toEqual(input);
    await second.append(pause(input?.seq ?? 0, undefined, 'AUTH_REQUIRED'));
    await bench.storage.addInput(ANN, taskId, { resume: 1 });
    expect((await bench.take(taskId)).claimed.newest).toEqual(input);
  });

  for (const data of [{ token: 't' }, null, false, '', 0]) {
    test(`S10 resume: a task in AUTH_REQUIRED goes on, with the data ${JSON.stringify(data)}`, async (bench) => {
      const taskId = await bench.createTask();
      await (await bench.take(taskId)).append(pause(1, undefined, 'AUTH_REQUIRED'));
      const result = await bench.storage.addInput(ANN, taskId, { resume: data });
      const entries = (await bench.log(taskId)).slice(2);
      expect(result).toEqual({ ok: true, seq: 3, closed: false, entries });
      expect(entries[0]).toEqual({ kind: 'resume', data, v: 1, seq: 3, ts: entries[0]?.ts, epoch: 0 });
      expect((await bench.load(taskId)).task.status.state).toBe('TASK_STATE_WORKING');
      expect((await bench.take(taskId)).claimed.pending).toEqual(entries.slice(0, 1));
      await bench.checkFold(taskId);
    });
  }

  test('S10 resume: in every other state it is refused, also the second time', async (bench) => {
    const taskId = await bench.createTask();
    const resume = async () => reasonOf(await bench.storage.addInput(ANN, taskId, { resume: {} }));
    expect(await resume()).toBe('not-waiting');
    const holder = await bench.take(taskId);
    await holder.append(status('WORKING'));
    expect(await resume()).toBe('not-waiting');
    await holder.append(pause(1));
    expect(await resume()).toBe('not-waiting');
    await bench.say(taskId, 'm');
    const second = await bench.take(taskId);
    await second.append(status('AUTH_REQUIRED', { upTo: 4 }));
    expect(await resume()).toBe('taken');
    expect(await resume()).toBe('not-waiting');
    expect(await bench.claimOne(taskId)).toBe(undefined);
  });
}

function busyCases({ api: { expect }, test }: StorageKit): void {
  const wanted = (id: string, more: object = {}) => ({
    ...{ message: said(id), request: {}, ifWaiting: true, ...more },
  });

  test('S10 busy: what is only for a task that waits is refused by one that does not', async (bench) => {
    const taskId = await bench.createTask();
    const send = async (id: string) => reasonOf(await bench.storage.addInput(ANN, taskId, wanted(id)));
    expect(await send('m')).toBe('busy');
    const holder = await bench.take(taskId);
    await holder.append(status('WORKING'));
    expect(await send('m')).toBe('busy');
    expect((await bench.log(taskId)).length).toBe(2);
    await holder.append(status('AUTH_REQUIRED', { upTo: 1 }));
    expect([await send('m'), await send('n')]).toEqual(['taken', 'busy']);
    await holder.append(pause(4));
    expect(await send('n')).toBe('taken');
    expect((await bench.checkFold(taskId)).filter(({ kind }) => kind === 'input').length).toBe(2);
  });

  test('S10 busy: of ten messages at once to a task that waits one is taken', async (bench) => {
    const taskId = await bench.createTask();
    await (await bench.take(taskId)).append(pause(1));
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, n) => bench.storage.addInput(ANN, taskId, wanted(`m${String(n)}`))),
    );
    expect(results.map(reasonOf).sort()).toEqual([...Array<string>(9).fill('busy'), 'taken']);
    expect((await bench.checkFold(taskId)).filter(({ kind }) => kind === 'input').length).toBe(1);
  });

  test('S10 busy: a message that comes again is joined, and the refused one leaves its key free', async (bench) => {
    const taskId = await bench.createTask();
    const key = (name: string) => ({
      idempotency: { key: name, fingerprint: name, windowMs: 60 * bench.second },
    });
    await (await bench.take(taskId)).append(pause(1));
    const send = (id: string, more: object) => bench.storage.addInput(ANN, taskId, wanted(id, more));
    const seqOf = async (id: string, name: string) => {
      const result = await send(id, key(name));
      return result.ok && result.seq;
    };
    expect(await seqOf('m', 'k')).toBe(3);
    const again = { ok: true, seq: 3, closed: false, entries: [], duplicate: true };
    expect([await send('m', key('k')), await send('m', {})]).toEqual([again, again]);
    expect(reasonOf(await send('n', key('l')))).toBe('busy');
    await (await bench.take(taskId)).append(pause(3));
    expect(await seqOf('n', 'l')).toBe(6);
  });
}
