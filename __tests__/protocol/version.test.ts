import { describe, expect, it } from '@jest/globals';
import { isA2AError } from '../../lib/protocol/errors.ts';
import { readVersion, resolveCall, type Version } from '../../lib/protocol/version.ts';

const ONE = ['1.0'] as const;
const BOTH = ['1.0', '0.3'] as const;

/** What a call gives, or what its error says to the client. */
function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (!isA2AError(error)) throw error;
    return { code: error.code, message: error.message, details: error.details };
  }
}

function notServed(message: string, supportedVersions: string): unknown {
  return {
    code: -32009,
    message,
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'VERSION_NOT_SUPPORTED',
        domain: 'a2a-protocol.org',
        metadata: { supportedVersions },
      },
    ],
  };
}

const onlyOne = notServed('This version of A2A is not served: send the header A2A-Version: 1.0', '1.0');
const oneOfBoth = notServed(
  'This version of A2A is not served: send the header A2A-Version: 1.0 or A2A-Version: 0.3',
  '1.0, 0.3',
);

describe('reading the version', () => {
  const version = (
    header: string | string[] | undefined,
    query = '',
    served: readonly Version[] = BOTH,
  ): unknown => outcome(() => readVersion(header, new URLSearchParams(query), served));

  it.each([
    ['1.0', '1.0'],
    ['0.3', '0.3'],
    ['1.0.0', '1.0'],
    ['1.0.17', '1.0'],
    ['0.3.5', '0.3'],
    ['', undefined],
  ])('takes major and minor of the header %p', (header, expected) => {
    expect(version(header)).toBe(expected);
    expect(version([header])).toBe(expected);
  });

  it.each(['A2A-Version', 'a2a-version', 'A2A-VERSION', 'a2A-vErSiOn'])(
    'takes the query parameter %s',
    (name) => {
      expect(version(undefined, `x=1&${name}=0.3`)).toBe('0.3');
      expect(version('', `${name}=0.3`)).toBe('0.3');
      expect(version([], `${name}=0.3`)).toBe('0.3');
    },
  );

  it('prefers the header to the query', () => {
    expect(version('1.0', 'A2A-Version=0.3')).toBe('1.0');
    expect(version('1.0', 'A2A-Version=0.3&A2A-Version=nonsense')).toBe('1.0');
  });

  it('is undefined when neither names one', () => {
    expect(version(undefined)).toBeUndefined();
    expect(version([])).toBeUndefined();
    expect(version(undefined, 'version=9.9&A2A-Version=')).toBeUndefined();
  });

  it.each([
    '1',
    'v1.0',
    '1.0.',
    '1.0.0.0',
    '1.0-rc',
    '1,0',
    'latest',
    '9.9',
    '0.2.6',
    '01.0',
    '1.1',
    ' ',
    '1.0, 1.0',
    '１.0',
  ])('refuses %p', (header) => {
    expect(version(header)).toEqual(oneOfBoth);
    expect(version(undefined, `A2A-Version=${encodeURIComponent(header)}`)).toEqual(oneOfBoth);
  });

  it('refuses several values, the same one twice included', () => {
    expect(version(['1.0', '1.0'])).toEqual(oneOfBoth);
    expect(version(['', '1.0'])).toEqual(oneOfBoth);
    expect(version(undefined, 'A2A-Version=1.0&a2a-version=1.0')).toEqual(oneOfBoth);
  });

  it('refuses a version that is not served, and says which one is', () => {
    expect(version('0.3', '', ONE)).toEqual(onlyOne);
    expect(version('1.0', '', ['0.3'])).toEqual(
      notServed('This version of A2A is not served: send the header A2A-Version: 0.3', '0.3'),
    );
  });
});

