import { describe, expect, it } from '@jest/globals';
import { checkV1 } from '../../lib/protocol/validate.ts';

const message = { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'hello' }] };

/** What SendMessage makes of a part, of fields of a message, of fields of the configuration. */
const ofPart = (part: unknown): unknown => ofMessage({ parts: [part] });
const ofMessage = (fields: object): unknown => checkV1('SendMessage', { message: { ...message, ...fields } });
const ofConfiguration = (configuration: unknown): unknown =>
  checkV1('SendMessage', { message, configuration });

const part = (expected: unknown): unknown => read({ parts: [expected] });
const read = (fields: object): unknown => ({ params: { message: { ...message, ...fields } } });
const configured = (configuration: unknown): unknown => ({ params: { message, configuration } });
const refused = (field: string, description: string): unknown => ({ violations: [{ field, description }] });

const INT32 = 'must be from 0 to 2147483647';

describe('unknown fields', () => {
  it('are dropped at every level, and free-form values keep theirs', () => {
    const given = {
      extra: 1,
      message: {
        ...message,
        kind: 'message',
        parts: [{ text: 'hello', kind: 'text' }],
        metadata: { kind: 1 },
      },
      configuration: { blocking: true },
    };
    expect(checkV1('SendMessage', given)).toStrictEqual({
      params: { message: { ...message, metadata: { kind: 1 } }, configuration: {} },
    });
  });

  it('of the names __proto__, constructor and toString change no prototype', () => {
    const text = `{"message":{"messageId":"m1","role":"ROLE_USER","parts":[{"text":"hello","__proto__":{"url":"u"}}],
      "__proto__":{"taskId":"t"},"constructor":{"prototype":{"taskId":"t"}},"toString":1},"__proto__":{"tenant":"x"}}`;
    const checked = checkV1('SendMessage', JSON.parse(text));
    expect(checked).toStrictEqual({ params: { message } });
    expect(({} as Record<string, unknown>)['taskId']).toBeUndefined();
    expect('params' in checked && checked.params.message.taskId).toBeUndefined();
  });

  it('that only look inherited are not read as fields', () => {
    const given: unknown = Object.create({ id: 't' });
    expect(checkV1('GetTask', given)).toEqual(refused('id', 'is required'));
  });

  it('named __proto__ stay ordinary keys of free-form values', () => {
    const metadata: unknown = JSON.parse('{"__proto__":{"polluted":true},"constructor":5}');
    const checked = checkV1('SendMessage', { message: { ...message, metadata } });
    if ('violations' in checked) throw new Error('refused');
    const read = checked.params.message.metadata ?? {};
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(JSON.stringify(read)).toBe('{"__proto__":{"polluted":true},"constructor":5}');
  });
});

describe('null', () => {
  it.each([
    ['a field', ofMessage({ contextId: null, extensions: null, metadata: null }), read({})],
    ['a member of a choice', ofPart({ text: 'a', raw: null, url: null }), part({ text: 'a' })],
    ['an enum', checkV1('ListTasks', { status: null }), { params: {} }],
    ['an integer', ofConfiguration({ historyLength: null }), configured({})],
    ['a timestamp', checkV1('ListTasks', { statusTimestampAfter: null }), { params: {} }],
    ['a message', checkV1('SendMessage', { message, configuration: null }), { params: { message } }],
    ['a required field', ofMessage({ messageId: null }), refused('message.messageId', 'is required')],
    ['a required list', ofMessage({ parts: null }), refused('message.parts', 'is required')],
    ['all parameters', checkV1('ListTasks', null), { params: {} }],
  ])('is an absent value for %s', (_what, checked, expected) => {
    expect(checked).toStrictEqual(expected);
  });

  it('is a value where any JSON value is', () => {
    expect(ofPart({ data: null })).toStrictEqual(part({ data: null }));
    expect(ofPart({ data: { a: null, b: [null] } })).toStrictEqual(part({ data: { a: null, b: [null] } }));
    expect(ofMessage({ metadata: { a: null } })).toStrictEqual(read({ metadata: { a: null } }));
  });

  it.each([
    ['a list of messages', ofMessage({ parts: [null] }), 'message.parts[0]', 'must be an object'],
    [
      'a list of strings',
      ofMessage({ extensions: ['a', null] }),
      'message.extensions[1]',
      'must be a string',
    ],
  ])('is refused in %s', (_what, checked, field, description) => {
    expect(checked).toEqual(refused(field, description));
  });
});

