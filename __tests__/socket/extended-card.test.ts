import { afterEach, describe, expect, it } from '@jest/globals';
import type { ExtendedCardCaller, ExtendedCardOptions } from '../../lib/core/extended-card.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { errorBody, errorInfo } from '../helpers/ask.ts';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';
import { exchange, post } from '../helpers/raw-http.ts';
import { verifies } from '../requirements.ts';

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

const owner: NonNullable<A2AOptions['owner']> = (req) => req.headers['x-user']?.toString() ?? null;
const ADA = { 'x-user': 'ada' };
const SKILL = { id: 'secret', name: 'Secret', description: 'For members', tags: ['members'] };

async function serve(options: Partial<A2AOptions>): Promise<AgentApp> {
  app = await makeApp({ owner, ...options });
  return app;
}

async function publicCard({ url }: AgentApp): Promise<{ capabilities: object }> {
  return (await (
    await fetch(`${url}/.well-known/agent-card.json`, { headers: { 'A2A-Version': '1.0' } })
  ).json()) as { capabilities: object }; // a card has them
}

describe('the extended card (NEEDS 39)', () => {
  it.each(['GetExtendedAgentCard', 'agent/getAuthenticatedExtendedCard'])(
    'is the card with what was added, for callers who say who they are: %s',
    async (method) => {
      verifies('3.3.4-extended-card');
      const agent = await serve({ extendedCard: { skills: [SKILL], description: 'With more' } });
      const card = await publicCard(agent);
      expect(card.capabilities).toMatchObject({ extendedAgentCard: true });
      expect(await agent.call(method, {}, ADA)).toEqual({
        ...{ jsonrpc: '2.0', id: 1 },
        result: { ...card, skills: [SKILL], description: 'With more' },
      });
      expect(JSON.stringify(await publicCard(agent))).not.toContain('members');
    },
  );

  it.each([
    ['to nobody', {}],
    ['to nobody, though others may be called by anybody', { enforceAuth: false }],
  ])('is not shown %s', async (_, options) => {
    verifies('3.1.11-authenticates');
    const agent = await serve({ ...options, extendedCard: { skills: [SKILL] } });
    const response = await agent.open('GetExtendedAgentCard');
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('A2A realm="agent"');
    expect(await response.json()).toEqual({
      ...{ jsonrpc: '2.0', id: 1 },
      error: {
        ...{
          code: -32000,
          message: 'Authentication is required: the agent card tells which credentials to send',
        },
        data: [errorInfo('UNAUTHENTICATED', 'express-a2a')],
      },
    });
  });

  it('is shown to everybody where it is public', async () => {
    const agent = await serve({ extendedCard: { skills: [SKILL], public: true } });
    const answer = await agent.call('GetExtendedAgentCard');
    expect(answer).toMatchObject({ result: { skills: [SKILL] } });
    expect(answer).not.toHaveProperty('result.public');
  });

  it('may be as public as the card itself', async () => {
    const agent = await serve({ extendedCard: { public: true } });
    expect(await agent.call('GetExtendedAgentCard')).toMatchObject({ result: await publicCard(agent) });
  });

  it('is not shown to nobody, public or not, where the card declares security', async () => {
    const card = {
      ...{ name: 'Test', description: 'For tests', version: '1.0.0' },
      securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
      securityRequirements: [{ schemes: { bearer: { list: [] } } }],
    };
    const agent = await serve({ card, extendedCard: { public: true } });
    expect((await agent.open('GetExtendedAgentCard')).headers.get('www-authenticate')).toBe('Bearer');
    expect(await agent.call('GetExtendedAgentCard', {}, ADA)).toMatchObject({ result: card });
  });

  it('is made for each caller by a function', async () => {
    const asked: ExtendedCardCaller[] = [];
    const agent = await serve({
      tenants: ['', 'acme'],
      caller: (req) => ({ plan: req.headers['x-plan'] }),
      extendedCard: async (caller) => {
        asked.push(caller);
        return { description: `For ${String(caller.owner)} of ${caller.tenant}` };
      },
    });
    const headers = { ...ADA, 'x-plan': 'gold' };
    expect(await agent.call('GetExtendedAgentCard', { tenant: 'acme' }, headers)).toMatchObject({
      result: {
        description: 'For ada of acme',
        supportedInterfaces: [
          { url: agent.url },
          { tenant: 'acme' },
          {},
          { tenant: 'acme' },
          { protocolVersion: '0.3' },
        ],
      },
    });
    await agent.call('GetExtendedAgentCard', {}, { 'x-user': 'bob' });
    expect(asked).toEqual([
      { owner: 'ada', tenant: 'acme', caller: { plan: 'gold' } },
      { owner: 'bob', tenant: '', caller: {} },
    ]);
  });

  it.each([undefined, null])('is not configured for a caller to whom the function gives %s', async (none) => {
    verifies('3.3.4-extended-card-missing');
    const agent = await serve({ extendedCard: () => none });
    expect(await agent.call('GetExtendedAgentCard', {}, ADA)).toEqual({
      ...{ jsonrpc: '2.0', id: 1 },
      error: {
        ...{ code: -32007, message: expect.stringMatching(/^This agent has no extended card/) },
        data: [errorInfo('EXTENDED_AGENT_CARD_NOT_CONFIGURED')],
      },
    });
    expect((await agent.open('GetExtendedAgentCard')).status).toBe(401);
  });

  it.each<[string, ExtendedCardOptions, string]>([
    ['that fails', () => Promise.reject(new Error('hunter2')), 'hunter2'],
    ['that gives no object', () => 'x' as never, 'must be an object with fields of a card'],
    ['that gives a list', () => [] as never, 'must be an object with fields of a card'],
    ['that gives an unknown field', () => ({ titel: 'hunter2' }) as never, 'card.titel'],
    ['that gives capabilities', () => ({ capabilities: {} }) as never, 'extendedCard.capabilities'],
    ['that gives a wrong value', () => ({ skills: 'hunter2' }) as never, 'card.skills'],
  ])('is an internal error for a function %s', async (_, extendedCard, words) => {
    const errors: unknown[] = [];
    const agent = await serve({ extendedCard, onError: (error) => errors.push(error) });
    const text = await (await agent.open('GetExtendedAgentCard', {}, ADA)).text();
    expect(JSON.parse(text)).toMatchObject({ error: { code: -32603 } });
    expect(text).not.toContain('hunter2');
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining(words) })]);
  });

  it('is not made for a Host header that is none', async () => {
    const agent = await serve({ extendedCard: { public: true } });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'GetExtendedAgentCard' });
    const answer = await exchange(agent.port, post('/a2a', body, { Host: 'evil.test/x?' }), body);
    expect(JSON.parse(answer.body)).toEqual(
      errorBody(-32600, 'The Host header is not valid: send the name of this host'),
    );
  });

  it('changes nothing for an agent without one', async () => {
    verifies('3.3.4-extended-card');
    const agent = await serve({});
    for (const headers of [{}, ADA]) {
      expect(await agent.call('GetExtendedAgentCard', {}, headers)).toMatchObject({
        error: { code: -32004 },
      });
    }
  });
});