const methods = [
  ['SendMessage', 'message/send'],
  ['SendStreamingMessage', 'message/stream'],
  ['GetTask', 'tasks/get'],
  ['CancelTask', 'tasks/cancel'],
  ['SubscribeToTask', 'tasks/resubscribe'],
  ['CreateTaskPushNotificationConfig', 'tasks/pushNotificationConfig/set'],
  ['GetTaskPushNotificationConfig', 'tasks/pushNotificationConfig/get'],
  ['ListTaskPushNotificationConfigs', 'tasks/pushNotificationConfig/list'],
  ['DeleteTaskPushNotificationConfig', 'tasks/pushNotificationConfig/delete'],
  ['GetExtendedAgentCard', 'agent/getAuthenticatedExtendedCard'],
] as const;
const sends = ['message/send', 'message/stream'] as const;

const NEWER_NAMES =
  'SendMessage, SendStreamingMessage, GetTask, ListTasks, CancelTask, SubscribeToTask, CreateTaskPushNotificationConfig, ' +
  'GetTaskPushNotificationConfig, ListTaskPushNotificationConfigs, DeleteTaskPushNotificationConfig, GetExtendedAgentCard';
const OLDER_NAMES =
  'message/send, message/stream, tasks/get, tasks/cancel, tasks/resubscribe, tasks/pushNotificationConfig/set, ' +
  'tasks/pushNotificationConfig/get, tasks/pushNotificationConfig/list, tasks/pushNotificationConfig/delete, ' +
  'agent/getAuthenticatedExtendedCard';

const unknown = (tail: string): unknown => ({ code: -32601, message: `No such method.${tail}`, details: [] });

