import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Task } from '../../lib/protocol/v1.ts';
import { type Example, startExample } from '../helpers/example.ts';
import { type Issuer, startIssuer } from '../helpers/issuer.ts';
import { message } from '../helpers/make-app.ts';
import { dataOf, readEvents } from '../helpers/sse.ts';

// NEEDS rows 4 and 17: middleware that knows callers in front of an agent, as the examples show it

const AUDIENCE = 'https://agents.example';

let issuer: Issuer;
let forger: Issuer;
const examples: Record<string, Example> = {};

beforeAll(async () => {
  [issuer, forger] = await Promise.all([startIssuer(AUDIENCE), startIssuer(AUDIENCE)]);
  examples['passport.mjs'] = await startExample('passport.mjs');
  examples['oauth2.mjs'] = await startExample('oauth2.mjs', { ISSUER: issuer.url, AUDIENCE });
}, 240_000);

afterAll(async () => {
  for (const each of Object.values(examples)) await each.stop();
  await Promise.all([issuer, forger].map((each) => each.close()));
});

function example(name: string): Example {
  const found = examples[name];
  if (found === undefined) throw new Error(`${name} has not been started`);
  return found;
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** A token of this user, for the example. */
async function tokenOf(name: string, user: string): Promise<string> {
  return name === 'passport.mjs' ? `${user}-token` : issuer.token(user);
}

const UNSIGNED = `${base64({ alg: 'none' })}.${base64({ sub: 'ada', aud: AUDIENCE })}.`;

function base64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

describe.each(['passport.mjs', 'oauth2.mjs'])('examples/%s', (name) => {
  it('shows its card to everybody, who learns from it how to sign in', async () => {
    const { origin } = example(name);
    const card: unknown = await (await fetch(`${origin}/.well-known/agent-card.json`)).json();
    expect(card).toMatchObject({
      supportedInterfaces: Array.from({ length: 3 }, () => ({ url: `${origin}/a2a` })),
      securitySchemes: expect.any(Object),
      securityRequirements: [{ schemes: expect.any(Object) }],
    });
  });

  it('keeps the tasks of one caller from another', async () => {
    const [ada, ben] = [bearer(await tokenOf(name, 'ada')), bearer(await tokenOf(name, 'ben'))];
    const ask = async (method: string, params: unknown, who: Record<string, string>) =>
      (await example(name).open(method, params, who)).json();

    const sent = (await ask('SendMessage', message('hello'), ada)) as { result: { task: Task } }; // checked next
    expect(sent).toMatchObject({ result: { task: { status: { state: 'TASK_STATE_COMPLETED' } } } });
    const { id } = sent.result.task;
    expect(await ask('GetTask', { id }, ada)).toMatchObject({ result: { id } });
    expect(await ask('GetTask', { id }, ben)).toMatchObject({ error: { code: -32001 } });
    expect(await ask('ListTasks', {}, ada)).toMatchObject({ result: { totalSize: 1 } });
    expect(await ask('ListTasks', {}, ben)).toMatchObject({ result: { totalSize: 0 } });
  });

  it('streams', async () => {
    const who = bearer(await tokenOf(name, 'ben'));
    const events = dataOf(
      await readEvents(await example(name).open('SendStreamingMessage', message('one two'), who)).rest(),
    );
    expect(JSON.stringify(events[0])).toContain('TASK_STATE_SUBMITTED');
    expect(JSON.stringify(events.at(-1))).toContain('TASK_STATE_COMPLETED');
    expect(events.length).toBeGreaterThan(3);
  });
});

/** What the middleware answers is what the client gets: status, challenge, and no JSON-RPC. */
async function refused(name: string, headers: Record<string, string>) {
  const response = await example(name).open('ListTasks', {}, headers);
  const body = await response.text();
  expect(body).not.toContain('jsonrpc');
  return { status: response.status, challenge: response.headers.get('www-authenticate'), body };
}

describe('what passport refuses', () => {
  const realm = 'Bearer realm="Users"';
  it.each<[string, Record<string, string>, number, string | null, string]>([
    ['nobody', {}, 401, realm, 'Unauthorized'],
    ['a token that is not known', bearer('x'), 401, `${realm}, error="invalid_token"`, 'Unauthorized'],
    ['another scheme', { Authorization: 'Basic YTpi' }, 401, realm, 'Unauthorized'],
    ['a header without a token', { Authorization: 'Bearer' }, 400, null, 'Bad Request'],
    ['a caller who is blocked', bearer('eve-token'), 403, null, 'Your account is blocked'],
  ])('gets its answer: %s', async (_, headers, status, challenge, body) => {
    expect(await refused('passport.mjs', headers)).toEqual({ status, challenge, body });
  });
});

describe('what express-oauth2-jwt-bearer refuses', () => {
  const past = Math.floor(Date.now() / 1000) - 10;
  it.each<[string, () => Promise<string> | string, number, RegExp]>([
    ['no token', () => '', 401, /^Bearer realm="api", DPoP algs=/],
    ['what is no token', () => 'x', 401, /error="invalid_token"/],
    [
      'a token that has expired',
      () => issuer.token('ada', { exp: past }),
      401,
      /error="invalid_token".*'exp'/,
    ],
    ['a token for others', () => issuer.token('ada', { aud: 'https://other.example' }), 401, /'aud'/],
    ['a token of another issuer', () => forger.token('ada'), 401, /error="invalid_token"/],
    ['a forged token', () => forger.token('ada', { iss: issuer.url }), 401, /signature verification failed/],
    ['a token without a signature', () => UNSIGNED, 401, /error="invalid_token"/],
    ['a token without the scope', () => issuer.token('ada', { scope: 'other' }), 403, /scope="agent:use"/],
  ])('gets its answer: %s', async (_, token, status, challenge) => {
    const given = await token();
    const answer = await refused('oauth2.mjs', given === '' ? {} : bearer(given));
    expect(answer).toMatchObject({ status, challenge: expect.stringMatching(challenge) });
  });
});
