import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { sendText } from '../helpers/calls.ts';
import { until } from '../helpers/gate.ts';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';
import { parse, post, type RawResponse } from '../helpers/raw-http.ts';

// NEEDS 18: bodies that are being read at the same time have a bound of their own

const LIMITS = { bodyBytes: 50_000, bodiesBytes: 100_000 };

let app: AgentApp;
let sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await app.close();
});

/** A body of which something is still to come. */
async function begin(bytes: Uint8Array | string, headers: Record<string, string> = {}): Promise<Socket> {
  const socket = connect(app.port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  const length = { 'Content-Length': String(Buffer.byteLength(bytes) + 1) };
  socket.write(post('/a2a', '', { ...length, ...headers, Connection: 'keep-alive' }));
  socket.write(bytes);
  return socket;
}

const answerTo = async (socket: Socket): Promise<RawResponse> => {
  const [bytes] = (await once(socket, 'data')) as [Buffer]; // no encoding is set
  return parse(bytes);
};

/** Resolves when the server has read all that was sent until now. */
async function settled(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await sendText(app, 'hi');
}

const large = 'x'.repeat(40_000);

describe('bodies in flight', () => {
  it('make the largest of them give way with 503, and small ones are read all the while', async () => {
    app = await makeApp({ limits: LIMITS });
    const first = await begin(large);
    await settled();
    const second = await begin(`${large}xxxx`);
    await settled();
    const third = await begin(large);
    const answer = await Promise.race([first, second, third].map(async (socket) => answerTo(socket)));
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(JSON.parse(answer.body)).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: {
        code: -32000,
        message: 'This server reads as many large bodies as it can; try again later',
        data: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'UNAVAILABLE',
            domain: 'express-a2a',
          },
        ],
      },
    });
    expect((await sendText(app, 'hi')).status.state).toBe('TASK_STATE_COMPLETED');
    await until(() => app.router.status().calls === 2);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['that were left', async () => (await begin(large)).destroy()],
    [
      'that were left within a gzip',
      async () => {
        const bytes = gzipSync(Buffer.alloc(45_000, 'x'));
        (await begin(bytes.subarray(0, -4), { 'Content-Encoding': 'gzip' })).destroy();
      },
    ],
    ['that were too large', async () => answerTo(await begin('x'.repeat(60_000)))],
    [
      'that were too large when inflated',
      async () => answerTo(await begin(gzipSync(Buffer.alloc(90_000)), { 'Content-Encoding': 'gzip' })),
    ],
    ['that were no gzip', async () => answerTo(await begin(large, { 'Content-Encoding': 'gzip' }))],
    ['that were read', async () => sendText(app, large)],
  ])('leave no trace: %s', async (_, send) => {
    app = await makeApp({ limits: LIMITS });
    for (let count = 0; count < 20; count += 1) {
      await send();
      await settled();
    }
    await until(() => app.router.status().calls === 0);
    await begin(large);
    await settled();
    expect((await sendText(app, large)).status.state).toBe('TASK_STATE_COMPLETED');
    expect(app.router.status().calls).toBe(1);
  });
});
