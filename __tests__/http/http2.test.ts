import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { a2aRouter, type A2ARouter } from '../../lib/express/router.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { type Gate, gate, until } from '../helpers/gate.ts';
import { message } from '../helpers/make-app.ts';

// NEEDS row 52: the compatibility API of node:http2, in front of whatever else the server does

interface Answer {
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  readonly body: string;
}

let server: Http2Server | undefined;
let client: ClientHttp2Session | undefined;
let a2a: A2ARouter | undefined;
const warnings: string[] = [];
const note = ({ message: text }: Error) => warnings.push(text);

afterEach(async () => {
  process.off('warning', note);
  client?.destroy();
  await a2a?.close({ drainMs: 0 });
  await new Promise((resolve) => server?.close(resolve));
  // node warns of headers that HTTP/2 has no place for
  expect(warnings).toEqual([]);
});

/** An agent at the origin of an HTTP/2 server; what is not for it gets 404. */
async function serving(options: Partial<A2AOptions> = {}): Promise<void> {
  process.on('warning', note);
  const router = a2aRouter({
    card: { name: 'N', description: 'D', version: '1' },
    agent: (turn) => `you said ${turn.text}`,
    ...options,
  });
  a2a = router;
  server = createServer((req, res) => {
    router(req as never, res as never, () => {
      res.writeHead(404).end('not the agent');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  client = connect(`http://127.0.0.1:${String(port)}`);
}

function request(headers: Record<string, string>, body?: string): ClientHttp2Stream {
  if (client === undefined) throw new Error('not connected');
  const stream = client.request(headers);
  stream.setEncoding('utf8');
  stream.end(body);
  return stream;
}

function call(method: string, params: unknown): ClientHttp2Stream {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = {
    ':method': 'POST',
    ':path': '/',
    'content-type': 'application/json',
    'a2a-version': '1.0',
  };
  return request(headers, body);
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const [headers] = (await once(stream, 'response')) as [Answer['headers']]; // what the event carries
  let body = '';
  for await (const chunk of stream) body += String(chunk);
  return { headers, body };
}

/** Resolves when this text has come. */
async function seen(stream: ClientHttp2Stream, text: string): Promise<void> {
  let all = '';
  await new Promise<void>((resolve) => {
    stream.on('data', (chunk: string) => {
      all += chunk;
      if (all.includes(text)) resolve();
    });
  });
}

const FORBIDDEN = ['connection', 'transfer-encoding', 'keep-alive', 'proxy-connection', 'upgrade'];

function expectClean({ headers }: Answer): void {
  expect(Object.keys(headers).filter((name) => FORBIDDEN.includes(name))).toEqual([]);
}

describe('over HTTP/2', () => {
  it('the card names the authority of the request', async () => {
    await serving();
    const headers = { ':path': '/.well-known/agent-card.json', ':authority': 'agent.test:8443' };
    const answer = await answerOf(request(headers));
    expectClean(answer);
    expect(answer.headers).toMatchObject({ ':status': 200, 'content-type': 'application/json' });
    expect(JSON.parse(answer.body)).toMatchObject({
      supportedInterfaces: Array.from({ length: 3 }, () => ({ url: 'http://agent.test:8443' })),
    });
    const etag = String(answer.headers.etag);
    const again = await answerOf(request({ ...headers, 'if-none-match': etag }));
    expectClean(again);
    expect(again).toMatchObject({ headers: { ':status': 304 }, body: '' });
    const head = await answerOf(request({ ...headers, ':method': 'HEAD' }));
    expect(head).toMatchObject({ headers: { ':status': 200, etag }, body: '' });
  });

  it('a message is answered with its task', async () => {
    await serving();
    const answer = await answerOf(call('SendMessage', message('hi')));
    expectClean(answer);
    expect(answer.headers).toMatchObject({ ':status': 200, 'cache-control': 'no-store' });
    expect(JSON.parse(answer.body)).toMatchObject({
      result: {
        task: {
          status: { state: 'TASK_STATE_COMPLETED' },
          artifacts: [{ parts: [{ text: 'you said hi' }] }],
        },
      },
    });
  });

  it.each([
    ['no JSON', { ':method': 'POST', 'content-type': 'application/json' }, '{', 400],
    ['another type', { ':method': 'POST', 'content-type': 'text/plain' }, '{}', 415],
    ['too large', { ':method': 'POST', 'content-type': 'application/json' }, 'x'.repeat(1001), 413],
    ['what is not for the agent', { ':method': 'POST', ':path': '/other' }, '', 404],
  ])('a refusal is an answer: %s', async (_, headers, body, status) => {
    await serving({ limits: { bodyBytes: 1000 } });
    const answer = await answerOf(request({ ':path': '/', ...headers }, body));
    expectClean(answer);
    expect(answer.headers[':status']).toBe(status);
  });

  it('every event arrives before the next one is made', async () => {
    const gates = [gate(), gate()];
    await serving({
      async *agent() {
        yield 'one';
        await gates[0]?.opened;
        yield 'two';
        await gates[1]?.opened;
        yield 'three';
      },
    });
    const stream = call('SendStreamingMessage', message('hi'));
    const [headers] = (await once(stream, 'response')) as [Answer['headers']]; // what the event carries
    expectClean({ headers, body: '' });
    expect(headers).toMatchObject({
      ':status': 200,
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    await seen(stream, '"one"');
    gates[0]?.open();
    await seen(stream, '"two"');
    gates[1]?.open();
    await seen(stream, 'TASK_STATE_COMPLETED');
    await once(stream, 'close');
  });

  it('a reader that goes away ends its own stream and not the task', async () => {
    const end = gate();
    await serving({ agent: untilOpened(end) });
    const stream = call('SendStreamingMessage', message('hi'));
    await seen(stream, '"begun"');
    stream.destroy();
    await until(() => a2a?.status().calls === 0);
    expect(a2a?.status().runs.running).toBe(1);
    end.open();
    await until(() => a2a?.status().runs.running === 0);
    const { body } = await answerOf(call('ListTasks', {}));
    expect(JSON.parse(body)).toMatchObject({
      result: { tasks: [{ status: { state: 'TASK_STATE_COMPLETED' } }] },
    });
  });

  it('a connection that breaks ends all its calls', async () => {
    const end = gate();
    await serving({ agent: untilOpened(end) });
    const streams = [1, 2, 3].map((n) =>
      call('SendStreamingMessage', message('hi', { messageId: String(n) })),
    );
    await Promise.all(streams.map((stream) => seen(stream, '"begun"')));
    const waiting = call('SendMessage', message('hi', { messageId: '4' }));
    waiting.on('error', () => undefined);
    await until(() => a2a?.status().calls === 4);
    client?.destroy();
    await until(() => a2a?.status().calls === 0);
    end.open();
    await until(() => a2a?.status().runs.running === 0);
  });

  it('a reader that takes nothing holds the stream back, and gets all of it in the end', async () => {
    let made = 0;
    const piece = 'x'.repeat(100_000);
    await serving({
      async *agent() {
        for (; made < 100; made += 1) yield piece;
      },
    });
    const stream = call('SendStreamingMessage', message('hi'));
    await once(stream, 'response');
    stream.pause();
    await until(() => a2a?.status().runs.running === 0);
    // the task has ended, but the window of the reader is full
    expect(made).toBe(100);
    expect(a2a?.status().calls).toBe(1);
    let body = '';
    for await (const chunk of stream) body += String(chunk);
    expect(body.split(piece).length - 1).toBe(100);
    expect(body.endsWith('\n\n')).toBe(true);
    await until(() => a2a?.status().calls === 0);
  });

  it('a reader that takes nothing for stallMs is cut', async () => {
    await serving({
      stallMs: 100,
      async *agent() {
        for (let n = 0; n < 100; n += 1) yield 'x'.repeat(100_000);
      },
    });
    const stream = call('SendStreamingMessage', message('hi'));
    stream.on('error', () => undefined);
    await once(stream, 'response');
    stream.pause();
    await until(() => a2a?.status().calls === 0);
    let body = '';
    stream.on('data', (chunk: string) => (body += chunk)).resume();
    await once(stream, 'close');
    // half a stream does not look like a whole one
    expect([stream.rstCode, body.includes('COMPLETED')]).toEqual([8, false]);
  });

  it('a shutdown ends streams with a comment and waiting calls with 503', async () => {
    const end = gate();
    await serving({ agent: untilOpened(end) });
    const stream = call('SendStreamingMessage', message('hi'));
    await seen(stream, '"begun"');
    const last = seen(stream, ': the server shuts down\n\n');
    const waiting = answerOf(call('SendMessage', message('hi', { messageId: 'm2' })));
    await until(() => a2a?.status().runs.running === 2);
    const closed = a2a?.close({ drainMs: 60_000 });
    await last;
    const answer = await waiting;
    expectClean(answer);
    expect(answer.headers).toMatchObject({ ':status': 503, 'retry-after': '1' });
    end.open();
    await closed;
  });
});

/** Streams a first text, and ends when the test lets it. */
function untilOpened(end: Gate): NonNullable<A2AOptions['agent']> {
  return async function* () {
    yield 'begun';
    await end.opened;
  };
}
