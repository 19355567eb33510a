import { describe, expect, it } from '@jest/globals';
import { checkDefinition, checkV1, readDefinition } from '../../lib/protocol/validate.ts';
import type { Part } from '../../lib/protocol/v1.ts';

const message = { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'hello' }] };

/** An object nested so deep that the innermost is at this level, the outermost being 1. */
function nested(levels: number): unknown {
  return JSON.parse('{"a":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1));
}

describe('refusing parameters', () => {
  it.each([[[]], ['x'], [5], [true], [[message]]])('asks for an object in place of %j', (given) => {
    expect(checkV1('SendMessage', given)).toEqual({
      violations: [{ field: 'params', description: 'must be an object with the parameters by name' }],
    });
  });

  it('lists every fault of a small body, one entry per field', () => {
    const given = {
      tenant: 5,
      message: {
        role: 'user',
        parts: [{}, 5, { text: 1 }, { raw: '!' }, { text: 'a', url: 'b' }],
        taskId: {},
      },
      configuration: { historyLength: -1, returnImmediately: 'no', acceptedOutputModes: ['a', 1] },
      metadata: [],
    };
    expect(checkV1('SendMessage', given)).toEqual({
      violations: [
        { field: 'tenant', description: 'must be a string' },
        { field: 'message.messageId', description: 'is required' },
        { field: 'message.taskId', description: 'must be a string' },
        { field: 'message.role', description: 'must be one of ROLE_USER, ROLE_AGENT' },
        { field: 'message.parts[0]', description: 'must have exactly one of text, raw, url, data' },
        { field: 'message.parts[1]', description: 'must be an object' },
        { field: 'message.parts[2].text', description: 'must be a string' },
        { field: 'message.parts[3].raw', description: 'must be base64' },
        { field: 'message.parts[4]', description: 'must have exactly one of text, raw, url, data' },
        { field: 'configuration.acceptedOutputModes[1]', description: 'must be a string' },
        { field: 'configuration.historyLength', description: 'must be from 0 to 2147483647' },
        { field: 'configuration.returnImmediately', description: 'must be true or false' },
        { field: 'metadata', description: 'must be an object' },
      ],
    });
  });

  it('lists at most 20 faults', () => {
    const checked = checkV1('SendMessage', {
      message: { ...message, parts: Array.from({ length: 30 }, () => ({})) },
    });
    expect(checked).toEqual({
      violations: Array.from({ length: 20 }, (_, i) => ({
        field: `message.parts[${i}]`,
        description: 'must have exactly one of text, raw, url, data',
      })),
    });
  });

  it.each([
    [494, 2],
    [495, 1],
  ])('of %d faulty extensions, more than 499 values or not, lists %d or more', (length, least) => {
    // params, message, messageId, role, extensions and the extensions themselves
    const given = {
      message: { messageId: 'm1', role: 'ROLE_USER', extensions: Array.from({ length }, () => 5) },
    };
    const checked = checkV1('SendMessage', given);
    if (!('violations' in checked)) throw new Error('taken');
    expect(Math.min(checked.violations.length, 2)).toBe(least);
  });

  it('never quotes the values it refuses', () => {
    const secret = 'hunter!2';
    const checked = checkV1('SendMessage', {
      message: { messageId: [secret], role: secret, parts: [{ raw: secret }, secret], metadata: secret },
    });
    expect(checked).toHaveProperty('violations.length', 5);
    expect(JSON.stringify(checked)).not.toContain(secret);
  });

  it('quotes keys of maps that are no plain names', () => {
    const given = { implicit: { scopes: { 'read:all': 5, 'a.b"c/d~e': 5, plain: 5 } } };
    expect(readDefinition('OAuthFlows', given)).toEqual({
      violations: [
        { field: 'implicit.scopes["read:all"]', description: 'must be a string' },
        { field: 'implicit.scopes["a.b\\"c/d~e"]', description: 'must be a string' },
        { field: 'implicit.scopes.plain', description: 'must be a string' },
      ],
    });
  });

  it('names a definition, or what the caller calls it, for a fault of the whole value', () => {
    const description = 'must be an object';
    expect(readDefinition('Task', 5)).toEqual({ violations: [{ field: 'Task', description }] });
    expect(readDefinition('Task', 5, 'result')).toEqual({ violations: [{ field: 'result', description }] });
    expect(checkDefinition('Part', 5)).toEqual({ violations: [{ field: 'Part', description }] });
  });

  it('fails loudly for a definition that is none', () => {
    expect(() => readDefinition('Nothing' as 'Task', {})).toThrow('no definition Nothing');
  });
});

describe('hostile parameters', () => {
  const tooDeep = { violations: [{ field: 'params', description: 'must not nest deeper than 100 levels' }] };

  it('may nest 100 levels deep, params being the first', () => {
    const metadata = nested(99);
    expect(checkV1('SendMessage', { message, metadata })).toStrictEqual({ params: { message, metadata } });
    expect(checkV1('SendMessage', { message, metadata: nested(100) })).toEqual(tooDeep);
  });

  it('are refused for their depth wherever it is, unknown fields included', () => {
    expect(checkV1('SendMessage', { message, unknown: nested(100) })).toEqual(tooDeep);
    expect(checkV1('ListTasks', { status: nested(101) })).toEqual(tooDeep);
  });

  it('of 100,000 nested lists are refused without a stack overflow', () => {
    const parts: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    expect(checkV1('SendMessage', { message: { ...message, parts } })).toEqual(tooDeep);
  });

  it('of five million wrong parts get one violation', () => {
    const parts: unknown = JSON.parse(`[${'0,'.repeat(4_999_999)}0]`);
    expect(checkV1('SendMessage', { message: { ...message, parts } })).toEqual({
      violations: [{ field: 'message.parts[0]', description: 'must be an object' }],
    });
  });

  it('of a million empty parts get one violation', () => {
    const parts: unknown = JSON.parse(`[${'{},'.repeat(999_999)}{}]`);
    expect(checkV1('SendMessage', { message: { ...message, parts } })).toEqual({
      violations: [
        { field: 'message.parts[0]', description: 'must have exactly one of text, raw, url, data' },
      ],
    });
  });

  it('of a hundred thousand unknown fields are taken without them', () => {
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i]));
    expect(checkV1('GetTask', { ...many, id: 't' })).toStrictEqual({ params: { id: 't' } });
  });

  it('of huge strings are taken as they are, or refused in few words', () => {
    const huge = 'x'.repeat(10_000_000);
    const given = { message: { ...message, parts: [{ text: huge }] } };
    expect(checkV1('SendMessage', given)).toStrictEqual({ params: given });
    expect(checkV1('ListTasks', { status: huge, statusTimestampAfter: huge })).toEqual({
      violations: [
        {
          field: 'status',
          description: expect.stringMatching(/^must be one of TASK_STATE_SUBMITTED, .{1,300}$/),
        },
        { field: 'statusTimestampAfter', description: 'must be a timestamp such as 2025-01-31T12:00:00Z' },
      ],
    });
  });
});

