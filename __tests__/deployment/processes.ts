import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { callerOf } from '../helpers/make-app.ts';
import { connect, removeKeys, type TestRedis } from '../redis/server.ts';
import type { Deployment, FrontEnd, Sender } from './deployment.ts';

/** Each front-end, worker and sender a process of its own, on this Redis; the test is only a client. */
export async function redisDeployment({ url, stop: stopRedis }: TestRedis): Promise<Deployment> {
  const prefix = `{a2a-test-${randomUUID()}}:`;
  const children = new Set<ChildProcess>();

  async function spawn(role: string): Promise<{ child: ChildProcess; port: number }> {
    const child = fork(join(__dirname, 'child-process.cjs'), [role, url, prefix]);
    children.add(child);
    child.once('exit', () => children.delete(child));
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]; // what the child sends once it is there
    return { child, port };
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
    const exited = once(child, 'exit');
    child.kill(signal);
    return exited;
  }

  async function addFrontEnd(): Promise<FrontEnd> {
    const { child, port } = await spawn('front-end');
    const origin = `http://127.0.0.1:${String(port)}`;
    const ask = async (path: string) => Number(await (await fetch(`${origin}${path}`)).text());
    return {
      port,
      as: (user) => callerOf(`${origin}/a2a`, { 'X-User': user }),
      calls: () => ask('/calls'),
      heldBytes: () => ask('/held'),
      async stop() {
        const ended = await end(child, 'SIGTERM');
        if (String(ended) !== '0,')
          throw new Error(`a front-end that is told to end has ended with ${String(ended)}`);
      },
    };
  }

  async function addSender(): Promise<Sender> {
    const { child } = await spawn('sender');
    return {
      async crash() {
        await end(child, 'SIGKILL');
      },
    };
  }

  const [first, second, ...workers] = await Promise.all([
    addFrontEnd(),
    addFrontEnd(),
    spawn('worker'),
    spawn('worker'),
  ]);
  return {
    web: [first, second],
    open(gate) {
      for (const { child } of workers) child.send(gate);
    },
    ...{ addFrontEnd, addSender },
    async close() {
      await Promise.all([...children].map((child) => end(child, 'SIGKILL')));
      const client = await connect(url);
      await removeKeys(client, prefix);
      client.destroy();
      await stopRedis();
    },
  };
}
