import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Example, startExample } from '../helpers/example.ts';
import { message } from '../helpers/make-app.ts';
import { exchange, post } from '../helpers/raw-http.ts';
import { dataOf, readEvents } from '../helpers/sse.ts';

// NEEDS rows 49 and 51: cors and helmet in front of an agent, as the example shows it

const PAGE = 'https://app.example.com';
const SENT = 'content-type,a2a-version,a2a-extensions,authorization,last-event-id,idempotency-key';
let example: Example;

beforeAll(async () => {
  example = await startExample('browser.mjs', { PAGES: PAGE });
}, 240_000);
afterAll(() => example.stop());

const allowOrigin = (response: Response) => response.headers.get('access-control-allow-origin');

describe('examples/browser.mjs', () => {
  it('lets a page that is named ask whether it may call, with every header of the protocol', async () => {
    const response = await fetch(`${example.origin}/a2a`, {
      method: 'OPTIONS',
      headers: {
        Origin: PAGE,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': SENT,
      },
    });
    expect([response.status, allowOrigin(response)]).toEqual([204, PAGE]);
    expect(response.headers.get('access-control-allow-headers')).toBe(SENT);
    expect(response.headers.get('access-control-allow-methods')).toContain('POST');
  });

  it('streams to that page, with the headers of helmet', async () => {
    const response = await example.open('SendStreamingMessage', message('hi'), { Origin: PAGE });
    expect(allowOrigin(response)).toBe(PAGE);
    expect(response.headers.get('access-control-expose-headers')).toBe(
      'A2A-Extensions,Retry-After,WWW-Authenticate',
    );
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(response.headers.get('x-powered-by')).toBeNull();
    const events = dataOf(await readEvents(response).rest());
    expect(JSON.stringify(events.at(-1))).toContain('TASK_STATE_COMPLETED');
  });

  it('shows the page the card', async () => {
    const response = await fetch(`${example.origin}/.well-known/agent-card.json`, {
      headers: { Origin: PAGE },
    });
    expect([response.status, allowOrigin(response)]).toEqual([200, PAGE]);
    expect(await response.json()).toMatchObject({ name: 'Playground' });
  });

  it('refuses other pages, and runs nothing for them', async () => {
    const before = await total();
    const response = await example.open('SendMessage', message('hi'), { Origin: 'https://evil.example' });
    expect([response.status, allowOrigin(response)]).toEqual([403, null]);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code: -32000 } });
    expect(await total()).toBe(before);
  });

  it('refuses a name that leads here by DNS rebinding', async () => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"ListTasks"}';
    const head = post('/a2a', body, { Host: 'evil.example' });
    const { status } = await exchange(Number(new URL(example.origin).port), head, body);
    expect(status).toBe(403);
  });

  it('answers callers that are no browsers', async () => {
    expect(await total()).toEqual(expect.any(Number));
  });
});

async function total(): Promise<unknown> {
  const answer = (await (await example.open('ListTasks', {})).json()) as { result?: { totalSize: number } }; // a page of tasks
  return answer.result?.totalSize;
}
