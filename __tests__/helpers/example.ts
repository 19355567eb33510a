import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from '@jest/globals';

/** An example that serves an agent, in a process of its own. */
export interface Example {
  readonly origin: string;
  /** Sends a call to the agent. */
  readonly open: (method: string, params: unknown, headers?: Record<string, string>) => Promise<Response>;
  /** Tells it to end, and waits until it has. */
  readonly stop: () => Promise<void>;
}

/** Starts `examples/<name>` on a free port. The package is built first, where it is not. */
export async function startExample(name: string, env: Record<string, string> = {}): Promise<Example> {
  execFileSync(process.execPath, ['.ci/build.mjs', '--if-needed'], { stdio: 'inherit' });
  const child: ChildProcess = spawn(process.execPath, [`examples/${name}`], {
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  let printed = '';
  for await (const chunk of child.stdout ?? []) {
    printed += String(chunk);
    if (printed.includes('\n')) break;
  }
  const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(printed) ?? [];
  if (origin === undefined) throw new Error(`${name} did not start: ${printed}`);
  return {
    origin,
    open: (method, params, headers = {}) =>
      fetch(`${origin}/a2a`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0', ...headers },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      }),
    async stop() {
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    },
  };
}