describe('resolving a call', () => {
  const resolve = (
    version: Version | undefined,
    method: string,
    params: unknown = {},
    served: readonly Version[] = BOTH,
  ): unknown => outcome(() => resolveCall({ version, method, params, served }));

  describe('under 1.0', () => {
    it.each(methods)('takes %s, and %s as its alias', (method, older) => {
      expect(resolve('1.0', method)).toEqual({ method, dialect: '1.0' });
      expect(resolve('1.0', older)).toEqual({ method, dialect: '1.0' });
      expect(resolve('1.0', older, { message: { role: 'user' } }, ONE)).toEqual({ method, dialect: '1.0' });
    });

    it('takes ListTasks, which has no older name', () => {
      expect(resolve('1.0', 'ListTasks')).toEqual({ method: 'ListTasks', dialect: '1.0' });
    });

    it.each(['nothing', '', 'constructor', '__proto__', 'toString', 'null', 'x'.repeat(1_000_000)])(
      'lists the methods for %.20p',
      (method) => {
        expect(resolve('1.0', method)).toEqual(unknown(` The methods of A2A 1.0 are ${NEWER_NAMES}`));
      },
    );

    it.each([
      ['sendMessage', 'SendMessage'],
      ['send_message', 'SendMessage'],
      ['MessageSend', 'SendMessage'],
      ['SendMesage', 'SendMessage'],
      ['message/sent', 'SendMessage'],
      ['message/sendStream', undefined],
      ['getTask', 'GetTask'],
      ['tasks.get', 'GetTask'],
      ['TASKS/GET', 'GetTask'],
      ['tasks/list', 'ListTasks'],
      ['ListTask', 'ListTasks'],
      ['cancelTask', 'CancelTask'],
      ['tasks/subscribe', 'SubscribeToTask'],
      ['tasks/send', undefined],
    ])('answers %s with the hint %s', (method, hint) => {
      const asked = hint === undefined ? '' : ` Did you mean ${hint}?`;
      expect(resolve('1.0', method)).toEqual(unknown(`${asked} The methods of A2A 1.0 are ${NEWER_NAMES}`));
    });
  });

  describe('under 0.3', () => {
    it.each(methods)('refuses %s, and takes %s', (method, older) => {
      expect(resolve('0.3', older)).toEqual({ method, dialect: '0.3' });
      expect(resolve('0.3', method)).toEqual({
        code: -32601,
        message: `${method} is a method of A2A 1.0: send the header A2A-Version: 1.0`,
        details: [],
      });
    });

    it('lists the older names for an unknown one', () => {
      expect(resolve('0.3', 'tasks/gett')).toEqual(
        unknown(` Did you mean tasks/get? The methods of A2A 0.3 are ${OLDER_NAMES}`),
      );
    });

    it('is refused before the method is looked at, where 0.3 is not served', () => {
      expect(resolve('0.3', 'nothing', {}, ONE)).toEqual(onlyOne);
      expect(resolve('0.3', 'message/send', {}, ONE)).toEqual(onlyOne);
    });

    it('stays 0.3 whatever the message looks like', () => {
      expect(resolve('0.3', 'message/send', { message: { role: 'ROLE_USER' } })).toEqual({
        method: 'SendMessage',
        dialect: '0.3',
      });
    });
  });

  describe('without a version', () => {
    const older = notServed(
      'Without the header A2A-Version this is a call of A2A 0.3, which is not served: send the header A2A-Version: 1.0',
      '1.0',
    );

    it.each(methods.map((names) => [names]))('takes %s as 1.0', ([method]) => {
      expect(resolve(undefined, method)).toEqual({ method, dialect: '1.0' });
      expect(resolve(undefined, method, { message: { role: 'user' } }, ONE)).toEqual({
        method,
        dialect: '1.0',
      });
    });

    it.each(methods.slice(2))('takes the older name of %s, %s, as 0.3', (method, name) => {
      expect(resolve(undefined, name, { id: 't' })).toEqual({ method, dialect: '0.3' });
      expect(resolve(undefined, name, { message: { role: 'ROLE_USER' } })).toEqual({
        method,
        dialect: '0.3',
      });
      expect(resolve(undefined, name, { id: 't' }, ONE)).toEqual(older);
    });

    describe.each(sends)('%s', (name) => {
      const method = name === 'message/send' ? 'SendMessage' : 'SendStreamingMessage';

      it.each([
        [{ role: 'ROLE_USER' }],
        [{ role: 'ROLE_AGENT' }],
        [{ role: 'ROLE_NONSENSE', kind: 'message' }],
        [{ role: 1, kind: 'message' }],
        [{ role: 0 }],
        [{}],
        [{ role: 'nonsense' }],
        [{ role: null }],
        [{ role: {}, parts: [{ text: 'a' }, null, 'kind'] }],
        [{ parts: { kind: 'text' } }],
        [null],
        [undefined],
        [[{ kind: 'message' }]],
        ['kind'],
      ])('is 1.0 for the message %j', (message) => {
        expect(resolve(undefined, name, { message })).toEqual({ method, dialect: '1.0' });
        expect(resolve(undefined, name, { message }, ONE)).toEqual({ method, dialect: '1.0' });
      });

      it.each([
        [{ role: 'user' }],
        [{ role: 'agent' }],
        [{ role: 'user', parts: [{ text: 'flat' }] }],
        [{ kind: 'message' }],
        [{ kind: null }],
        [{ role: 'nonsense', kind: 'message' }],
        [{ parts: [{ text: 'a' }, { kind: 'text', text: 'a' }] }],
      ])('is 0.3 for the message %j', (message) => {
        expect(resolve(undefined, name, { message })).toEqual({ method, dialect: '0.3' });
        expect(resolve(undefined, name, { message }, ONE)).toEqual(older);
      });

      it.each([[undefined], [null], [[]], ['x'], [5]])('is 1.0 for the parameters %j', (params) => {
        expect(resolve(undefined, name, params)).toEqual({ method, dialect: '1.0' });
      });
    });

    it('lists the methods for an unknown name', () => {
      expect(resolve(undefined, 'nothing', {}, ONE)).toEqual(
        unknown(` The methods of A2A 1.0 are ${NEWER_NAMES}`),
      );
    });

    it('refuses a 1.0 name where only 0.3 is served', () => {
      expect(resolve(undefined, 'GetTask', {}, ['0.3'])).toEqual(
        notServed(
          'Without the header A2A-Version this is a call of A2A 1.0, which is not served: send the header A2A-Version: 0.3',
          '0.3',
        ),
      );
    });
  });
});