describe('names', () => {
  it('may be the original snake_case ones, at every level', () => {
    const given = {
      message: {
        message_id: 'm1',
        context_id: 'c',
        reference_task_ids: ['t'],
        role: 1,
        parts: [{ text: 'hello', media_type: 'a/b' }],
      },
      configuration: {
        accepted_output_modes: ['a/b'],
        task_push_notification_config: { url: 'u', task_id: 't' },
        return_immediately: true,
      },
    };
    expect(checkV1('SendMessage', given)).toStrictEqual({
      params: {
        message: {
          messageId: 'm1',
          contextId: 'c',
          referenceTaskIds: ['t'],
          role: 'ROLE_USER',
          parts: [{ text: 'hello', mediaType: 'a/b' }],
        },
        configuration: {
          acceptedOutputModes: ['a/b'],
          taskPushNotificationConfig: { url: 'u', taskId: 't' },
          returnImmediately: true,
        },
      },
    });
  });

  it.each([
    ['before', { history_length: 1, historyLength: 2 }, { id: 't', historyLength: 2 }],
    ['after', { historyLength: 2, history_length: 1 }, { id: 't', historyLength: 2 }],
    ['before, as null', { history_length: 1, historyLength: null }, { id: 't' }],
  ])('in camelCase win over snake_case that comes %s', (_where, fields, expected) => {
    expect(checkV1('GetTask', { id: 't', ...fields })).toStrictEqual({ params: expected });
  });

  it('of other spellings are unknown', () => {
    expect(checkV1('GetTask', { Id: 't', ID: 't' })).toEqual(refused('id', 'is required'));
  });
});

describe('enums', () => {
  const roles = 'must be one of ROLE_USER, ROLE_AGENT';

  it.each([
    [1, 'TASK_STATE_SUBMITTED'],
    [2, 'TASK_STATE_WORKING'],
    [3, 'TASK_STATE_COMPLETED'],
    [4, 'TASK_STATE_FAILED'],
    [5, 'TASK_STATE_CANCELED'],
    [6, 'TASK_STATE_INPUT_REQUIRED'],
    [7, 'TASK_STATE_REJECTED'],
    [8, 'TASK_STATE_AUTH_REQUIRED'],
  ])('may come as the number %d', (status, name) => {
    expect(checkV1('ListTasks', { status })).toStrictEqual({ params: { status: name } });
  });

  it.each([0, 'TASK_STATE_UNSPECIFIED'])('are absent when spelled %p', (status) => {
    expect(checkV1('ListTasks', { status })).toStrictEqual({ params: {} });
  });

  it.each([0, 'ROLE_UNSPECIFIED', null])('are missing where required and spelled %p', (role) => {
    expect(ofMessage({ role })).toEqual(refused('message.role', 'is required'));
  });

  it.each([3, -1, 1.5, '1', 'user', 'role_user', 'ROLE_ADMIN', 'TASK_STATE_UNSPECIFIED', true, {}, []])(
    'are refused when spelled %p',
    (role) => {
      expect(ofMessage({ role })).toEqual(refused('message.role', roles));
    },
  );
});

describe('integers', () => {
  it.each([
    [0, 0],
    [-0, 0],
    [5.0, 5],
    [2147483647, 2147483647],
    ['5', 5],
    ['0', 0],
    ['-0', 0],
    ['2147483647', 2147483647],
  ])('are read from %p', (historyLength, expected) => {
    expect(ofConfiguration({ historyLength })).toStrictEqual(configured({ historyLength: expected }));
  });

  it.each([
    ['', 'must be a whole number'],
    [' 5', 'must be a whole number'],
    ['05', 'must be a whole number'],
    ['1e3', 'must be a whole number'],
    ['0x10', 'must be a whole number'],
    [1.5, 'must be a whole number'],
    [true, 'must be a whole number'],
    [[5], 'must be a whole number'],
    [Infinity, 'must be a whole number'],
    [-1, INT32],
    ['-1', INT32],
    [2147483648, INT32],
    ['2147483648', INT32],
  ])('are refused from %p', (historyLength, description) => {
    expect(ofConfiguration({ historyLength })).toEqual(refused('configuration.historyLength', description));
  });

  it.each([1, 100, '20'])('of a page of tasks may be %p', (pageSize) => {
    expect(checkV1('ListTasks', { pageSize })).toStrictEqual({ params: { pageSize: Number(pageSize) } });
  });

  it.each([0, 101, '0'])('of a page of tasks may not be %p', (pageSize) => {
    expect(checkV1('ListTasks', { pageSize })).toEqual(refused('pageSize', 'must be from 1 to 100'));
  });

  it('of a page of webhooks may be 0, which means unset', () => {
    const params = { taskId: 't', pageSize: 0 };
    expect(checkV1('ListTaskPushNotificationConfigs', params)).toStrictEqual({ params });
  });
});

describe('booleans', () => {
  it.each([true, false])('are read from %p', (returnImmediately) => {
    expect(ofConfiguration({ returnImmediately })).toStrictEqual(configured({ returnImmediately }));
  });

  it.each([0, 1, 'true', '', {}])('are refused from %p', (returnImmediately) => {
    const field = 'configuration.returnImmediately';
    expect(ofConfiguration({ returnImmediately })).toEqual(refused(field, 'must be true or false'));
  });
});

