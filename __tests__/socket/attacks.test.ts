import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { A2AOptions } from '../../lib/express/options.ts';
import { message } from '../helpers/make-app.ts';

// Server and attacker are processes of their own. In a worker of jest every promise and socket gets larger with each suite
// that ran before: jest-circus leaves an AsyncLocalStorage behind, and Node 20 notes each of them on each.

jest.setTimeout(240_000);

let server: Attacked | undefined;
let attacker: ChildProcess | undefined;

afterEach(() => {
  attacker?.kill();
  server?.stop();
  server = attacker = undefined;
});

/** How the server is, once all that is garbage is gone. */
interface Health {
  readonly held: number;
  /** The most memory that it ever had. */
  readonly peakBytes: number;
  readonly calls: number;
}

interface Attacked {
  readonly port: number;
  readonly health: () => Promise<Health>;
  /** Sends a message and gives the state of its task. */
  readonly send: () => Promise<string | undefined>;
  readonly stop: () => void;
}

const fixture = (name: string) => join(process.cwd(), '__tests__/socket/fixtures', name);

async function serving(options: Partial<A2AOptions> = {}): Promise<Attacked> {
  const child = fork(fixture('attacked.cjs'), [JSON.stringify(options)]);
  const died = once(child, 'exit').then(() => Promise.reject(new Error('the server died')));
  died.catch(() => undefined);
  const told = async () => (await Promise.race([once(child, 'message'), died]))[0] as unknown;
  const { port } = (await told()) as { port: number }; // what the fixture says first
  const params = message('hi');
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params });
  const headers = { 'Content-Type': 'application/json', 'A2A-Version': '1.0' };
  return (server = {
    port,
    async health() {
      const health = told();
      child.send('how are you?');
      return (await health) as Health; // what the fixture answers with
    },
    async send() {
      const response = await fetch(`http://127.0.0.1:${String(port)}/a2a`, { method: 'POST', headers, body });
      const answer = (await response.json()) as { result?: { task: { status: { state: string } } } }; // a response of JSON-RPC
      return answer.result?.task.status.state;
    },
    stop: () => child.kill('SIGKILL'),
  });
}

/** Starts a client of bad intent; gives what it says in the end. */
function attack(kind: string, port: number, count: number): Promise<unknown> {
  const child = spawn(process.execPath, [fixture('attack.mjs'), kind, String(port), String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  attacker = child;
  const said = once(createInterface(child.stdout), 'line').then(
    ([line]) => JSON.parse(String(line)) as unknown,
  );
  const died = once(child, 'exit').then(() => Promise.reject(new Error('the attacker died')));
  return Promise.race([said, died]);
}

/** Sends messages, some of them while the attack goes on. */
async function sendMeanwhile({ send }: Attacked, attack: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const end = () => {
    over.abort();
  };
  void attack.then(end, end);
  for (let count = 0; count === 0 || (!over.signal.aborted && count < 30); count += 1) {
    expect(await send()).toBe('TASK_STATE_COMPLETED');
  }
}

async function callsAreOver({ health }: Attacked): Promise<void> {
  while ((await health()).calls > 0);
}

/** How the server is once it holds less than so many bytes, or after a hundred looks. */
async function settled({ health }: Attacked, bytes: number): Promise<Health> {
  let now = await health();
  for (let look = 0; look < 100 && now.held >= bytes; look += 1) now = await health();
  return now;
}

const MIB = 1024 * 1024;

describe('NEEDS 18: an attack from another process', () => {
  it('of 5,000 requests that stop in the middle leaves the server at work, and holds little', async () => {
    const app = await serving();
    await app.send();
    const before = await app.health();
    const attacked = attack('half-open', app.port, 5000);
    await sendMeanwhile(app, attacked);
    expect(await attacked).toEqual({ open: 5000 });
    expect(await app.send()).toBe('TASK_STATE_COMPLETED');
    const { held } = await app.health();
    expect(held - before.held).toBeLessThan(5000 * 30_000);
    attacker?.kill();
    await callsAreOver(app);
  });

  it('of bodies that inflate to a thousand times their size is answered with 413, or 503 where they are many', async () => {
    const app = await serving();
    await app.send();
    const before = await app.health();
    const attacked = attack('bomb', app.port, 100);
    await sendMeanwhile(app, attacked);
    const { statuses } = (await attacked) as { statuses: number[] }; // what this attack says
    expect(statuses).toHaveLength(100);
    expect(statuses.filter((status) => status !== 413 && status !== 503)).toEqual([]);
    const after = await app.health();
    // 128 MiB of bodies, and what is garbage for a while
    expect(after.peakBytes - before.peakBytes).toBeLessThan(450 * MIB);
    expect(after.held - before.held).toBeLessThan(20 * MIB);
    await callsAreOver(app);
  });

  it('of bodies in chunks of one byte costs little more than their bytes', async () => {
    const app = await serving();
    await app.send();
    const before = await app.health();
    const attacked = attack('crumbs', app.port, 3);
    await sendMeanwhile(app, attacked);
    expect(await attacked).toEqual({ sent: 3 });
    expect(await app.send()).toBe('TASK_STATE_COMPLETED');
    // what was sent last is still being read: each byte of it is an object until then
    const after = await settled(app, before.held + 20 * MIB);
    expect(after.calls).toBe(3);
    expect(after.held - before.held).toBeLessThan(20 * MIB);
    attacker?.kill();
    await callsAreOver(app);
  });

  it('of bodies that never end is answered with 413, and their connections are cut', async () => {
    const app = await serving({ limits: { bodyBytes: MIB } });
    await app.send();
    const before = await app.health();
    const attacked = attack('endless', app.port, 20);
    await sendMeanwhile(app, attacked);
    expect(await attacked).toEqual({ statuses: Array<number>(20).fill(413) });
    const after = await app.health();
    expect(after.held - before.held).toBeLessThan(20 * MIB);
    expect(after.calls).toBe(0);
  });
});
