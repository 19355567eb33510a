import { afterEach, describe, expect, it } from '@jest/globals';
import { allowedHosts, type AllowedHostsOptions } from '../../lib/express/allowed-hosts.ts';
import { errorBody, errorInfo } from '../helpers/ask.ts';
import { exchange } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';

// NEEDS row 51: no page reaches a server on its own machine by DNS rebinding

let served: Served | undefined;

afterEach(async () => {
  await served?.close();
  served = undefined;
});

interface Given {
  readonly hosts?: readonly string[];
  readonly origins?: AllowedHostsOptions;
  readonly trustProxy?: unknown;
  readonly target?: string;
  readonly method?: string;
}

/** Sends these lines as they are to a server behind allowedHosts. */
async function send(lines: readonly string[], given: Given = {}) {
  const { hosts, origins, trustProxy = false, target = '/', method = 'GET' } = given;
  served = await serve((app) =>
    app
      .set('trust proxy', trustProxy)
      .use(allowedHosts(hosts, origins))
      .use((_req, res) => {
        res.send('let in');
      }),
  );
  const head = [`${method} ${target} HTTP/1.1`, ...lines, 'Connection: close'];
  return exchange(served.port, `${head.join('\r\n')}\r\n\r\n`);
}

const NAMES = ['Agent.Example', '10.0.0.7', '::1', '[2001:DB8:0::7]'];

describe('a host', () => {
  it.each<[string, string[], Given?]>([
    ['localhost, where nothing is listed', ['Host: localhost:3000']],
    ['127.0.0.1, where nothing is listed', ['Host: 127.0.0.1:80']],
    ['::1, where nothing is listed', ['Host: [::1]:3000']],
    ['a listed name', ['Host: agent.example'], { hosts: NAMES }],
    ['a listed name in capitals, with a port', ['Host: AGENT.example:8443'], { hosts: NAMES }],
    ['a listed name with the dot of the root', ['Host: agent.example.'], { hosts: NAMES }],
    ['a port that is left empty', ['Host: agent.example:'], { hosts: NAMES }],
    ['a listed address', ['Host: 10.0.0.7:1'], { hosts: NAMES }],
    ['an address of IPv6', ['Host: [2001:db8::7]'], { hosts: NAMES }],
    ['an address of IPv6 in its long form', ['Host: [0:0:0:0:0:0:0:1]:9'], { hosts: NAMES }],
    ['a whole URL', ['Host: localhost'], { target: 'http://localhost/x' }],
    ['a forwarded one that nobody trusts', ['Host: localhost', 'X-Forwarded-Host: evil.example']],
    [
      'a forwarded one that is listed',
      ['Host: 127.0.0.1', 'X-Forwarded-Host: agent.example, 127.0.0.1'],
      { hosts: [...NAMES, '127.0.0.1'], trustProxy: true },
    ],
  ])('is let in: %s', async (...[, lines, given]) => {
    expect(await send(lines, given)).toMatchObject({ status: 200, body: 'let in' });
  });

  it.each<[string, string[], Given?]>([
    ['another name', ['Host: evil.example']],
    ['a name that ends in ours', ['Host: evil-localhost']],
    ['a name that begins with ours', ['Host: localhost.evil.example']],
    ['this machine, where others are listed', ['Host: localhost'], { hosts: NAMES }],
    ['another address', ['Host: [::2]']],
    ['an address without brackets', ['Host: ::1']],
    ['an empty one', ['Host: ']],
    ['a user before it', ['Host: evil@localhost']],
    ['a path behind it', ['Host: localhost/x']],
    ['a port that is none', ['Host: localhost:x']],
    ['two in a line', ['Host: localhost, evil.example']],
    ['two lines', ['Host: localhost', 'Host: evil.example']],
    ['two lines, the other way round', ['Host: evil.example', 'Host: localhost']],
    ['a whole URL elsewhere', ['Host: localhost'], { target: 'http://evil.example/' }],
    ['no host that is allowed at all', ['Host: localhost'], { hosts: [] }],
    ['a forwarded one', ['Host: localhost', 'X-Forwarded-Host: evil.example'], { trustProxy: true }],
    [
      'one behind a forwarded one that is listed',
      ['Host: evil.example', 'X-Forwarded-Host: localhost'],
      { trustProxy: true },
    ],
  ])('is refused: %s', async (...[, lines, given]) => {
    expect(await send(lines, given)).toMatchObject({
      status: 403,
      headers: { 'content-type': 'text/plain' },
      body: 'The Host header names none of the hosts of this server: call it by one of those that allowedHosts names\n',
    });
  });

  it('that is missing is refused', async () => {
    served = await serve((app) => app.use(allowedHosts()));
    const { status } = await exchange(served.port, 'GET / HTTP/1.0\r\n\r\n');
    expect(status).toBe(403);
  });
});