describe('bytes', () => {
  it.each([
    ['', ''],
    ['AA==', 'AA=='],
    ['AAA=', 'AAA='],
    ['AAAA', 'AAAA'],
    ['AB==', 'AB=='],
    ['+/8=', '+/8='],
    ['-_8=', '+/8='],
    ['-_8', '+/8='],
    ['AA', 'AA=='],
    ['AAA', 'AAA='],
    ['____', '////'],
  ])('are read from %p', (raw, expected) => {
    expect(ofPart({ raw })).toStrictEqual(part({ raw: expected }));
  });

  it.each([
    'A',
    'AAAAA',
    'AA=',
    'AAAA=',
    'AAAA==',
    '====',
    'A===',
    'AA==AAAA',
    'AAA AAAA',
    'AAAA\n',
    ' AAAA',
    '-_+/',
    'data:text/plain;base64,AAAA',
    'AAA\u0141',
    '\u0141\u0141\u0141\u0141',
    '\uD83D\uDE00AA',
  ])('are refused from %p', (raw) => {
    expect(ofPart({ raw })).toEqual(refused('message.parts[0].raw', 'must be base64'));
  });

  it.each([5, null, [], { type: 'Buffer', data: [] }])('are no %p', (raw) => {
    const description = raw === null ? 'must have exactly one of text, raw, url, data' : 'must be a string';
    const field = raw === null ? 'message.parts[0]' : 'message.parts[0].raw';
    expect(ofPart({ raw })).toEqual(refused(field, description));
  });

  it('of a file of 16 MB are taken', () => {
    const raw = Buffer.alloc(16_000_000, 'a2a').toString('base64');
    const checked = ofPart({ raw: raw.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') });
    expect(checked).toStrictEqual(part({ raw }));
  });
});

describe('timestamps', () => {
  it.each([
    ['2025-10-28T10:30:00Z', '2025-10-28T10:30:00Z'],
    ['2025-10-28T10:30:00.1Z', '2025-10-28T10:30:00.1Z'],
    ['2025-10-28T10:30:00.123456789Z', '2025-10-28T10:30:00.123456789Z'],
    ['2025-10-28T12:30:00+02:00', '2025-10-28T10:30:00Z'],
    ['2025-10-28T05:00:00.123456789-05:30', '2025-10-28T10:30:00.123456789Z'],
    ['2025-12-31T23:30:00-01:00', '2026-01-01T00:30:00Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['0099-12-31T00:00:00+00:00', '0099-12-31T00:00:00Z'],
    ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59.999999999Z'],
  ])('are read from %p', (statusTimestampAfter, expected) => {
    const checked = checkV1('ListTasks', { statusTimestampAfter });
    expect(checked).toStrictEqual({ params: { statusTimestampAfter: expected } });
  });

  it.each([
    '',
    '2025-10-28',
    '2025-10-28T10:30:00',
    '2025-10-28T10:30Z',
    '2025-10-28 10:30:00Z',
    '2025-10-28t10:30:00z',
    '2025-10-28T10:30:00.Z',
    '2025-10-28T10:30:00.0123456789Z',
    '2025-10-28T24:00:00Z',
    '2025-10-28T10:60:00Z',
    '2016-12-31T23:59:60Z',
    '2025-00-28T10:30:00Z',
    '2025-13-28T10:30:00Z',
    '2025-04-31T10:30:00Z',
    '2025-10-00T10:30:00Z',
    '2023-02-29T10:30:00Z',
    '1900-02-29T10:30:00Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '+10000-01-01T00:00:00Z',
    '2025-10-28T10:30:00+0200',
    '2025-10-28T10:30:00+24:00',
    '2025-10-28T10:30:00Z\n',
    'now',
  ])('are refused from %p', (statusTimestampAfter) => {
    const description = 'must be a timestamp such as 2025-01-31T12:00:00Z';
    expect(checkV1('ListTasks', { statusTimestampAfter })).toEqual(
      refused('statusTimestampAfter', description),
    );
  });

  it('are no numbers', () => {
    const checked = checkV1('ListTasks', { statusTimestampAfter: 1761647400 });
    expect(checked).toEqual(refused('statusTimestampAfter', 'must be a string'));
  });
});

describe('what a protocol requires', () => {
  it.each([
    ['an empty string', ofMessage({ messageId: '' }), 'message.messageId', 'must not be empty'],
    ['a missing string', checkV1('GetTask', {}), 'id', 'is required'],
    ['an empty list', ofMessage({ parts: [] }), 'message.parts', 'must have at least one element'],
    ['a missing message', checkV1('SendMessage', {}), 'message', 'is required'],
    [
      'no member of a choice',
      ofPart({ filename: 'f' }),
      'message.parts[0]',
      'must have exactly one of text, raw, url, data',
    ],
    [
      'two members of a choice',
      ofPart({ text: '', data: null }),
      'message.parts[0]',
      'must have exactly one of text, raw, url, data',
    ],
  ])('is not %s', (_what, checked, field, description) => {
    expect(checked).toEqual(refused(field, description));
  });

  it.each([
    [{ text: '' }],
    [{ raw: '' }],
    [{ url: '' }],
    [{ data: false }],
    [{ data: 0 }],
    [{ data: '' }],
    [{ data: [] }],
  ])('is met by the part %j', (given) => {
    expect(ofPart(given)).toStrictEqual(part(given));
  });

  it('is nothing for operations without required parameters', () => {
    expect(checkV1('ListTasks', undefined)).toStrictEqual({ params: {} });
    expect(checkV1('GetExtendedAgentCard', {})).toStrictEqual({ params: {} });
  });
});
