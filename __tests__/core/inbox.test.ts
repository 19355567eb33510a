import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { Inbox, type InboxOwner } from '../../lib/core/inbox.ts';
import type { EntryBody, LogEntry, Seq } from '../../lib/core/log.ts';
import { unlessAborted } from '../../lib/core/unless-aborted.ts';
import { brief } from '../../lib/testing/worker/brief.ts';
import { gate, withBench } from '../helpers/worker-bench.ts';

function entry(seq: Seq, body: EntryBody): LogEntry {
  return { ...body, v: 1, seq, ts: 0, epoch: 1 };
}

const said = (seq: Seq, text: string): LogEntry =>
  entry(seq, {
    kind: 'input',
    message: { messageId: text, role: 'ROLE_USER', parts: [{ text }] },
    request: {},
  });

const inboxOf = (read: InboxOwner['read'], pending: LogEntry[] = []) =>
  new Inbox(
    { read, onWaiting: () => undefined },
    { lease: { taskId: 't', id: 'l', epoch: 1 }, pending, doneSeq: 0 },
  );

describe('an inbox', () => {
  it('looks again for what it is told of while it looks', async () => {
    const log = [entry(1, { kind: 'status', state: 'TASK_STATE_AUTH_REQUIRED' })];
    const [reading, may] = [gate(), gate()];
    let reads = 0;
    const inbox = inboxOf(async (after) => {
      reads += 1;
      const page = { entries: log.slice(after), head: log.length, first: 1, closed: false };
      reading.open();
      // the answer is on its way when the message is written
      if (reads === 1) await may.opened;
      return page;
    });
    const answer = inbox.wait(1);
    await reading.opened;
    log.push(said(2, 'token'));
    inbox.look();
    may.open();
    expect(await answer).toMatchObject({ message: { messageId: 'token' } });
    expect(inbox.upTo()).toBe(2);
  });

  it('reads no more once an agent has left the loop over its messages', async () => {
    const log = [entry(1, { kind: 'status', state: 'TASK_STATE_AUTH_REQUIRED' }), said(2, 'token')];
    let reads = 0;
    const inbox = inboxOf((after) => {
      reads += 1;
      return Promise.resolve({ entries: log.slice(after), head: log.length, first: 1, closed: false });
    });
    for await (const { messageId } of inbox.messages(new AbortController().signal)) {
      expect(messageId).toBe('token');
      break;
    }
    const before = reads;
    inbox.look();
    expect(reads).toBe(before);
  });

  it('does not read when nobody waits', () => {
    let reads = 0;
    const inbox = inboxOf(() => {
      reads += 1;
      return Promise.reject(new Error('not expected'));
    }, [said(1, 'a')]);
    inbox.look();
    expect(reads).toBe(0);
  });

  it('leaves an answer to the question of a lost attempt to a run of its own', async () => {
    await withBench(async (bench) => {
      const heard: string[] = [];
      const may = gate();
      const agent = async (turn: Parameters<Parameters<typeof bench.start>[0]>[0]) => {
        if (turn.text === 'token') return 'token answered';
        if (turn.attempt === 1) {
          await turn.requireAuth('sign in', { wait: true });
          return undefined;
        }
        void (async () => {
          for await (const { parts } of turn.messages()) heard.push(parts[0]?.text ?? '');
        })();
        await may.opened;
        return turn.requireInput('what was that?');
      };
      const first = await bench.start(agent);
      const taskId = await bench.send();
      await bench.until(taskId, ({ kind }) => kind === 'status');
      first.kill();
      await bench.start(agent, { maxAttempts: 2 });
      await bench.advance(33_000);
      await bench.until(taskId, (one) => one.kind === 'start' && one.attempt === 2);
      await bench.say(taskId, 'token');
      await bench.settle();
      may.open();
      const log = brief(await bench.ended(taskId));
      expect(heard).toEqual([]);
      expect(log.slice(3)).toEqual([
        ...['start 2', 'input token', 'WORKING', 'INPUT_REQUIRED what was that?', 'WORKING'],
        ...['start 1', 'artifact 5-1 = token answered .', 'COMPLETED'],
      ]);
    });
  });
});

describe('unlessAborted', () => {
  it('gives what the action gives, and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(() => Promise.resolve(1), signal)).toBe(1);
    await expect(unlessAborted(() => Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    const sync = () => {
      throw new Error('at once');
    };
    await expect(unlessAborted(sync, signal)).rejects.toThrow('at once');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects with the reason, and does not even begin after it', async () => {
    const control = new AbortController();
    const hanging = unlessAborted(() => new Promise(() => undefined), control.signal);
    control.abort(new Error('over'));
    await expect(hanging).rejects.toThrow('over');
    let begun = false;
    const late = unlessAborted(() => {
      begun = true;
      return Promise.resolve();
    }, control.signal);
    await expect(late).rejects.toThrow('over');
    expect(begun).toBe(false);
  });
});
