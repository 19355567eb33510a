import { afterEach, describe, expect, it } from '@jest/globals';
import { StorageError } from '../../lib/core/storage.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { memoryBackend, type MemoryBackendOptions } from '../../lib/memory/backend.ts';
import { start, streamText } from '../helpers/calls.ts';
import { gate } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message, userOf } from '../helpers/make-app.ts';
import { exchange, post } from '../helpers/raw-http.ts';

// NEEDS 3, 42 and 46: the refusals that depend on how the server is set up; refusals.test.ts has those of any server
let app: AgentApp | undefined;
let held = gate();

afterEach(async () => {
  held.open();
  held = gate();
  await app?.close();
  app = undefined;
});

const card = { name: 'Test', description: 'For tests', version: '1.0.0' };
const secured = {
  ...card,
  securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
  securityRequirements: [{ schemes: { bearer: { list: [] } } }],
};
const required = { uri: 'https://x.test/ext', required: true };

const info = (reason: string, domain = 'express-a2a') => [
  { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain },
];
const UNAVAILABLE = { code: -32000, data: info('UNAVAILABLE') };
const UNSUPPORTED = { code: -32004, data: info('UNSUPPORTED_OPERATION', 'a2a-protocol.org') };
const wrong = (field: string, description: string) => ({
  code: -32602,
  message: 'Invalid parameters',
  data: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description }] }],
});
const withStatus = (status: number) => () => Promise.reject(Object.assign(new Error('hunter2'), { status }));

interface Refused {
  readonly options?: Partial<A2AOptions>;
  readonly memory?: MemoryBackendOptions;
  /** What comes before the call, and gives the task that it is about. */
  readonly before?: (app: AgentApp) => Promise<string | undefined>;
  readonly method?: string;
  readonly params?: (taskId: string) => object;
  readonly headers?: Record<string, string>;
  readonly status?: number;
  readonly sent?: Record<string, string>;
  readonly error: object;
}

const failing = (error: Error): Partial<A2AOptions> => {
  const backend = memoryBackend();
  return { ...backend, storage: { ...backend.storage, createTask: () => Promise.reject(error) } };
};
const unstarted = (): Partial<A2AOptions> => {
  const backend = memoryBackend();
  return {
    ...backend,
    storage: { ...backend.storage, init: () => Promise.reject(new Error('hunter2')) },
    agent: () => 'x',
  };
};
const hold = async (to: AgentApp): Promise<string> => (await start(to, 'hold')).id;
const openStream = async (to: AgentApp): Promise<undefined> => {
  await streamText(to, 'hold');
  return undefined;
};

