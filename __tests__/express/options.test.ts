import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../lib/core/config-error.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { a2aRouter } from '../../lib/express/router.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';

const card = { name: 'N', description: 'D', version: '1' };
const agent = () => 'x';
const { storage, broker, eventBus } = memoryBackend();

async function faultOf(options: unknown): Promise<unknown> {
  try {
    const router = a2aRouter(options as A2AOptions); // what a program without types may pass
    await router.close();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('options', () => {
  it.each([
    ['none', undefined, 'ERR_A2A_OPTIONS', '`a2aRouter` takes one object: pass { card, agent }'],
    ['no card', { agent }, 'ERR_A2A_CARD', 'Option `card` is required: pass { name, description, version }'],
    [
      'a wrong card',
      { agent, card: { name: 'N', version: '1' } },
      'ERR_A2A_CARD',
      'Option `card.description` is required',
    ],
    [
      'an unknown option',
      { card, agent, adgent: 1 },
      'ERR_A2A_OPTION_UNKNOWN',
      /^There is no option `adgent`: remove it, or use one of card, agent, (?:\w+, )*onError(?:, \w+)*$/,
    ],
    [
      '0.3 without JSON-RPC',
      { card, agent, bindings: ['HTTP+JSON'], versions: ['1.0', '0.3'] },
      'ERR_A2A_OPTION_CONFLICT',
      "Option `versions` has '0.3', which only JSON-RPC serves: add 'JSONRPC' to `bindings`, or remove it",
    ],
    [
      'an option named as a method of objects',
      { card, agent, constructor: 1 },
      'ERR_A2A_OPTION_UNKNOWN',
      /^There is no option `constructor`/,
    ],
    [
      'an unknown worker option',
      { card, agent, worker: { threads: 2 } },
      'ERR_A2A_OPTION_UNKNOWN',
      'There is no option `worker.threads`: remove it, or use one of concurrency, leaseMs, maxAttempts, runTimeoutMs, idleTimeoutMs, inputTimeoutMs',
    ],
    [
      'an unknown limit',
      { card, agent, limits: { body: 2 } },
      'ERR_A2A_OPTION_UNKNOWN',
      'There is no option `limits.body`: remove it, or use one of bodyBytes, bodiesBytes, messageParts, streams, streamsPerCaller',
    ],
    [
      'a caller that is none',
      { card, agent, caller: {} },
      'ERR_A2A_OPTIONS',
      'Option `caller` must be a function',
    ],
    [
      'a word for no',
      { card, agent, enforceAuth: 'no' },
      'ERR_A2A_OPTIONS',
      'Option `enforceAuth` must be true or false',
    ],
    ...(
      [
        ['a text', 'acme', /must be a list of tenants, or a function$/],
        ['no tenant', [], /must be a list of tenants, or a function$/],
        ['a tenant that is no text', ['acme', 7], /must name tenants by strings/],
        ['a tenant that is too long', ['x'.repeat(257)], /must name tenants by strings/],
        ['a tenant with a line break', ['a\nb'], /must name tenants by strings/],
        ['a tenant twice', ['acme', 'acme'], /names a tenant twice$/],
        ['a tenant named as a path of the protocol', ['tasks'], /can not have a tenant `tasks`/],
      ] as const
    ).map(([what, tenants, words]) => [what, { card, agent, tenants }, 'ERR_A2A_OPTIONS', words] as const),
    ['an agent that is none', { card, agent: 'x' }, 'ERR_A2A_OPTIONS', 'Option `agent` must be a function'],
    [
      'other answers',
      { card, agent, answers: 'both' },
      'ERR_A2A_OPTIONS',
      "Option `answers` must be 'task', 'message' or a function",
    ],
    [
      'an empty agentId',
      { card, agent, agentId: '' },
      'ERR_A2A_OPTIONS',
      'Option `agentId` must be 1 to 256 characters without control characters',
    ],
    [
      'a URL with a query',
      { card, agent, publicUrl: 'https://x.test/a?b' },
      'ERR_A2A_OPTIONS',
      'Option `publicUrl` must be an absolute http or https URL without query, such as https://agents.example.com/a2a',
    ],
    ['a path as URL', { card, agent, publicUrl: '/a2a' }, 'ERR_A2A_OPTIONS', /^Option `publicUrl`/],
    [
      'another protocol',
      { card, agent, publicUrl: 'ftp://x.test' },
      'ERR_A2A_OPTIONS',
      /^Option `publicUrl`/,
    ],
    [
      'half a millisecond',
      { card, agent, keepAliveMs: 0.5 },
      'ERR_A2A_OPTIONS',
      'Option `keepAliveMs` must be a whole number from 0 to 2147483647, in ms',
    ],
    [
      'no stall time',
      { card, agent, stallMs: 0 },
      'ERR_A2A_OPTIONS',
      'Option `stallMs` must be a whole number from 1 to 2147483647, in ms',
    ],
    [
      'time as text',
      { card, agent, cancelGraceMs: '5s' },
      'ERR_A2A_OPTIONS',
      'Option `cancelGraceMs` must be a whole number from 0 to 2147483647, in ms',
    ],
    [
      'a time beyond timers',
      { card, agent, worker: { runTimeoutMs: 2 ** 31 } },
      'ERR_A2A_OPTIONS',
      'Option `worker.runTimeoutMs` must be a whole number from 1 to 2147483647, in ms, or Infinity',
    ],
    [
      'a lease too short',
      { card, agent, worker: { leaseMs: 999 } },
      'ERR_A2A_OPTIONS',
      'Option `worker.leaseMs` must be a whole number from 1000 to 2147483647, in ms',
    ],
    [
      'an endless lease',
      { card, agent, worker: { leaseMs: Infinity } },
      'ERR_A2A_OPTIONS',
      /^Option `worker.leaseMs`/,
    ],
    [
      'no concurrency',
      { card, agent, worker: { concurrency: 0 } },
      'ERR_A2A_OPTIONS',
      /^Option `worker.concurrency` must be a whole number from 1/,
    ],
    [
      'a body limit as text',
      { card, agent, limits: { bodyBytes: '10mb' } },
      'ERR_A2A_OPTIONS',
      /^Option `limits.bodyBytes` must be a whole number from 1/,
    ],
    [
      'no room for one body',
      { card, agent, limits: { bodiesBytes: 10 * 1024 * 1024 - 1 } },
      'ERR_A2A_OPTION_CONFLICT',
      'Option `limits.bodiesBytes` has no room for one body of `limits.bodyBytes`: raise it, or lower that',
    ],
    [
      'no streams',
      { card, agent, limits: { streams: 0 } },
      'ERR_A2A_OPTIONS',
      'Option `limits.streams` must be a whole number of 1 or more, or Infinity',
    ],
    [
      'another policy for busy tasks',
      { card, agent, onBusy: 'drop' },
      'ERR_A2A_OPTIONS',
      "Option `onBusy` must be 'queue' or 'reject'",
    ],
    [
      'a logger without warn',
      { card, agent, logger: { debug: agent, info: agent, error: agent } },
      'ERR_A2A_OPTIONS',
      'Option `logger` must be an object with debug, info, warn, error',
    ],
    [
      'a promise of a backend',
      { card, agent, storage: Promise.resolve(storage) },
      'ERR_A2A_OPTIONS',
      /^Option `storage` must be an object with createTask/,
    ],
    [
      'an owner that is no function',
      { card, agent, owner: 'ada' },
      'ERR_A2A_OPTIONS',
      'Option `owner` must be a function',
    ],
    [
      'exposeErrors as text',
      { card, agent, exposeErrors: 'yes' },
      'ERR_A2A_OPTIONS',
      'Option `exposeErrors` must be true or false',
    ],
    [
      'a broker alone',
      { card, agent, broker },
      'ERR_A2A_BACKEND',
      'Option `broker` would serve a storage of this process alone: pass `storage` too',
    ],
    ['an event bus alone', { card, agent, eventBus }, 'ERR_A2A_BACKEND', /^Option `eventBus`/],
    [
      'nobody to run the agent',
      { card },
      'ERR_A2A_NO_WORKER',
      'Nobody would run the agent: pass `agent`, or a `storage` that workers started with `startWorker()` share',
    ],
    [
      'a worker without an agent',
      { card, storage, worker: {} },
      'ERR_A2A_OPTION_CONFLICT',
      'Option `worker` is only for a router with `agent`: pass it to `startWorker()`',
    ],
  ])('that can not work are refused with the way out: %s', async (_, options, code, message) => {
    const fault = await faultOf(options);
    expect(fault).toBeInstanceOf(ConfigError);
    expect(fault).toMatchObject({
      code,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it.each([
    ['the shortest', { card, agent }],
    [
      'undefined for what is left out',
      { card, agent, storage: undefined, worker: { leaseMs: undefined }, limits: undefined },
    ],
    ['a front-end', { card, ...memoryBackend() }],
    ['another storage with the memory doorbells', { card, agent, storage: memoryBackend().storage }],
    [
      'limits switched off',
      { card, agent, keepAliveMs: 0, worker: { runTimeoutMs: Infinity, inputTimeoutMs: Infinity } },
    ],
    [
      'everything',
      {
        ...{
          card,
          agent,
          ...memoryBackend(),
          answers: () => 'task',
          agentId: 'a',
          worker: { concurrency: 1 },
        },
        ...{
          cancelGraceMs: 0,
          owner: () => null,
          publicUrl: 'https://x.test/a2a/',
          limits: { bodyBytes: 1 },
        },
        ...{ keepAliveMs: 1, stallMs: 1, logger: console, onError: () => undefined, exposeErrors: true },
      },
    ],
  ])('that can work are taken: %s', async (_, options) => {
    expect(await faultOf(options)).toBeUndefined();
  });
});

describe('the option `bindings`', () => {
  it.each([[[]], [['GRPC']], [['JSONRPC', 'JSONRPC']], ['JSONRPC'], [null]])(
    'is not %j',
    async (bindings) => {
      expect(await faultOf({ card, agent, bindings })).toMatchObject({
        code: 'ERR_A2A_OPTIONS',
        message: "Option `bindings` must list one or both of 'JSONRPC' and 'HTTP+JSON'",
      });
    },
  );
});

describe('the option `tenants`', () => {
  it.each(['.', '..', 'tasks'])('does not name %s, which a path can not have', async (tenant) => {
    expect(await faultOf({ card, agent, tenants: [tenant] })).toMatchObject({
      code: 'ERR_A2A_OPTIONS',
      message: `Option \`tenants\` can not have a tenant \`${tenant}\`: the protocol uses that name`,
    });
  });
});
