import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

// NEEDS 3 and 42: what tutorials of A2A 0.3 show is the most common mistake of all
let app: AgentApp;
let runs = 0;

beforeAll(async () => {
  app = await makeApp({
    versions: ['1.0'],
    agent: () => {
      runs += 1;
    },
  });
});
afterAll(() => app.close());

const invalid = (...fieldViolations: [field: string, description: string][]) => ({
  jsonrpc: '2.0',
  id: 1,
  error: {
    code: -32602,
    message: 'Invalid parameters',
    data: [
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: fieldViolations.map(([field, description]) => ({ field, description })),
      },
    ],
  },
});
const ROLE = 'must be one of ROLE_USER, ROLE_AGENT';
const PART = 'must have exactly one of text, raw, url, data';
const part = (fields: unknown) => message('', { parts: [fields] });

describe('what another version of A2A would send', () => {
  it.each<[string, string, unknown, [string, string][]]>([
    [
      'the role user',
      'SendMessage',
      message('hi', { role: 'user' }),
      [['message.role', `${ROLE}: "user" is A2A 0.3, send ROLE_USER`]],
    ],
    [
      'the role agent',
      'SendStreamingMessage',
      message('hi', { role: 'agent' }),
      [['message.role', `${ROLE}: "agent" is A2A 0.3, clients send ROLE_USER`]],
    ],
    [
      'a file',
      'SendMessage',
      part({ kind: 'file', file: { uri: 'https://x.test/f' } }),
      [
        [
          'message.parts[0]',
          `${PART}: "file" is A2A 0.3, send url, or raw in base64, with filename and mediaType`,
        ],
      ],
    ],
    [
      'a part that has a kind only',
      'SendMessage',
      part({ kind: 'text' }),
      [['message.parts[0]', `${PART}: "kind" is A2A 0.3, here the one member tells the kind`]],
    ],
    [
      'a part as a library keeps it',
      'SendMessage',
      part({ content: { $case: 'text', value: 'hi' } }),
      [['message.parts[0]', `${PART}: content is how a library keeps parts in memory, send { "text": "…" }`]],
    ],
    [
      'a text for a part',
      'SendMessage',
      part('hi'),
      [['message.parts[0]', 'must be an object: send { "text": "…" }']],
    ],
    [
      'content for parts',
      'SendMessage',
      message('', { parts: undefined, content: 'hi' }),
      [['message.parts', 'is required: send parts: [{ "text": "…" }] in place of content']],
    ],
    [
      'a message without its wrapping',
      'SendMessage',
      { role: 'ROLE_USER', parts: [{ text: 'hi' }] },
      [['message', 'is required: put role and parts inside it']],
    ],
    ['taskId for id', 'GetTask', { taskId: 't1' }, [['id', 'is required: send taskId under this name']]],
    [
      'a whole call of 0.3',
      'message/send',
      {
        message: {
          ...message('hi', { kind: 'message', role: 'user' }).message,
          parts: [{ kind: 'text', text: 'hi' }],
        },
        configuration: { blocking: false, pushNotificationConfig: { url: 'https://x.test' } },
      },
      [
        ['message.role', `${ROLE}: "user" is A2A 0.3, send ROLE_USER`],
        [
          'configuration.blocking',
          'is not known to A2A 1.0: "blocking" is A2A 0.3, send returnImmediately with the opposite value',
        ],
        [
          'configuration.pushNotificationConfig',
          'is not known to A2A 1.0: "pushNotificationConfig" is A2A 0.3, send taskPushNotificationConfig',
        ],
      ],
    ],
  ])('is named, with what to send instead: %s', async (_, method, params, violations) => {
    expect(await app.call(method, params)).toEqual(invalid(...violations));
    expect(runs).toBe(0);
  });

  it('is ignored where it is only a field too many (§5.7)', async () => {
    const params = {
      ...message('', { parts: [{ kind: 'text', text: 'hi' }], kind: 'message' }),
      configuration: { blocking: false },
    };
    expect(await app.call('SendMessage', params)).toMatchObject({
      result: { task: { status: { state: 'TASK_STATE_COMPLETED' } } },
    });
    runs = 0;
  });

  it('is not told of in more than twenty entries', async () => {
    const params = message('', { parts: Array.from({ length: 100 }, () => ({ kind: 'text' })) });
    const { error } = (await app.call('SendMessage', params)) as {
      error: { data: [{ fieldViolations: unknown[] }] };
    }; // compared next
    expect(error.data[0].fieldViolations).toHaveLength(20);
  });
});
