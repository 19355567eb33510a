import { describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import { runOnce } from '../helpers/worker-bench.ts';

const part = { data: { n: 1 } };
/** Agents in JavaScript give what the types forbid. */
const give = (value: unknown): Agent => (() => value) as Agent;
const yieldAll = (...values: unknown[]): Agent =>
  async function* () {
    for (const value of values) yield value as string;
  };

describe('what an agent returns', () => {
  it.each([
    ['a text', 'hi', ['artifact 1-1 = hi .', 'COMPLETED']],
    ['an empty text', '', ['artifact 1-1 =  .', 'COMPLETED']],
    ['a part', part, ['artifact 1-1 = {"n":1} .', 'COMPLETED']],
    ['parts', [{ text: 'a' }, part], ['artifact 1-1 = a|{"n":1} .', 'COMPLETED']],
    ['nothing', undefined, ['COMPLETED']],
    ['a promise of a text', Promise.resolve('hi'), ['artifact 1-1 = hi .', 'COMPLETED']],
  ])('%s is one artifact, then COMPLETED', async (_, value, log) => {
    const result = await runOnce(give(value));
    expect(result).toMatchObject({ log, errors: [] });
    expect(result.task.status.message).toBeUndefined();
  });

  it.each([
    ['null', null, 'message.parts[0] must be an object'],
    ['a number', 42, 'message.parts[0] must be an object'],
    ['an empty list', [], 'message.parts must have at least one element'],
    ['a list with something else', [{ text: 'a' }, 7], 'message.parts[1] must be an object'],
    ['an object that is no part', { answer: 42 }, 'TypeError: message.parts[0] '],
    ['a part with a wrong field', { text: 7 }, 'TypeError: message.parts[0].text '],
    ['a sync generator', [][Symbol.iterator](), 'TypeError: message.parts[0] '],
  ])('%s fails the task, and onError says why', async (_, value, text) => {
    const { log, errors, task } = await runOnce(give(value));
    expect(log).toEqual([expect.stringMatching(/^FAILED The agent failed \(error id [0-9a-f-]{36}\)$/)]);
    expect(task.artifacts).toBeUndefined();
    expect(errors).toEqual([expect.any(TypeError)]);
    expect(String(errors[0])).toContain(text);
  });

  it('is left alone by the agent afterwards', async () => {
    const mine = { data: { list: [1] } };
    const { task } = await runOnce(async (turn) => {
      const stored = turn.artifact({ parts: [mine] });
      mine.data.list.push(2);
      await stored;
    });
    expect(task.artifacts?.[0]?.parts).toEqual([{ data: { list: [1] } }]);
  });

  it.each(['a text', 'a part'])("%s is the Message where answers is 'message'", async (what) => {
    const { log } = await runOnce(give(what === 'a part' ? part : 'hi'), { answers: 'message' });
    expect(log).toEqual([what === 'a part' ? 'message {"n":1}' : 'message hi']);
  });
});

describe('what an agent yields', () => {
  it.each<[string, Agent, string[]]>([
    [
      'texts',
      yieldAll('a', 'b', 'c'),
      ['artifact 1-1 = a', 'artifact 1-1 += b', 'artifact 1-1 += c', 'artifact 1-1 +=  .', 'COMPLETED'],
    ],
    [
      'parts',
      yieldAll({ text: 'a' }, [part, { text: 'b' }]),
      ['artifact 1-1 = a', 'artifact 1-1 += {"n":1}|b', 'artifact 1-1 +=  .', 'COMPLETED'],
    ],
    ['nothing', yieldAll(), ['COMPLETED']],
    ['only empty texts', yieldAll('', ''), ['COMPLETED']],
    ['undefined', yieldAll(undefined, 'a'), ['artifact 1-1 = a', 'artifact 1-1 +=  .', 'COMPLETED']],
    [
      'and returns a last piece',
      async function* () {
        yield 'a';
        return 'b';
      },
      ['artifact 1-1 = a', 'artifact 1-1 += b', 'artifact 1-1 +=  .', 'COMPLETED'],
    ],
    [
      'through a promise of a stream',
      async (turn) => yieldAll('a')(turn) as AsyncIterable<string>,
      ['artifact 1-1 = a', 'artifact 1-1 +=  .', 'COMPLETED'],
    ],
    [
      'and completes by itself',
      async function* (turn) {
        yield 'a';
        await turn.complete('done');
      },
      ['artifact 1-1 = a', 'artifact 1-1 +=  .', 'COMPLETED done'],
    ],
    [
      'and asks',
      async function* (turn) {
        yield 'a';
        await turn.requireInput('more?');
      },
      ['artifact 1-1 = a', 'artifact 1-1 +=  .', 'INPUT_REQUIRED more?'],
    ],
    [
      'and goes on after its end',
      async function* (turn) {
        yield 'a';
        await turn.complete();
        yield 'b';
        yield 'c';
      },
      ['artifact 1-1 = a', 'artifact 1-1 +=  .', 'COMPLETED'],
    ],
  ])('%s', async (_, agent, log) => {
    expect(await runOnce(agent)).toMatchObject({ log, errors: [] });
  });

  it('is one part as far as it is text, and a part of its own as far as it is not', async () => {
    const { task } = await runOnce(yieldAll('a', 'b', { text: 'own' }, 'c', 'd', part, 'e'));
    expect(task.artifacts).toEqual([
      {
        artifactId: '1-1',
        parts: [{ text: 'ab' }, { text: 'own' }, { text: 'cd' }, part, { text: 'e' }],
      },
    ]);
  });

  it.each([
    ['an empty list', [], 'an artifact or message has at least one part'],
    ['null', null, 'parts[0] must be an object'],
    ['a number', 7, 'parts[0] must be an object'],
  ])('%s ends the stream, which hears of it, and fails the task', async (_, wrong, message) => {
    let cleaned = 0;
    const { log, errors } = await runOnce(async function* () {
      try {
        yield 'a';
        yield wrong as unknown as string;
        yield 'b';
        yield 'c';
      } finally {
        cleaned += 1;
      }
    });
    expect(log).toEqual(['artifact 1-1 = a', expect.stringMatching(/^FAILED The agent failed/)]);
    expect(errors).toEqual([expect.objectContaining({ message })]);
    expect(cleaned).toBe(1);
  });

  it('before a throw is kept, without a last chunk', async () => {
    const { log, errors } = await runOnce(async function* () {
      yield 'a';
      throw new Error('broken');
    });
    expect(log).toEqual(['artifact 1-1 = a', expect.stringMatching(/^FAILED The agent failed/)]);
    expect(errors).toEqual([new Error('broken')]);
  });
});
