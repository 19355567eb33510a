import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { A2AClient, type StreamResponse } from 'express-a2a/client';
import { until } from '../helpers/gate.ts';
import { hasServer } from '../redis/server.ts';

/** `npm run example:redis` with a Redis of its own, and what it has printed. */
interface Running {
  readonly npm: ChildProcess;
  readonly printed: () => string;
  readonly origin: string;
  /** The processes of the example, and theirs. */
  readonly pids: () => number[];
}

let running: Running | undefined;

async function start(): Promise<Running> {
  const { REDIS_URL: _, ...env } = process.env;
  const npm = spawn('npm', ['run', '--silent', 'example:redis'], {
    // nobody listens at port 1
    env: { ...env, PORT: '0', REDIS_PORT: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  npm.stdout.on('data', (chunk: Buffer) => (printed += String(chunk)));
  const made = { npm, printed: () => printed, origin: '', pids: () => descendants(npm.pid ?? 0) };
  running = made;
  await until(() => printed.includes('Then kill any'));
  running = { ...made, origin: /agent at (http:\/\/[\d.:]+)/.exec(printed)?.[1] ?? '' };
  return running;
}

/** All processes that this one has started, and those that they have. */
function descendants(pid: number): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const parents = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const below = (of: number): number[] =>
    parents.filter(([, parent]) => parent === of).flatMap(([child = 0]) => [child, ...below(child)]);
  return below(pid);
}

/** Those that run. One that has ended may not have been collected yet. */
function alive(pids: readonly number[]): number[] {
  return execFileSync('ps', ['-eo', 'pid=,stat='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([pid, stat = 'Z']) => pids.includes(Number(pid)) && !stat.startsWith('Z'))
    .map(([pid]) => Number(pid));
}

beforeAll(() => {
  execFileSync(process.execPath, ['.ci/build.mjs', '--if-needed'], { stdio: 'inherit' });
}, 240_000);

afterEach(() => {
  for (const pid of running?.pids() ?? []) process.kill(pid, 'SIGKILL');
  running = undefined;
});

/** The process that has printed last under this name. */
function pidOf(name: string, line = ''): number {
  const lines = [...(running?.printed() ?? '').matchAll(new RegExp(`^${name} \\((\\d+)\\): ${line}`, 'gm'))];
  return Number(lines.at(-1)?.[1]);
}

(hasServer() ? describe : describe.skip)('npm run example:redis', () => {
  it('goes on when processes are killed, and ends with all of them', async () => {
    const { npm, printed, origin, pids } = await start();
    let servedBy = '';
    const client = await A2AClient.connect(origin, {
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        servedBy = response.headers.get('x-served-by') ?? '';
        return response;
      },
    });
    expect(client.card.supportedInterfaces.map(({ url }) => url)).toEqual(Array(3).fill(`${origin}/a2a`));

    const stream = client.stream('slow');
    let taskId = '';
    const numbers: unknown[] = [];
    /** Reads until the agent has said this. */
    async function readTo(last: string): Promise<void> {
      for (let text = ''; text !== last;) {
        const { value: event } = (await stream.next()) as { value: StreamResponse }; // it has not ended
        taskId = event.task?.id ?? taskId;
        text = event.artifactUpdate?.artifact.parts[0]?.text ?? '';
        if (event.artifactUpdate) numbers.push([text, event.artifactUpdate.append]);
      }
    }
    await readTo('1\n');
    const firstServer = servedBy;
    const firstPid = pidOf(firstServer, 'listening');
    process.kill(firstPid, 'SIGKILL');
    await readTo('3\n');
    // another front-end goes on with the next event
    expect(numbers).toEqual([
      ['1\n', false],
      ['2\n', true],
      ['3\n', true],
    ]);
    await until(() => pidOf(firstServer, 'listening') !== firstPid);

    process.kill(pidOf('worker-\\d', `runs task ${taskId}, attempt 1`), 'SIGKILL');
    await readTo('1\n');
    // another worker runs the task from its beginning: what was said before is replaced
    expect(numbers.at(-1)).toEqual(['1\n', false]);
    expect(printed()).toContain(`runs task ${taskId}, attempt 2`);

    const fronts = /by front-ends at (\S+) and (\S+),/.exec(printed())?.slice(1) ?? [];
    const other = fronts[servedBy === 'front-end-1' ? 1 : 0] ?? '';
    const answer = await fetch(`${other}/a2a`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'CancelTask', params: { id: taskId } }),
    });
    expect(answer.headers.get('x-served-by')).not.toBe(servedBy);
    expect(await answer.json()).toMatchObject({ result: { status: { state: 'TASK_STATE_CANCELED' } } });
    let last: StreamResponse | undefined;
    for await (const event of stream) last = event;
    expect(last?.statusUpdate?.status.state).toBe('TASK_STATE_CANCELED');

    const all = pids();
    expect(all.length).toBeGreaterThanOrEqual(7);
    const exit = once(npm, 'exit');
    npm.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    expect(alive(all)).toEqual([]);
  }, 120_000);

  it('leaves no process when the one that started them is killed', async () => {
    const { pids } = await start();
    const all = pids();
    process.kill(all[0] ?? 0, 'SIGKILL');
    await until(() => alive(all).length === 0);
  }, 120_000);
});
