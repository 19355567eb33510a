import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What users of agent servers ask for, by its rank in the list of needs. */
const needs = {
  1: 'a client that disconnects stops nothing and leaves nothing behind',
  3: 'bodies are validated, and errors say where',
  4: 'every operation is scoped to its caller',
  5: 'idle streams survive proxies',
  6: 'streams work with compression() and behind buffering proxies',
  10: 'a stream that broke goes on without loss or repetition',
  11: 'a snapshot and the events after it have no gap and no duplicate',
  12: 'a stalled reader holds up nobody',
  14: 'nothing outside the own routes is touched',
  15: 'the card is right under a sub-path and behind a proxy',
  16: 'bodies may have been parsed before',
  17: 'authentication is ordinary middleware',
  18: 'bodies have a limit, and refusals the form of JSON-RPC',
  20: 'every subscriber on every instance gets the end',
  21: 'webhooks are posted to checked addresses only',
  22: 'token streams cost the same at their end as at their start',
  25: 'a shutdown ends streams and hands work over',
  27: 'the agent gets an AbortSignal',
  28: 'an own logger, and silence by default',
  29: 'internal errors do not leak, and operators find them',
  30: 'a notification is tried again until it is taken, and in order',
  32: 'the caller reaches the agent, also in another process',
  33: 'follow-ups on one task run one at a time',
  34: 'a send can be repeated safely',
  36: 'one trace from the request to the worker',
  37: 'Express 4 and 5',
  38: 'several agents in one app',
  39: 'cards are minimal, cached and signed',
  40: 'errors before the first event are plain answers',
  42: 'errors that teach',
  45: 'events do not change once they are published',
  46: 'answers to a wrong method or path are useful',
  48: 'concurrency, duration and silence have limits',
  49: 'browser clients',
  50: 'cards and behaviour by tenant',
  51: 'local agents are safe from DNS rebinding',
  52: 'HTTP/2 gets no forbidden header',
  55: 'receivers can tell who sent a notification',
  56: 'webhooks belong to the owner of the task',
  58: 'a failed task says why in a structured way',
};

const cited = new Set(
  readdirSync('__tests__', { recursive: true, encoding: 'utf8' })
    .filter((path) => /(\.test|-cases)\.ts$/.test(path))
    .map((path) => readFileSync(join('__tests__', path), 'utf8'))
    .flatMap((source) => source.match(/\bNEEDS (?:rows? )?\d+(?:(?:, and |, | and )\d+)*/g) ?? [])
    .flatMap((text) => text.match(/\d+/g) ?? []),
);

describe('the needs of users', () => {
  it.each(Object.entries(needs))('%s, %s: is shown by a test that names it', (row) => {
    expect(cited.has(row)).toBe(true);
  });
});
