import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { TaskNotFoundError } from '../../lib/protocol/errors.ts';
import { ask, CALL, errorBody, errorInfo, OK } from '../helpers/ask.ts';
import { fakeHandler, fakeService } from '../helpers/fake-service.ts';
import { exchange, parse, post } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';

let served: Served | undefined;

afterEach(async () => {
  await served?.close();
  served = undefined;
});

describe('an answer', () => {
  it('is one JSON body with its length, and is never cached', async () => {
    const answer = await ask(fakeHandler(fakeService()));
    expect(answer).toEqual({
      status: 200,
      headers: expect.objectContaining({
        'content-type': 'application/json',
        'content-length': String(OK.length),
        'cache-control': 'no-store',
      }),
      body: OK,
    });
    expect(answer.headers).not.toHaveProperty('a2a-extensions');
    expect(answer.headers).not.toHaveProperty('etag');
  });

  it('echoes the extensions that are active, once each, with errors too', async () => {
    const service = fakeService(() => {
      throw new TaskNotFoundError('t1');
    });
    const headers = {
      'A2A-Extensions': ' urn:known:a ,urn:unknown,',
      'a2a-extensions': 'urn:known:b,urn:known:a',
    };
    const answer = await ask(fakeHandler(service), { headers });
    expect(answer.headers['a2a-extensions']).toBe('urn:known:a, urn:known:b');
    expect(service.calls[0]?.caller.extensions).toEqual([
      'urn:known:a',
      'urn:unknown',
      'urn:known:b',
      'urn:known:a',
    ]);
    expect(JSON.parse(answer.body)).toEqual(
      errorBody(-32001, 'Task not found: check the id; a message without taskId starts another task', [
        errorInfo('TASK_NOT_FOUND', 'a2a-protocol.org', { taskId: 't1' }),
      ]),
    );
  });

  it('hands the caller on: owner, cursor and trace', async () => {
    const service = fakeService(({ caller }) => caller.identify());
    const handler = fakeHandler(service, { owner: () => 'ada' });
    const headers = {
      'Last-Event-ID': '4.k3',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const answer = await ask(handler, { headers });
    expect(JSON.parse(answer.body)).toEqual({ jsonrpc: '2.0', id: 1, result: 'ada' });
    expect(service.calls[0]?.caller).toMatchObject({
      lastEventId: '4.k3',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
  });
});

describe('what is not ours', () => {
  it.each([
    ['other methods at the origin', { mount: '/', method: 'GET' }, 'neighbour GET /'],
    ['OPTIONS', { method: 'OPTIONS' }, 'neighbour OPTIONS /a2a'],
    ['other paths', { path: '/a2a/more' }, 'neighbour POST /a2a/more'],
    [
      'a POST at the path of the card',
      { path: '/a2a/.well-known/agent-card.json' },
      'neighbour POST /a2a/.well-known/agent-card.json',
    ],
  ])('goes on to the next handler: %s', async (_, given, body) => {
    const service = fakeService();
    expect(await ask(fakeHandler(service), given)).toMatchObject({ status: 404, body });
    expect(service.calls).toEqual([]);
  });

  it.each([
    ['at the origin', { mount: '/', path: '/' }],
    ['at a path', { mount: '/a2a', path: '/a2a' }],
    ['at a path with a slash', { mount: '/a2a', path: '/a2a/' }],
    ['with a query', { mount: '/a2a', path: '/a2a?x=1' }],
    ['below a parameter', { mount: '/agents/:name', path: '/agents/ada' }],
    ['with the whole URL', { mount: '/a2a', path: 'http://agent.test/a2a?x=1' }],
    ['with the whole URL of the origin', { mount: '/', path: 'http://agent.test' }],
  ])('leaves calls %s to us', async (_, given) => {
    expect(await ask(fakeHandler(fakeService()), given)).toMatchObject({ status: 200, body: OK });
  });

  it('leaves calls to a router in a router to us', async () => {
    const outer = express.Router();
    outer.use('/inner', fakeHandler(fakeService()).handle);
    served = await serve((app) => app.use('/outer', outer));
    const answer = await exchange(served.port, post('/outer/inner', CALL), CALL);
    expect(answer).toMatchObject({ status: 200, body: OK });
  });
});

describe('the version', () => {
  it.each([
    ['a header of 1.0', { headers: { 'A2A-Version': '1.0' } }],
    ['a patch version', { headers: { 'A2A-Version': '1.0.7' } }],
    [
      'an empty header, and 1.0 in the query',
      { headers: { 'A2A-Version': '' }, path: '/a2a?a2a-version=1.0' },
    ],
    [
      'a header of 1.0, and 9.9 in the query',
      { headers: { 'A2A-Version': '1.0' }, path: '/a2a?A2A-Version=9.9' },
    ],
  ])('is served: %s', async (_, given) => {
    expect(await ask(fakeHandler(fakeService()), given)).toMatchObject({ status: 200, body: OK });
  });

  it.each([
    ['0.3', { headers: { 'A2A-Version': '0.3' } }],
    ['9.9 in the query', { path: '/a2a?a2a-VERSION=9.9' }],
    ['two versions', { headers: { 'A2A-Version': '1.0, 1.0' } }],
  ])('is refused before the method is looked up: %s', async (_, given) => {
    const body = '{"jsonrpc":"2.0","id":"v","method":"Nope"}';
    const answer = await ask(fakeHandler(fakeService()), { ...given, body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual(
      errorBody(
        -32009,
        'This version of A2A is not served: send the header A2A-Version: 1.0',
        [errorInfo('VERSION_NOT_SUPPORTED', 'a2a-protocol.org', { supportedVersions: '1.0' })],
        'v',
      ),
    );
  });
});

describe('the order of checks', () => {
  const tooLong = 'x'.repeat(1001);
  it.each([
    ['content type before size', { headers: { 'Content-Type': 'text/plain' }, body: tooLong }, -32005],
    ['size before JSON', { body: tooLong }, -32600],
    [
      'envelope before version',
      { headers: { 'A2A-Version': '9' }, body: '{"jsonrpc":"2.0","id":1}' },
      -32600,
    ],
    [
      'version before method',
      { headers: { 'A2A-Version': '9' }, body: '{"jsonrpc":"2.0","id":1,"method":"No"}' },
      -32009,
    ],
    ['method before the caller', { body: '{"jsonrpc":"2.0","id":1,"method":"No"}' }, -32601],
  ])('is %s', async (_, given, code) => {
    const service = fakeService();
    const answer = await ask(fakeHandler(service), given);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code } });
    expect(service.calls).toEqual([]);
  });
});

describe('parse', () => {
  it('is not fooled by a body without a length', () => {
    expect(parse(Buffer.from('HTTP/1.1 200 OK\r\nA: b\r\n\r\nhi'))).toEqual({
      status: 200,
      headers: { a: 'b' },
      body: 'hi',
    });
  });
});
