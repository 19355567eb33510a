import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../helpers/gate.ts';
import { message } from '../helpers/make-app.ts';

// NEEDS row 25: a process that has been told to end does so by itself, whatever its clients do

let child: ChildProcess | undefined;
let printed = '';
let port = 0;
let agent: Agent;

beforeAll(() => {
  execFileSync(process.execPath, ['.ci/build.mjs', '--if-needed'], { stdio: 'inherit' });
}, 240_000);

afterEach(() => {
  agent.destroy();
  if (child?.exitCode === null) child.kill('SIGKILL');
});

/** Starts the server in a process of its own; the clients keep their connections. */
async function serving(start = 'plain'): Promise<void> {
  printed = '';
  agent = new Agent({ keepAlive: true });
  const started = spawn(process.execPath, ['__tests__/express/shutdown-child.mjs', start], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = started;
  started.stdout.on('data', (chunk: Buffer) => (printed += String(chunk)));
  await until(() => printed.includes('\n'));
  port = Number(/listening on (\d+)/.exec(printed)?.[1]);
}

interface Answer {
  readonly response: IncomingMessage;
  body: string;
  readonly ended: Promise<unknown>;
}

async function call(method: string, params: unknown, path = '/a2a'): Promise<Answer> {
  const headers = { 'Content-Type': 'application/json', 'A2A-Version': '1.0' };
  const sent = request({ host: '127.0.0.1', port, agent, path, method: 'POST', headers });
  sent.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage]; // what the event carries
  const answer = { response, body: '', ended: once(response, 'end') };
  response.on('data', (chunk: Buffer) => (answer.body += String(chunk)));
  return answer;
}

async function stream(text: string): Promise<Answer> {
  const answer = await call('SendStreamingMessage', message(text));
  await until(() => answer.body.includes('"begun"'));
  return answer;
}

async function totalSize(): Promise<number> {
  const list = await call('ListTasks', {});
  await list.ended;
  return (JSON.parse(list.body) as { result: { totalSize: number } }).result.totalSize; // an answer without error
}

/** Tells the process to end, and waits until it has, on its own account. */
async function ends(signals = 1): Promise<void> {
  if (child === undefined) throw new Error('not started');
  const exit = once(child, 'exit');
  for (let n = 0; n < signals; n += 1) child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
  const status = {
    ready: false,
    closing: true,
    calls: 0,
    runs: { running: 0, orphaned: expect.any(Number) },
  };
  const lines = printed.trim().split('\n');
  expect(lines).toContain('server closed');
  const closed = lines.filter((line) => line.startsWith('agent closed '));
  expect(closed).not.toEqual([]);
  for (const line of closed) expect(JSON.parse(line.replace('agent closed ', ''))).toMatchObject(status);
}

describe('a process that is told to end', () => {
  it.each([
    ['before the first call', 'plain'],
    ['while it starts', 'slow'],
    ['while a start hangs', 'hanging'],
  ])('does so %s', async (_, start) => {
    await serving(start);
    await ends();
  });

  it('does so when told twice', async () => {
    await serving();
    await stream('hi');
    await ends(2);
  });

  it('ends 200 streams with a comment', async () => {
    await serving();
    const streams = await Promise.all(Array.from({ length: 200 }, () => stream('hi')));
    await ends();
    await Promise.all(streams.map(({ ended }) => ended));
    expect(streams.filter(({ body }) => !body.endsWith('\n\n: the server shuts down\n\n'))).toEqual([]);
  });

  it('answers waiting sends with 503, where the task is, and a connection that is closed', async () => {
    await serving();
    const sends = Array.from({ length: 20 }, () => call('SendMessage', message('hi')));
    const watch = await stream('hi');
    await until(async () => (await totalSize()) === 21);
    await ends();
    await watch.ended;
    for (const { response, body: text, ended } of await Promise.all(sends)) {
      await ended;
      expect(response.statusCode).toBe(503);
      expect(response.headers).toMatchObject({ 'retry-after': '1', connection: 'close' });
      expect(JSON.parse(text)).toMatchObject({
        error: {
          code: -32000,
          data: [
            {
              reason: 'UNAVAILABLE',
              metadata: { taskId: expect.any(String), contextId: expect.any(String) },
            },
          ],
        },
      });
    }
  });

  it('does not wait for agents that ignore the signal', async () => {
    await serving();
    const deaf = await stream('deaf');
    await ends();
    await deaf.ended;
  });

  it('does not wait for connections that are kept alive', async () => {
    await serving();
    const idle = await call('ListTasks', {});
    const missing = await call('ListTasks', {}, '/missing');
    await Promise.all([idle.ended, missing.ended]);
    const busy = await stream('hi');
    await ends();
    await busy.ended;
    // the run was told, though no connection was left to keep the process
    expect(printed).toContain('agent told');
  });
});
