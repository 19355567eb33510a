import { describe, expect, it } from '@jest/globals';
import { TaskNotFoundError, UnauthenticatedError, UnavailableError } from '../../lib/protocol/errors.ts';
import { ask, CALL, errorBody, errorInfo, OK } from '../helpers/ask.ts';
import { fakeHandler, fakeService } from '../helpers/fake-service.ts';

describe('the HTTP status', () => {
  it('is 200 for what A2A refuses', async () => {
    const service = fakeService(() => {
      throw new TaskNotFoundError('t1');
    });
    expect((await ask(fakeHandler(service))).status).toBe(200);
  });

  it.each([
    ['a request that is none', '{"jsonrpc":"1.0","id":1,"method":"GetTask"}', -32600],
    ['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"Nope"}', -32601],
    ['a batch', `[${CALL}]`, -32600],
  ])('is 200 for %s', async (_, body, code) => {
    const answer = await ask(fakeHandler(fakeService()), { body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code } });
  });

  it.each([
    ['no JSON', '{"jsonrpc"', 'send one JSON-RPC 2.0 request object'],
    ['an empty body', '', 'the body is empty, send a JSON-RPC 2.0 request object'],
    ['a byte order mark', `\uFEFF${CALL}`, 'the body begins with a byte order mark, leave it out'],
  ])('is 400 for %s', async (_, body, why) => {
    const answer = await ask(fakeHandler(fakeService()), { body });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toEqual(
      errorBody(-32700, `Invalid JSON payload: ${why}`, undefined, null),
    );
  });

  it('is 413 for a body that is too large', async () => {
    const answer = await ask(fakeHandler(fakeService()), { body: 'x'.repeat(1001) });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toEqual(
      errorBody(
        -32600,
        'The body is larger than 1000 bytes: send large files as parts with a url',
        undefined,
        null,
      ),
    );
  });

  it.each(['text/plain', 'application/jsonp', 'multipart/form-data; boundary=application/json', ''])(
    'is 415 for the content type %p, naming the header to send',
    async (type) => {
      const answer = await ask(fakeHandler(fakeService()), { headers: { 'Content-Type': type } });
      expect(answer.status).toBe(415);
      expect(JSON.parse(answer.body)).toEqual(
        errorBody(
          -32005,
          'Send the header Content-Type: application/json',
          [errorInfo('CONTENT_TYPE_NOT_SUPPORTED')],
          null,
        ),
      );
    },
  );

  it.each(['application/json', 'Application/A2A+JSON; charset="UTF-8"', 'application/json;profile=x'])(
    'is 200 for the content type %p',
    async (type) => {
      const answer = await ask(fakeHandler(fakeService()), { headers: { 'Content-Type': type } });
      expect(answer).toMatchObject({ status: 200, body: OK });
    },
  );

  it('is 401 for callers who have to authenticate, with a challenge per scheme', async () => {
    const service = fakeService(() => {
      throw new UnauthenticatedError(['Bearer', 'ApiKey realm="x"']);
    });
    const answer = await ask(fakeHandler(service));
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer, ApiKey realm="x"');
    expect(JSON.parse(answer.body)).toEqual(
      errorBody(-32000, 'Authentication is required: the agent card tells which credentials to send', [
        errorInfo('UNAUTHENTICATED', 'express-a2a'),
      ]),
    );
  });

  it('is 503 while there is no room, and says when to come back', async () => {
    const service = fakeService(() => {
      throw new UnavailableError('Come back', 5);
    });
    const answer = await ask(fakeHandler(service));
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(JSON.parse(answer.body)).toEqual(
      errorBody(-32000, 'Come back', [errorInfo('UNAVAILABLE', 'express-a2a')]),
    );
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD'])('is 405 for %s below a path', async (method) => {
    const answer = await ask(fakeHandler(fakeService()), { method, body: '' });
    expect(answer).toMatchObject({
      status: 405,
      headers: { allow: 'POST', 'content-type': 'application/json' },
    });
    const body = errorBody(
      -32600,
      'Calls are sent with POST; the agent card is at .well-known/agent-card.json below this path',
      undefined,
      null,
    );
    expect(answer.body).toBe(method === 'HEAD' ? '' : JSON.stringify(body));
  });
});
