import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Commands, with those options that came late, that a server of version 6.2 has. */
const OF_6_2 = [
  ...[
    'CONFIG',
    'DECR',
    'DEL',
    'EVAL',
    'EVALSHA',
    'EXISTS',
    'GET',
    'HDEL',
    'HGET',
    'HGETALL',
    'HMGET',
    'HSET',
    'INCR',
    'INFO',
  ],
  ...['LINDEX', 'LPOP', 'LRANGE', 'PEXPIRE', 'PTTL', 'PUBLISH', 'RPUSH', 'SET', 'TIME', 'XADD', 'XRANGE'],
  ...['XTRIM', 'ZADD', 'ZCARD', 'ZLEXCOUNT', 'ZRANGE', 'ZREM', 'ZSCORE'],
];

const folder = join(__dirname, '../../lib/redis');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }));

describe('the commands of the Redis backend', () => {
  it('are all of Redis 6.2, those of scripts and those that are sent', () => {
    const used = files.flatMap(({ text }) => [
      ...[...text.matchAll(/redis\.call\('(\w+)'/g)].map(([, command]) => command),
      ...[...text.matchAll(/\bsend\(\w[\w.]*, '(\w+)'/g)].map(([, command]) => command),
    ]);
    const ofOwn = used.filter((command) => command !== undefined);
    expect([...new Set([...ofOwn, 'EVAL'])].sort()).toEqual(OF_6_2);
  });

  it('touch declared keys only, so that a cluster and managed servers take the scripts', () => {
    const scripts = files.filter(({ path }) => path.startsWith('scripts'));
    const calls = scripts.flatMap(({ text }) => [
      ...text.matchAll(/redis\.call\('(\w+)'(?:, ('?\w+'?\[?\d*\]?))?/g),
    ]);
    expect(calls.length).toBeGreaterThan(50);
    const keyless = ['TIME', 'INFO'];
    for (const [, command = '', key] of calls) {
      if (!keyless.includes(command)) expect(key).toMatch(/^KEYS\[\d+\]$/);
    }
  });

  it('say in each file what is atomic, in a comment on the script', () => {
    for (const { path, text } of files.filter((it) => it.path.startsWith('scripts'))) {
      const bare = [...text.matchAll(/(\*\/\n)?export const (\w+)/g)].filter(([, comment]) => !comment);
      expect([path, bare.map(([, , name]) => name)]).toEqual([path, []]);
    }
  });
});