const table: Record<string, Refused> = {
  'the storage is full': {
    memory: { limits: { activeTasks: 1 } },
    before: hold,
    status: 503,
    sent: { 'retry-after': '5' },
    error: { ...UNAVAILABLE, message: 'This server can not take more work now; try again later' },
  },
  'the storage does not answer': {
    options: failing(new StorageError('unavailable', 'hunter2')),
    status: 503,
    sent: { 'retry-after': '5' },
    error: {
      ...UNAVAILABLE,
      message: expect.stringMatching(
        /^This server can not reach its storage; try again later \(error id [\w-]{36}\)$/,
      ),
    },
  },
  'the storage can not be started': {
    options: unstarted(),
    status: 503,
    sent: { 'retry-after': '5' },
    error: {
      ...UNAVAILABLE,
      message: 'This server can not reach its storage; try again later',
    },
  },
  'the message is larger than a task may be': {
    memory: { limits: { taskBytes: 3000 } },
    params: () => message('x'.repeat(3000)),
    error: wrong(
      'message',
      'would make the task larger than this server allows: send less, or large files as parts with a url',
    ),
  },
  'the message has too many parts': {
    options: { limits: { messageParts: 1 } },
    params: () => message('', { parts: [{ text: 'a' }, { text: 'b' }] }),
    error: wrong('message.parts', 'must have at most 1 parts: send the others in further messages'),
  },
  'the task is at work': {
    options: { onBusy: 'reject' },
    before: hold,
    params: (taskId) => message('more', { taskId }),
    error: {
      ...UNSUPPORTED,
      message:
        'The task works on an earlier message; wait until it asks for input, or send a message without taskId to start another one',
    },
  },
  'there is no room for another stream': {
    options: { limits: { streams: 1 } },
    before: openStream,
    method: 'SendStreamingMessage',
    status: 503,
    sent: { 'retry-after': '5' },
    error: {
      ...UNAVAILABLE,
      message: 'This server has no room for further streams and waiting calls; try again later',
    },
  },
  'the caller has too many streams': {
    options: { limits: { streamsPerCaller: 1 } },
    before: openStream,
    method: 'SendStreamingMessage',
    status: 429,
    sent: { 'retry-after': '5' },
    error: {
      code: -32000,
      message: 'This caller can hold open at most 1 streams and waiting calls; close one, or try again later',
      data: info('RATE_LIMITED'),
    },
  },
  'the key belongs to another call': {
    before: async (to) => {
      await to.call('SendMessage', message('hi'), { 'Idempotency-Key': 'k' });
      return undefined;
    },
    headers: { 'Idempotency-Key': 'k' },
    params: () => message('something else'),
    error: wrong(
      'Idempotency-Key',
      'belongs to an earlier call with other parameters: send the same parameters again, or another key',
    ),
  },
  'the key is none': {
    headers: { 'Idempotency-Key': 'a b' },
    error: wrong(
      'Idempotency-Key',
      'must be one key of 1 to 256 visible ASCII characters, such as "8e03978e-40d5-43dd-bc93-6894a57f9324"',
    ),
  },
  'the tenant is another one': {
    options: { tenants: ['acme'] },
    params: () => ({ ...message('hi'), tenant: 'other' }),
    error: wrong('tenant', 'is not known here: send the one of the interface in the agent card'),
  },
  'nobody has said who calls': {
    options: { card: secured, owner: userOf },
    status: 401,
    sent: { 'www-authenticate': 'Bearer' },
    error: {
      code: -32000,
      message: 'Authentication is required: the agent card tells which credentials to send',
      data: info('UNAUTHENTICATED'),
    },
  },
  'the application wants credentials': {
    options: { owner: withStatus(401) },
    status: 401,
    sent: { 'www-authenticate': 'A2A realm="agent"' },
    error: { code: -32000, message: 'Authentication is required', data: info('UNAUTHENTICATED') },
  },
  'the application forbids it': {
    options: { owner: withStatus(403) },
    status: 403,
    error: {
      code: -32000,
      message: 'This caller is not allowed to do that',
      data: info('PERMISSION_DENIED'),
    },
  },
  'the application has counted too many calls': {
    options: { owner: withStatus(429) },
    status: 429,
    sent: { 'retry-after': '5' },
    error: {
      code: -32000,
      message: 'Too many calls; try again later',
      data: info('RATE_LIMITED'),
    },
  },
  'the application can not tell who calls': {
    options: { owner: withStatus(503) },
    status: 503,
    sent: { 'retry-after': '5' },
    error: {
      ...UNAVAILABLE,
      message: 'The server can not tell now who calls; try again later',
    },
  },
  'an extension is required': {
    options: { card: { ...card, capabilities: { extensions: [required] } } },
    error: {
      code: -32008,
      message: 'This agent requires the extension https://x.test/ext: name it in the A2A-Extensions header',
      data: info('EXTENSION_SUPPORT_REQUIRED', 'a2a-protocol.org'),
    },
  },
  'the agent takes no pictures': {
    options: { enforceInputModes: true },
    params: () => message('', { parts: [{ url: 'https://x.test/a.png', mediaType: 'image/png' }] }),
    error: {
      code: -32005,
      message: 'message.parts[0] is image/png; this agent takes text/plain',
      data: info('CONTENT_TYPE_NOT_SUPPORTED', 'a2a-protocol.org'),
    },
  },
};

describe('a call is answered with what to do where', () => {
  it.each(Object.entries(table))('%s', async (_, { options, memory, before, ...call }) => {
    const { method = 'SendMessage', params = () => message('hi'), headers, status = 200, sent = {} } = call;
    app = await makeApp({
      ...memoryBackend(memory),
      agent: (turn) => (turn.text === 'hold' ? held.opened : 'hello'),
      ...options,
    });
    const taskId = (await before?.(app)) ?? '';
    const response = await app.open(method, params(taskId), headers);
    expect(response.status).toBe(status);
    for (const [header, value] of Object.entries(sent)) expect(response.headers.get(header)).toBe(value);
    expect(await response.json()).toEqual({ jsonrpc: '2.0', id: 1, error: call.error });
  });

  it('the Host header is none, and the card would have to name it', async () => {
    app = await makeApp({ extendedCard: { description: 'More', public: true } });
    const body = '{"jsonrpc":"2.0","id":1,"method":"GetExtendedAgentCard"}';
    const headers = { Host: 'a/b', 'A2A-Version': '1.0' };
    const text = 'The Host header is not valid: send the name of this host';
    const answer = await exchange(app.port, post('/a2a', body, headers), body);
    expect(JSON.parse(answer.body)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32600, message: text },
    });
  });
});
