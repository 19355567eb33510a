import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { sendText } from '../helpers/calls.ts';
import { until } from '../helpers/gate.ts';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';
import { heldBytes } from '../helpers/memory.ts';

jest.setTimeout(240_000);

let app: AgentApp | undefined;
let attacker: ChildProcess | undefined;

afterEach(async () => {
  attacker?.kill();
  await app?.close();
  app = attacker = undefined;
});

/** Starts a client of bad intent; gives what it says in the end. */
function attack(kind: string, port: number, count: number): Promise<unknown> {
  const script = join(process.cwd(), '__tests__/socket/fixtures/attack.mjs');
  const child = spawn(process.execPath, [script, kind, String(port), String(count)], {
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
async function serveMeanwhile(app: AgentApp, attack: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const end = () => {
    over.abort();
  };
  void attack.then(end, end);
  for (let count = 0; count === 0 || (!over.signal.aborted && count < 30); count += 1) {
    expect((await sendText(app, 'hi')).status.state).toBe('TASK_STATE_COMPLETED');
  }
}

const MIB = 1024 * 1024;

describe('NEEDS 18: an attack from another process', () => {
  it('of 5,000 requests that stop in the middle leaves the server at work, and holds little', async () => {
    app = await makeApp();
    await sendText(app, 'hi');
    const before = await heldBytes();
    const attacked = attack('half-open', app.port, 5000);
    await serveMeanwhile(app, attacked);
    expect(await attacked).toEqual({ open: 5000 });
    expect((await sendText(app, 'hi')).status.state).toBe('TASK_STATE_COMPLETED');
    // 12 kB each in a fresh process, 43 kB in one that has run other suites
    expect((await heldBytes()) - before).toBeLessThan(5000 * 120_000);
    attacker?.kill();
    await until(() => app?.router.status().calls === 0);
  });

  it('of bodies that inflate to a thousand times their size is answered with 413', async () => {
    app = await makeApp();
    await sendText(app, 'hi');
    const before = await heldBytes();
    const attacked = attack('bomb', app.port, 50);
    await serveMeanwhile(app, attacked);
    expect(await attacked).toEqual({ statuses: Array<number>(50).fill(413) });
    expect((await heldBytes()) - before).toBeLessThan(20 * MIB);
    await until(() => app?.router.status().calls === 0);
  });

  it('of bodies that never end is answered with 413, and their connections are cut', async () => {
    app = await makeApp({ limits: { bodyBytes: MIB } });
    await sendText(app, 'hi');
    const before = await heldBytes();
    const attacked = attack('endless', app.port, 20);
    await serveMeanwhile(app, attacked);
    expect(await attacked).toEqual({ statuses: Array<number>(20).fill(413) });
    expect((await heldBytes()) - before).toBeLessThan(20 * MIB);
    expect(app.router.status().calls).toBe(0);
  });
});
