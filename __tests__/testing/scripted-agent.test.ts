import { describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import { createTestAgent, type TestAgent } from '../../lib/testing/test-agent.ts';
import { createGate } from '../../lib/testing/gate.ts';
import { scriptedAgent, type Step } from '../../lib/testing/scripted-agent.ts';
import { textOf } from '../../lib/testing/text-of.ts';

async function withAgent<T>(agent: Agent, body: (tested: TestAgent) => Promise<T>): Promise<T> {
  const tested = createTestAgent(agent);
  try {
    return await body(tested);
  } finally {
    await tested.close();
  }
}

describe('a scripted agent', () => {
  it('plays its steps in order', () => {
    const script = scriptedAgent([
      { working: 'thinking' },
      'Hel',
      'lo',
      { data: { n: 1 } },
      { artifact: { artifactId: 'report', name: 'Report', parts: [{ text: 'all well' }] } },
      { complete: 'done' },
      'never played',
    ]);
    return withAgent(script, async (agent) => {
      const events = await agent.stream('go').rest();
      const said = events.map((event) =>
        event.artifactUpdate
          ? event.artifactUpdate.artifact.parts
          : (event.statusUpdate?.status.message?.parts ?? event.statusUpdate?.status.state ?? 'task'),
      );
      expect(said[0]).toBe('task');
      expect(said.filter((what) => typeof what !== 'string')).toEqual([
        [{ text: 'thinking' }],
        [{ text: 'Hel' }],
        [{ text: 'lo' }],
        [{ data: { n: 1 } }],
        [{ text: 'all well' }],
        // the last chunk of what was yielded
        [{ text: '' }],
        [{ text: 'done' }],
      ]);
      expect(events.at(-1)?.statusUpdate?.status.state).toBe('TASK_STATE_COMPLETED');
    });
  });

  it.each<[name: string, step: Step, state: string, text: string]>([
    ['a script without steps that say something', { working: true }, 'TASK_STATE_COMPLETED', ''],
    ['complete without a message', { complete: true }, 'TASK_STATE_COMPLETED', ''],
    ['complete', { complete: 'done' }, 'TASK_STATE_COMPLETED', 'done'],
    ['reply', { reply: 'hello' }, 'TASK_STATE_COMPLETED', 'hello'],
    ['fail', { fail: 'broken' }, 'TASK_STATE_FAILED', 'broken'],
    ['reject', { reject: 'not me' }, 'TASK_STATE_REJECTED', 'not me'],
    ['ask', { ask: 'what?' }, 'TASK_STATE_INPUT_REQUIRED', 'what?'],
    ['askAuth', { askAuth: 'who?' }, 'TASK_STATE_AUTH_REQUIRED', 'who?'],
    ['askAuth with wait: false', { askAuth: 'who?', wait: false }, 'TASK_STATE_AUTH_REQUIRED', 'who?'],
    ['a function', (turn) => turn.complete(`for ${turn.text}`), 'TASK_STATE_COMPLETED', 'for go'],
    ['a function that yields', streaming, 'TASK_STATE_COMPLETED', 'streamed'],
  ])('ends a run by %s', (_name, step, state, text) =>
    withAgent(scriptedAgent([step]), async (agent) => {
      const task = await agent.send('go');
      expect([task.status.state, textOf(task)]).toEqual([state, text]);
    }),
  );

  it('goes on after a question with the answer, for each task apart', () => {
    const script = scriptedAgent([{ ask: 'Which city?' }, { ask: 'Which day?' }, 'Sunny']);
    return withAgent(script, async (agent) => {
      const [one, two] = [await agent.send('weather'), await agent.send('weather')];
      const more = await agent.send('Paris', { taskId: one.id });
      expect([textOf(one), textOf(two), textOf(more)]).toEqual(['Which city?', 'Which city?', 'Which day?']);
      const done = await agent.send('Monday', { taskId: one.id });
      expect([done.status.state, textOf(done)]).toEqual(['TASK_STATE_COMPLETED', 'Sunny']);
      expect(script.turns.map(({ text, taskId }) => [text, taskId])).toEqual([
        ['weather', one.id],
        ['weather', two.id],
        ['Paris', one.id],
        ['Monday', one.id],
      ]);
    });
  });

  it('waits for a credential in the same run, and keeps it', () => {
    const script = scriptedAgent([{ askAuth: 'Sign in', wait: true }, 'Welcome']);
    return withAgent(script, async (agent) => {
      const asked = await agent.send('go');
      expect(asked.status.state).toBe('TASK_STATE_AUTH_REQUIRED');
      const stream = agent.subscribe(asked.id);
      await stream.next();
      await agent.resume(asked.id, { token: 't' });
      await stream.rest();
      expect(textOf(await agent.get(asked.id))).toBe('Welcome');
      expect([script.waits, script.turns.length]).toEqual([[{ data: { token: 't' } }], 1]);
    });
  });

  it('waits at a gate until it is opened, or its task is canceled', () => {
    const gate = createGate();
    const script = scriptedAgent([{ wait: gate }, 'after']);
    return withAgent(script, async (agent) => {
      const canceled = await agent.send('one', { returnImmediately: true });
      await gate.reached;
      expect((await agent.cancel(canceled.id)).status.state).toBe('TASK_STATE_CANCELED');
      const sending = agent.send('two');
      gate.open();
      expect(textOf(await sending)).toBe('after');
    });
  });

  it('plays a run again from where it began when its worker was lost before it could ask', async () => {
    const script = scriptedAgent(['a', { ask: 'what?' }, 'b']);
    const told: string[] = [];
    const turnOf = (attempt: number, lost: boolean) =>
      ({
        ...{ taskId: 't', attempt, signal: new AbortController().signal },
        requireInput: (text: string) => {
          told.push(text);
          return lost ? Promise.reject(new Error('the lease is lost')) : Promise.resolve();
        },
      }) as never; // all of a turn that these steps use
    const play = async (attempt: number, lost: boolean) => {
      const yielded: unknown[] = [];
      for await (const chunk of script(turnOf(attempt, lost))) yielded.push(chunk);
      return yielded;
    };
    await expect(play(1, true)).rejects.toThrow('the lease is lost');
    expect([await play(2, false), told]).toEqual([['a'], ['what?', 'what?']]);
    expect(await play(1, false)).toEqual(['b']);
  });
});

async function* streaming() {
  yield await Promise.resolve('stream');
  yield 'ed';
}