describe('an origin', () => {
  const host = 'Host: localhost:3000';
  it.each<[string, string, AllowedHostsOptions?]>([
    ['of an allowed host', 'http://localhost:3000'],
    ['of an allowed host at another port', 'https://[::1]:5173'],
    ['that is listed', 'https://app.example', { origins: ['https://app.example'] }],
  ])('is let in: %s', async (...[, origin, origins]) => {
    expect((await send([host, `Origin: ${origin}`], { ...(origins && { origins }) })).status).toBe(200);
  });

  it.each([
    ['of another host', 'http://evil.example'],
    ['that is hidden', 'null'],
    ['of another scheme', 'file://localhost'],
    ['that only begins as a listed one', 'https://app.example.evil'],
    ['at another port than a listed one', 'https://app.example:8443'],
    ['of a user', 'http://localhost@evil.example'],
    ['that is empty', ''],
    ['that is no origin', 'http://localhost/path'],
  ])('is refused: %s', async (_, origin) => {
    const given = { origins: { origins: ['https://app.example'] } };
    expect(await send([host, `Origin: ${origin}`], given)).toMatchObject({
      status: 403,
      body: 'Calls from this origin are not allowed: it has to be among the origins of allowedHosts\n',
    });
  });

  it('that comes twice is refused', async () => {
    const { status } = await send([host, 'Origin: http://localhost', 'Origin: http://localhost']);
    expect(status).toBe(403);
  });
});

describe('a refusal', () => {
  it('of a call is JSON-RPC', async () => {
    const answer = await send(['Host: evil.example', 'Content-Length: 0'], { method: 'POST' });
    expect(answer).toMatchObject({ status: 403, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(answer.body)).toEqual(
      errorBody(
        -32000,
        'The Host header names none of the hosts of this server: call it by one of those that allowedHosts names',
        [errorInfo('PERMISSION_DENIED', 'express-a2a')],
        null,
      ),
    );
  });

  it.each([
    ['POST', '/a2a/message:send'],
    ['POST', '/agents/one/acme/message:stream?x=1'],
    ['GET', '/a2a/tasks/'],
    ['GET', '/tasks/t1'],
    ['POST', '/a2a/tasks/t1:cancel'],
    ['DELETE', '/a2a/tasks/t1/pushNotificationConfigs/c1'],
    ['GET', 'http://evil.example/a2a/extendedAgentCard'],
  ])('of a call of HTTP+JSON is a google.rpc.Status: %s %s', async (method, target) => {
    const answer = await send(['Host: evil.example', 'Content-Length: 0'], { method, target });
    expect(answer).toMatchObject({ status: 403, headers: { 'content-type': 'application/a2a+json' } });
    expect(JSON.parse(answer.body)).toEqual({
      error: {
        code: 403,
        status: 'PERMISSION_DENIED',
        message:
          'The Host header names none of the hosts of this server: call it by one of those that allowedHosts names',
        details: [errorInfo('PERMISSION_DENIED', 'express-a2a')],
      },
    });
  });

  it.each([
    ['a mount that is called as a path of it', '/tasks'],
    ['thousands of slashes', '/'.repeat(8000)],
  ])('of a POST to %s is JSON-RPC', async (_, target) => {
    const answer = await send(['Host: evil.example', 'Content-Length: 0'], { method: 'POST', target });
    expect(JSON.parse(answer.body)).toMatchObject({ jsonrpc: '2.0', error: { code: -32000 } });
  });

  it('of a HEAD of HTTP+JSON has no body', async () => {
    const answer = await send(['Host: evil.example'], { method: 'HEAD', target: '/a2a/tasks' });
    expect(answer).toMatchObject({
      status: 403,
      headers: { 'content-type': 'application/a2a+json' },
      body: '',
    });
  });

  it.each(['HEAD', 'OPTIONS'])('of %s is plain', async (method) => {
    const answer = await send(['Host: evil.example'], { method });
    expect(answer).toMatchObject({ status: 403, headers: { 'content-type': 'text/plain' } });
  });
});

it.each<[string, () => unknown]>([
  ['a host with a port', () => allowedHosts(['localhost:3000'])],
  ['a URL as host', () => allowedHosts(['http://localhost'])],
  ['a wildcard', () => allowedHosts(['*/x'])],
  ['an empty host', () => allowedHosts([''])],
  ['a list that is none', () => allowedHosts('localhost' as never)],
  ['an origin with a path', () => allowedHosts([], { origins: ['https://app.example/'] })],
  ['an origin that is a name', () => allowedHosts([], { origins: ['app.example'] })],
  ['origins that are no list', () => allowedHosts([], { origins: 'https://app.example' as never })],
])('%s is a mistake', (_, make) => {
  expect(make).toThrow(expect.objectContaining({ name: 'ConfigError', code: 'ERR_A2A_OPTIONS' }));
});
