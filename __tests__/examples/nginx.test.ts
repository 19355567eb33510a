import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { a2aRouter, type A2ARouter } from '../../lib/express/router.ts';
import { type Gate, gate, until } from '../helpers/gate.ts';
import { message } from '../helpers/make-app.ts';
import { hasNginx, type Nginx, startNginx } from '../helpers/nginx.ts';
import { exchange, post } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';

// NEEDS rows 6 and 15: an agent behind examples/nginx.conf

const isThere = hasNginx();
if (!isThere)
  process.stderr.write('SKIPPED: examples/nginx.conf is not tested, for there is no nginx here\n');

// in CI nothing is left out
(isThere || process.env['CI'] === 'true' ? describe : describe.skip)('behind nginx', () => {
  let app: Served;
  let a2a: A2ARouter;
  let nginx: Nginx;
  let gates: Gate[] = [];

  beforeAll(async () => {
    a2a = a2aRouter({
      card: { name: 'N', description: 'D', version: '1' },
      async *agent(turn) {
        if (turn.text !== 'steps') yield `you said ${turn.text}`;
        else {
          for (const [step, { opened }] of gates.entries()) {
            yield `step ${String(step)}`;
            await opened;
          }
        }
      },
    });
    app = await serve((it) => it.set('trust proxy', 'loopback').use('/a2a', a2a).use(a2a.wellKnown('/a2a')));
    nginx = await startNginx('examples/nginx.conf', app.port);
  });
  afterAll(async () => {
    await nginx.stop();
    await a2a.close({ drainMs: 0 });
    await app.close();
  });

  const rpc = (method: string, params: unknown) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const call = (method: string, params: unknown) => {
    const body = rpc(method, params);
    return exchange(nginx.port, post('/a2a', body), body);
  };

  /** Streams to a client that would take gzip, and looks at what comes on the socket. */
  function stream() {
    const body = rpc('SendStreamingMessage', message('steps'));
    const socket = connect(nginx.port, '127.0.0.1');
    let all = '';
    socket.on('data', (chunk: Buffer) => (all += chunk.toString('latin1')));
    socket.write(post('/a2a', body, { 'Accept-Encoding': 'gzip' }) + body);
    return { socket, seen: (text: string) => until(() => all.includes(text)), all: () => all };
  }

  it('every event arrives before the next one is made', async () => {
    gates = [gate(), gate(), gate()];
    const { seen, all } = stream();
    for (const [step, each] of gates.entries()) {
      await seen(`"step ${String(step)}"`);
      each.open();
    }
    await seen('TASK_STATE_COMPLETED');
    expect(all()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(all()).not.toMatch(/\r\nContent-Encoding:/i);
  });

  it('a client that leaves is not read for any more, and its task goes on', async () => {
    gates = [gate()];
    const { socket, seen } = stream();
    await seen('"step 0"');
    socket.destroy();
    await until(() => a2a.status().calls === 0);
    expect(a2a.status().runs.running).toBe(1);
    gates[0]?.open();
    await until(() => a2a.status().runs.running === 0);
  });

  it.each(['/.well-known/agent-card.json', '/a2a/.well-known/agent-card.json'])(
    'the card at %s names the URL that clients see, and nothing else that they say',
    async (path) => {
      const host = `agents.example.com:${String(nginx.port)}`;
      const lies = {
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Prefix': '/evil',
        Forwarded: 'host=evil.example;proto=https',
      };
      for (const headers of [{}, lies]) {
        const head = post(path, '', { Host: host, ...headers }).replace('POST', 'GET');
        const { status, body } = await exchange(nginx.port, head);
        expect(status).toBe(200);
        expect(body).not.toContain('evil');
        expect(JSON.parse(body)).toMatchObject({
          supportedInterfaces: Array.from({ length: 3 }, () => ({ url: `http://${host}/a2a` })),
        });
      }
    },
  );

  it('a call is answered, and a body that is too large refused in the words of the protocol', async () => {
    const sent = await call('SendMessage', message('hi'));
    expect(JSON.parse(sent.body)).toMatchObject({
      result: { task: { artifacts: [{ parts: [{ text: 'you said hi' }] }] } },
    });
    const large = await call('SendMessage', message('x'.repeat(10 * 1024 * 1024)));
    expect(large.status).toBe(413);
    expect(JSON.parse(large.body)).toMatchObject({ jsonrpc: '2.0', error: { code: -32600 } });
  });
});
