import type { IncomingMessage, RequestListener } from 'node:http';
import type { A2AOptions } from '../../lib/express/options.ts';
import { a2aRouter, type A2ARouter } from '../../lib/express/router.ts';
import { serve, type Served } from './serve.ts';

/** What sends calls to an agent. */
export interface Caller {
  /** Sends a call and gives the JSON of the answer. */
  readonly call: (method: string, params?: unknown, headers?: Record<string, string>) => Promise<unknown>;
  /** Sends a call and gives the response, to be read as a stream. */
  readonly open: (method: string, params?: unknown, headers?: Record<string, string>) => Promise<Response>;
}

/** An agent on a socket. */
export interface AgentApp extends Served, Caller {
  /** Where calls go. */
  readonly url: string;
  readonly router: A2ARouter;
  /** Sends calls with the header that `userOf` reads. */
  readonly as: (user: string) => Caller;
}

/** Sends calls to this URL, with these headers in each. */
export function callerOf(url: string, own: Record<string, string> = {}): Caller {
  const open: Caller['open'] = (method, params = {}, headers = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0', ...own, ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
  return { open, call: async (method, params, headers) => (await open(method, params, headers)).json() };
}

/** Serves an agent below /a2a, and its card at the root as well. The agent says "hello" where none is given. */
export async function makeApp(options: Partial<A2AOptions> = {}): Promise<AgentApp> {
  const backend = options.storage ? {} : { agent: () => 'hello' };
  const router = a2aRouter({
    card: { name: 'Test', description: 'For tests', version: '1.0.0' },
    ...backend,
    ...options,
  });
  const isBefore = process.env['BEFORE'] === '1';
  const served = await serve(
    (app) => {
      if (!isBefore) app.use('/a2a', router);
      app.use(router.wellKnown('/a2a'));
    },
    (app) => (isBefore ? inFrontOf(app, router) : app),
  );
  const url = `${served.origin}/a2a`;

  return {
    ...served,
    ...{ url, router, ...callerOf(url) },
    as: (user) => callerOf(url, { 'X-User': user }),
    close: async () => {
      await router.close({ drainMs: 0 });
      await served.close();
    },
  };
}

/** With BEFORE=1 the suites call the agent in front of Express. The type forbids it, as options may want an Express request. */
export function inFrontOf(app: RequestListener, { before }: A2ARouter): RequestListener {
  return (before as unknown as A2ARouter<IncomingMessage>['before'])(app, '/a2a');
}

/** An owner by a header, which works in front of Express as well as behind it. */
export function userOf({ headers }: IncomingMessage): string | null {
  const user = headers['x-user'];
  return typeof user === 'string' ? user : null;
}

/** Parameters of a send: a message of the user with this text. */
export function message(text: string, more: object = {}): { message: object } {
  return { message: { messageId: 'm1', role: 'ROLE_USER', parts: [{ text }], ...more } };
}
