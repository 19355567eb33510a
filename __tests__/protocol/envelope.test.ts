import { describe, expect, it } from '@jest/globals';
import { parseCall, readCall } from '../../lib/protocol/envelope.ts';

const call = { jsonrpc: '2.0', id: 1, method: 'GetTask', params: { id: 't' } };

/** What an envelope comes to, as the caller would write it. */
function seen(envelope: ReturnType<typeof readCall>): unknown {
  if ('call' in envelope) return envelope;
  const { code, message, details } = envelope.error;
  return { id: envelope.id, code, message, details };
}

const refused = (id: unknown, why: string): unknown => {
  return { id, code: -32600, message: `Request payload validation error: ${why}`, details: [] };
};
const EMPTY = 'the body is empty, send a JSON-RPC 2.0 request object';
const ONE = 'send one JSON-RPC 2.0 request object';
const BOM = 'the body begins with a byte order mark, leave it out';
const idless = 'id must be a string, a whole number up to 2^53 - 1, or null';

describe('a body of text', () => {
  it.each([
    ['empty', '', EMPTY],
    ['blank', ' \n', EMPTY],
    ['cut off', '{"jsonrpc":"2.0","id":1', ONE],
    ['no JSON', 'hello', ONE],
    ['behind a byte order mark', `\uFEFF${JSON.stringify(call)}`, BOM],
    ['two values', '{} {}', ONE],
    ['with a comment', '{} // x', ONE],
    ['NaN', 'NaN', ONE],
  ])('that is %s is a parse error', (_what, text, why) => {
    expect(seen(parseCall(text))).toEqual({
      id: null,
      code: -32700,
      message: `Invalid JSON payload: ${why}`,
      details: [],
    });
  });

  it('is read as the request it holds', () => {
    expect(parseCall(JSON.stringify(call))).toEqual({
      call: { id: 1, method: 'GetTask', params: { id: 't' } },
    });
  });

  it('nested 100,000 levels deep is read, for the parameters to be refused later', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const envelope = parseCall(`{"jsonrpc":"2.0","id":1,"method":"GetTask","params":${deep}}`);
    expect('call' in envelope && envelope.call.method).toBe('GetTask');
  });

  it('whose __proto__ holds the members is no request', () => {
    const text = '{"__proto__":{"jsonrpc":"2.0","id":1,"method":"GetTask"}}';
    expect(seen(parseCall(text))).toEqual(refused(null, 'jsonrpc must be "2.0"'));
  });
});

describe('a body that is no request object', () => {
  it.each([[[]], [[call]], [[1, 2]]])('is refused as a batch when it is the list %j', (body) => {
    const why = 'send one request per call, batches are not supported';
    expect(seen(readCall(body))).toEqual(refused(null, why));
  });

  it.each([5, 0, 'x', '', null, true, undefined])('is refused when it is %p', (body) => {
    expect(seen(readCall(body))).toEqual(refused(null, 'send a JSON-RPC 2.0 request object'));
  });
});

describe('the member jsonrpc', () => {
  it.each([[undefined], [2], ['2'], ['1.0'], ['2.0 '], [null], [['2.0']]])('may not be %j', (jsonrpc) => {
    expect(seen(readCall({ ...call, jsonrpc }))).toEqual(refused(1, 'jsonrpc must be "2.0"'));
  });

  it('is complained about under a null id where the id is wrong too', () => {
    expect(seen(readCall({ id: {}, method: 'GetTask' }))).toEqual(refused(null, 'jsonrpc must be "2.0"'));
    expect(seen(readCall({ id: 'a', method: 'GetTask' }))).toEqual(refused('a', 'jsonrpc must be "2.0"'));
    expect(seen(readCall({ id: 0, method: 'GetTask' }))).toEqual(refused(0, 'jsonrpc must be "2.0"'));
    expect(seen(readCall({ id: '', method: 'GetTask' }))).toEqual(refused('', 'jsonrpc must be "2.0"'));
  });
});

describe('the id', () => {
  it.each([[null], [0], [''], [-1], ['a'], [9007199254740991], [-9007199254740991]])('may be %j', (id) => {
    expect(readCall({ ...call, id })).toEqual({ call: { id, method: 'GetTask', params: { id: 't' } } });
  });

  it.each([[{}], [[]], [[1]], [true], [false], [1.5], [Infinity], [9007199254740992], [1e300]])(
    'may not be %j',
    (id) => {
      expect(seen(readCall({ ...call, id }))).toEqual(refused(null, idless));
    },
  );

  it('may not be a number that JSON can not hold', () => {
    const body = '{"jsonrpc":"2.0","id":1e999,"method":"GetTask"}';
    expect(seen(parseCall(body))).toEqual(refused(null, idless));
  });

  it('may not be absent', () => {
    const { id: _, ...notification } = call;
    const why = 'id is required, notifications are not supported';
    expect(seen(readCall(notification))).toEqual(refused(null, why));
  });
});

describe('the method', () => {
  it.each([[undefined], [''], [5], [null], [['GetTask']]])('may not be %j', (method) => {
    expect(seen(readCall({ ...call, method }))).toEqual(
      refused(1, 'method must be the name of an operation, such as SendMessage'),
    );
  });

  it('is not looked up yet', () => {
    expect(readCall({ ...call, method: 'constructor' })).toEqual({
      call: { id: 1, method: 'constructor', params: { id: 't' } },
    });
  });
});

describe('the parameters', () => {
  it.each([[undefined], [null], [[]], ['x'], [5], [false], [{}]])(
    'are handed on as they are: %j',
    (params) => {
      expect(readCall({ ...call, params })).toStrictEqual({ call: { id: 1, method: 'GetTask', params } });
    },
  );
});
