import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { redisBackend } from 'express-a2a/redis';
import { until } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { openClient, type ClientKind, type TestClient } from './clients.ts';
import { connect, hasServer, startServer } from './server.ts';

const KINDS: readonly ClientKind[] = ['node-redis', 'ioredis'];

(hasServer() ? describe : describe.skip).each(KINDS)('the Redis backend on %s', (kind) => {
  let server: Awaited<ReturnType<typeof startServer>>;
  const closing: (() => unknown)[] = [];

  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await server.crash();
  });

  async function serve(
    { client, close }: Pick<TestClient, 'client' | 'close'>,
    options: object = {},
  ): Promise<AgentApp> {
    closing.push(close);
    const app = await makeApp({ ...redisBackend({ client, ...options }), agent: () => 'hello' });
    closing.push(app.close);
    return app;
  }

  const stateOf = async (app: AgentApp) => JSON.stringify(await app.call('SendMessage', message('hi')));

  it('works as a user who may neither ask for INFO nor for CONFIG, and says what it could not see', async () => {
    const admin = await connect(server.url);
    const rules = ['on', '>secret', '~{a2a}:*', '&{a2a}:*', '+@all', '-@dangerous'];
    await admin.sendCommand(['ACL', 'SETUSER', 'a2a', ...rules]);
    admin.destroy();
    const warnings: unknown[] = [];
    const quiet = () => undefined;
    const logger = {
      ...{ debug: quiet, info: quiet, error: quiet },
      warn: (fields: unknown, text: string) => warnings.push([fields, text]),
    };
    const own = await openClient(kind, `redis://a2a:secret@127.0.0.1:${String(server.port)}`);
    const app = await serve(own, { logger });
    expect(await stateOf(app)).toContain('TASK_STATE_COMPLETED');
    expect(warnings).toEqual([
      [
        { code: 'ERR_A2A_REDIS_EVICTION' },
        'Redis does not say how it evicts: make sure that maxmemory-policy is noeviction',
      ],
    ]);
  });

  it('answers 503 while Redis is away and the client queues nothing, and goes on when it is back', async () => {
    const app = await serve(await openImpatient(kind, server.url));
    expect(await stateOf(app)).toContain('TASK_STATE_COMPLETED');
    await server.crash();
    const away = await app.open('SendMessage', message('hi'));
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, expect.any(String)]);
    expect(await away.json()).toMatchObject({ error: { code: -32000, data: [{ reason: 'UNAVAILABLE' }] } });
    server = await startServer(undefined, server.port);
    await until(async () => (await app.open('ListTasks')).status === 200);
    expect(await stateOf(app)).toContain('TASK_STATE_COMPLETED');
  }, 60_000);
});

/** A client that refuses at once what it can not send at once. */
async function openImpatient(kind: ClientKind, url: string): Promise<Pick<TestClient, 'client' | 'close'>> {
  if (kind === 'ioredis') {
    const client = new Redis(url, { lazyConnect: true, enableOfflineQueue: false });
    client.on('error', () => {});
    await client.connect();
    return { client, close: () => client.disconnect() };
  }
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', () => {});
  await client.connect();
  return { client, close: () => client.destroy() };
}