describe('checking what an agent made', () => {
  it('gives a copy that later changes of the original do not reach', () => {
    const given = {
      ...message,
      parts: [{ data: { list: [1] } }],
      metadata: { a: { b: 1 } },
      extensions: ['e'],
    };
    const checked = checkDefinition('Message', given);
    const expected = structuredClone(given);
    given.parts[0]?.data.list.push(2);
    given.metadata.a.b = 2;
    given.extensions.push('f');
    expect(checked).toStrictEqual({ value: expected });
  });

  it('takes undefined for an absent field, and leaves it out', () => {
    const given = { text: 'a', raw: undefined, url: undefined, data: undefined, metadata: undefined };
    expect(checkDefinition('Part', given)).toStrictEqual({ value: { text: 'a' } });
    expect(checkDefinition('Message', { ...message, messageId: undefined })).toEqual({
      violations: [{ field: 'messageId', description: 'is required' }],
    });
  });

  it('leaves out fields that the protocol does not know', () => {
    const given = { kind: 'text', text: 'a', media_type: 'a/b' };
    expect(checkDefinition('Part', given)).toStrictEqual({ value: { text: 'a' } });
  });

  it.each<[string, unknown, string, string]>([
    ['null', { text: 'a', filename: null }, 'filename', 'must be a string'],
    ['null metadata', { text: 'a', metadata: null }, 'metadata', 'must be an object'],
    ['URL-safe base64', { raw: '-_8=' }, 'raw', 'must be base64'],
    ['unpadded base64', { raw: 'AA' }, 'raw', 'must be base64'],
    ['a Buffer', { raw: Buffer.from('a') }, 'raw', 'must be a string'],
    [
      'a part of 0.3',
      { kind: 'file', file: { uri: 'u' } },
      'Part',
      'must have exactly one of text, raw, url, data',
    ],
    ['a function', { data: () => 1 }, 'Part', 'must have exactly one of text, raw, url, data'],
    [
      'a bigint',
      { data: { n: 1n } },
      'Part',
      'must be JSON: TypeError: Do not know how to serialize a BigInt',
    ],
  ])('refuses %s', (_what, given, field, description) => {
    expect(checkDefinition('Part', given)).toEqual({ violations: [{ field, description }] });
  });

  it.each([
    ['an enum by number', 'TaskStatus', { state: 2 }, 'state'],
    ['an enum of 0.3', 'TaskStatus', { state: 'working' }, 'state'],
    [
      'a timestamp with an offset',
      'TaskStatus',
      { state: 'TASK_STATE_WORKING', timestamp: '2025-01-31T12:00:00+01:00' },
      'timestamp',
    ],
    ['a Date', 'TaskStatus', { state: 'TASK_STATE_WORKING', timestamp: new Date(0) }, 'timestamp'],
    ['an integer as text', 'GetTaskRequest', { id: 't', historyLength: '5' }, 'historyLength'],
  ] as const)('refuses %s', (_what, name, given, field) => {
    expect(checkDefinition(name, given)).toEqual({
      violations: [{ field, description: expect.any(String) }],
    });
  });

  it('writes free-form values the way JSON does', () => {
    const data = {
      when: new Date(0),
      nan: NaN,
      gone: undefined,
      list: [undefined, 1],
      f: (): void => undefined,
    };
    expect(checkDefinition('Part', { data })).toStrictEqual({
      value: { data: { when: '1970-01-01T00:00:00.000Z', nan: null, list: [null, 1] } },
    });
    expect(checkDefinition('Part', { data: NaN })).toStrictEqual({ value: { data: null } });
    expect(checkDefinition('Part', { data: null })).toStrictEqual({ value: { data: null } });
  });

  it('refuses a value that contains itself', () => {
    const data: { self?: unknown } = {};
    data.self = data;
    expect(checkDefinition('Part', { data })).toEqual({
      violations: [{ field: 'Part', description: 'must not nest deeper than 100 levels' }],
    });
  });

  it('refuses a value whose toJSON throws', () => {
    const data = {
      toJSON: (): never => {
        throw new Error('no');
      },
    };
    expect(checkDefinition('Part', { data })).toEqual({
      violations: [{ field: 'Part', description: 'must be JSON: Error: no' }],
    });
  });

  it('gives the type of the definition', () => {
    const checked = checkDefinition('Part', { text: 'a' });
    if ('violations' in checked) throw new Error('refused');
    const part: Part = checked.value;
    expect(part.text).toBe('a');
  });

  it('checks a card', () => {
    const card = {
      name: 'n',
      description: '',
      version: '1.0.0',
      supportedInterfaces: [{ url: 'https://a.example', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
      capabilities: { streaming: true, pushNotifications: undefined },
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
      skills: [{ id: 's', name: 'S', description: '', tags: ['t'] }],
      securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key' } } },
    };
    expect(checkDefinition('AgentCard', card)).toStrictEqual({
      value: { ...card, capabilities: { streaming: true } },
    });
    expect(checkDefinition('AgentCard', { ...card, skills: [], securitySchemes: { key: {} } })).toEqual({
      violations: [
        {
          field: 'securitySchemes.key',
          description:
            'must have exactly one of apiKeySecurityScheme, httpAuthSecurityScheme, oauth2SecurityScheme, openIdConnectSecurityScheme, mtlsSecurityScheme',
        },
        { field: 'skills', description: 'must have at least one element' },
      ],
    });
  });
});
