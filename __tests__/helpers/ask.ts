import type { FakeHandler } from './fake-service.ts';
import { exchange, post, type RawResponse } from './raw-http.ts';
import { serve } from './serve.ts';

/** A call that the fake service answers, and its answer. */
export const CALL = '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"t1"}}';
export const OK = '{"jsonrpc":"2.0","id":1,"result":{"ok":true}}';

/** Sends a call as bytes to an agent mounted at /a2a, with a neighbour behind it. */
export async function ask(
  handler: FakeHandler,
  given: {
    body?: string;
    headers?: Record<string, string>;
    path?: string;
    mount?: string;
    method?: string;
  } = {},
): Promise<RawResponse> {
  const { body = CALL, headers = {}, mount = '/a2a', path = mount, method = 'POST' } = given;
  const served = await serve((app) => {
    app.use(mount, handler.handle);
    app.use((req, res) => {
      res.status(404).type('text').send(`neighbour ${req.method} ${req.url}`);
    });
  });
  try {
    return await exchange(served.port, post(path, body, headers).replace(/^POST/, method), body);
  } finally {
    await served.close();
  }
}

/** The body of an answer that is an error. */
export function errorBody(code: number, message: string, data?: unknown[], id: unknown = 1): unknown {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data && { data }) } };
}

/** The detail that names a reason. */
export function errorInfo(reason: string, domain = 'a2a-protocol.org', metadata?: object): object {
  return {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain,
    ...(metadata && { metadata }),
  };
}
