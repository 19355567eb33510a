import { afterEach } from '@jest/globals';
import type { A2AOptions } from '../../lib/express/options.ts';
import { type AgentApp, makeApp } from './make-app.ts';

/** Servers that post to receivers on this machine. What is in `closing` is closed after each test, servers first. */
export function pushApps(): {
  readonly serve: (options?: Partial<A2AOptions>) => Promise<AgentApp>;
  readonly closing: (() => Promise<unknown>)[];
} {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function serve(options: Partial<A2AOptions> = {}): Promise<AgentApp> {
    const app = await makeApp({ push: { allowPrivate: true }, ...options });
    closing.unshift(app.close);
    return app;
  }

  return { serve, closing };
}
