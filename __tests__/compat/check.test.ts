import { describe, expect, it } from '@jest/globals';
import { checkV03, readV03 } from '../../lib/compat/v03/check.ts';

const text = { kind: 'text', text: 'a' };

function send(parts: unknown, more: object = {}): unknown {
  return checkV03('message/send', { message: { messageId: 'm', role: 'user', parts, ...more } });
}

function read(parts: unknown): unknown {
  return { params: { message: { messageId: 'm', role: 'user', parts } } };
}

function refused(field: string, description: unknown): unknown {
  return { violations: [{ field, description }] };
}

describe('what clients of 0.3 send', () => {
  it.each([
    ['text', { text: 'a', metadata: { x: 1 } }, { kind: 'text', text: 'a', metadata: { x: 1 } }],
    ['data', { data: { a: 1 } }, { kind: 'data', data: { a: 1 } }],
    ['a file', { file: { uri: 'http://x' } }, { kind: 'file', file: { uri: 'http://x' } }],
    [
      'bytes',
      { raw: 'AAAA', filename: 'f', mediaType: 'image/png' },
      { kind: 'file', file: { bytes: 'AAAA', name: 'f', mimeType: 'image/png' } },
    ],
    ['a url', { url: 'http://x' }, { kind: 'file', file: { uri: 'http://x' } }],
    ['null for its kind', { kind: null, text: '' }, { kind: 'text', text: '' }],
    [
      'null for the rest',
      { text: null, data: { a: 1 }, raw: null, file: null },
      { kind: 'data', data: { a: 1 } },
    ],
    ['an address and no bytes', { raw: null, url: 'http://x' }, { kind: 'file', file: { uri: 'http://x' } }],
  ])('may be a part without kind that holds %s', (_, given, expected) => {
    expect(send([given])).toEqual(read([expected]));
  });

  it('may be a message with or without its kind', () => {
    expect(send([text])).toEqual(read([text]));
    expect(send([text], { kind: 'message' })).toEqual({
      params: { message: { kind: 'message', messageId: 'm', role: 'user', parts: [text] } },
    });
  });

  it('may have null for what is absent, fields that nobody knows, and the other base64', () => {
    expect(send([{ kind: 'file', file: { bytes: '_-8' } }], { contextId: null, x: 1 })).toEqual(
      read([{ kind: 'file', file: { bytes: '/+8=' } }]),
    );
  });

  it('is not changed by reading it', () => {
    const given = { message: { messageId: 'm', role: 'user', parts: [{ text: 'a' }] } };
    const before = JSON.stringify(given);
    checkV03('message/send', given);
    expect(JSON.stringify(given)).toBe(before);
  });

  it.each([undefined, null, {}])('may be no parameters: %p', (given) => {
    expect(checkV03('agent/getAuthenticatedExtendedCard', given)).toEqual({ params: {} });
  });
});

describe('what is wrong with a call of 0.3', () => {
  it.each([
    ['a part of no kind', [{}], 'message.parts[0].kind', 'is required'],
    [
      'a part of another kind',
      [{ kind: 'image' }],
      'message.parts[0].kind',
      'must be one of text, file, data',
    ],
    ['a kind that is a number', [{ kind: 5, text: 'a' }], 'message.parts[0].kind', expect.any(String)],
    ['a part that is none', [5], 'message.parts[0]', 'must be an object'],
    ['no text', [{ kind: 'text' }], 'message.parts[0].text', 'is required'],
    [
      'a file without content',
      [{ kind: 'file', file: {} }],
      'message.parts[0].file',
      'must have exactly one of bytes, uri',
    ],
    ['data that is a list', [{ kind: 'data', data: [] }], 'message.parts[0].data', 'must be an object'],
    ['parts that are no list', 'a', 'message.parts', 'must be a list'],
  ])('is told: %s', (_, parts, field, description) => {
    expect(send(parts)).toEqual(refused(field, description));
  });

  it('is told: another tag', () => {
    expect(send([text], { kind: 'task' })).toEqual(refused('message.kind', 'must be message'));
  });

  it.each([[], 'x', 5, true])('is told: parameters that are %j', (given) => {
    expect(checkV03('tasks/get', given)).toEqual(
      refused('params', 'must be an object with the parameters by name'),
    );
  });

  it('is told for every fault', () => {
    expect(checkV03('message/send', { message: { role: 'user', parts: [{ kind: 'text' }] } })).toEqual({
      violations: [
        { field: 'message.messageId', description: 'is required' },
        { field: 'message.parts[0].text', description: 'is required' },
      ],
    });
  });

  it('is not found by nesting without end', () => {
    let deep: unknown = {};
    for (let i = 0; i < 200; i++) deep = { deep };
    expect(send([{ kind: 'data', data: deep }])).toEqual(
      refused('params', 'must not nest deeper than 100 levels'),
    );
  });

  it('is not a prototype', () => {
    const params = JSON.parse(
      '{"message":{"__proto__":{"role":"user"},"messageId":"m","parts":[]}}',
    ) as unknown;
    expect(checkV03('message/send', params)).toEqual(refused('message.role', 'is required'));
  });
});

describe('what was written for 1.0', () => {
  it.each([
    ['ROLE_USER', 'user'],
    ['ROLE_AGENT', 'agent'],
  ])('is told by its role: %s', (role, older) => {
    expect(checkV03('message/send', { message: { messageId: 'm', role, parts: [{ text: 'a' }] } })).toEqual(
      refused(
        'message.role',
        `must be one of agent, user; ${role} is a role of A2A 1.0: send the header A2A-Version: 1.0, or write ${older}`,
      ),
    );
  });

  it('is told by a webhook that is not nested', () => {
    expect(checkV03('tasks/pushNotificationConfig/set', { taskId: 't', url: 'http://x' })).toEqual(
      refused(
        'pushNotificationConfig',
        'is required; A2A 1.0 has url beside taskId: send the header A2A-Version: 1.0, or write it in pushNotificationConfig',
      ),
    );
  });

  it('is told by the name of the task', () => {
    expect(checkV03('tasks/pushNotificationConfig/list', { taskId: 't' })).toEqual(
      refused('id', 'is required; A2A 1.0 calls it taskId: send the header A2A-Version: 1.0, or write id'),
    );
  });

  it('is not seen in other mistakes', () => {
    expect(checkV03('message/send', { message: { messageId: 'm', role: 'system', parts: [] } })).toEqual(
      refused('message.role', 'must be one of agent, user'),
    );
    expect(checkV03('message/send', { message: [] })).toEqual(refused('message', 'must be an object'));
    expect(checkV03('tasks/get', {})).toEqual(refused('id', 'is required'));
  });
});

describe('an enum of 0.3', () => {
  it('has no numbers, which mean something else in 1.0', () => {
    expect(readV03('Role', 1)).toHaveProperty('violations');
    expect(readV03('TaskState', 0)).toHaveProperty('violations');
  });
});
