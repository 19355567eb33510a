import { describe, expect, it } from '@jest/globals';
import { readPageToken, writePageToken } from '../../lib/core/page-token.ts';

const scope = { agent: 'default', tenant: '', owner: 'ada' };
const token = writePageToken({ ts: 1_700_000_000_000, id: 'task-1' }, scope, { contextId: 'c1' });

describe('a page token', () => {
  it('reads back as the place it was written for', () => {
    expect(readPageToken(token, scope, { contextId: 'c1' })).toEqual({ ts: 1_700_000_000_000, id: 'task-1' });
  });

  it.each([
    ['with something after it', `${token}!!`],
    ['with spaces', `${token} `],
    ['cut short', token.slice(0, -4)],
    ['that is no base64', '%%%'],
    ['that is JSON of another kind', Buffer.from('{"v":2}').toString('base64url')],
    ['that is JSON without fields', Buffer.from('null').toString('base64url')],
  ])('is refused %s', (_, given) => {
    expect(() => readPageToken(given, scope, { contextId: 'c1' })).toThrow('Invalid parameters');
  });

  it.each([
    ['of another owner', { ...scope, owner: 'bob' }, { contextId: 'c1' }],
    ['of the anonymous caller', { ...scope, owner: null }, { contextId: 'c1' }],
    ['of another agent', { ...scope, agent: 'other' }, { contextId: 'c1' }],
    ['of other filters', scope, { contextId: 'c2' }],
  ])('is refused to a listing %s', (_, other, query) => {
    expect(() => readPageToken(token, other, query)).toThrow('Invalid parameters');
  });
});
