import { afterEach, describe, expect, it } from '@jest/globals';
import { readParams } from '../../lib/core/admission.ts';
import { InvalidParamsError } from '../../lib/protocol/errors.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe('an empty id', () => {
  it('is an absent one', () => {
    const given = message('hi', { taskId: '', contextId: '' });
    expect(readParams('SendMessage', given)).toEqual(message('hi'));
    expect(given).toEqual(message('hi', { taskId: '', contextId: '' }));
  });

  it('starts a task in a context of its own', async () => {
    app = await makeApp();
    const contextOf = async () => {
      const { result } = (await app?.call('SendMessage', message('hi', { taskId: '', contextId: '' }))) as {
        result: { task: { contextId: string } };
      };
      return result.task.contextId;
    };
    const [one, two] = [await contextOf(), await contextOf()];
    expect(one).toMatch(/^[0-9a-f-]{36}$/);
    expect(two).not.toBe(one);
  });
});

describe('an id of the client', () => {
  it.each([
    ['NUL', 'a\u0000'],
    ['DEL', 'a\u007f'],
    ['a control character beyond ASCII', 'a\u0085'],
    ['half a surrogate pair', 'a\ud800'],
    ['257 characters', 'a'.repeat(257)],
  ])('is refused with %s', (_, id) => {
    const read = () => readParams('SendMessage', message('hi', { messageId: id, contextId: id }));
    expect(read).toThrow(InvalidParamsError);
    expect(read).toThrow(
      expect.objectContaining({
        violations: ['message.messageId', 'message.contextId'].map((field) => ({
          field,
          description: 'must have at most 256 characters and no control characters',
        })),
      }),
    );
  });

  it.each(['a'.repeat(256), 'ä 日本 😀'])('may be %p', (id) => {
    const given = message('hi', { messageId: id, contextId: id });
    expect(readParams('SendMessage', given)).toEqual(given);
  });
});
