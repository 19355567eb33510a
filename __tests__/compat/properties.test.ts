import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cardToV03, cardToV1, hybridCard } from '../../lib/compat/v03/card.ts';
import { checkV03, readV03 } from '../../lib/compat/v03/check.ts';
import { eventToV03, eventToV1 } from '../../lib/compat/v03/event.ts';
import { callToV03, paramsToV1 } from '../../lib/compat/v03/params.ts';
import { a2aV03, a2aV03Methods } from '../../lib/compat/v03/schema.ts';
import type * as v03 from '../../lib/compat/v03/types.ts';
import type * as v1 from '../../lib/protocol/v1.ts';
import { readDefinition } from '../../lib/protocol/validate.ts';
import { canonicalValue } from '../protocol/arbitrary.ts';

const newer = <N extends keyof v1.Definitions>(name: N) =>
  canonicalValue(name) as fc.Arbitrary<v1.Definitions[N]>; // valid values of it
const older = <N extends keyof v03.Definitions>(name: N) =>
  canonicalValue(name, a2aV03.$defs) as fc.Arbitrary<v03.Definitions[N]>; // valid values of it

const RUNS = { numRuns: 150 };

type Json = Record<string, unknown>;

/** What the way down loses: names and types of text and data, empty texts and lists, and the mark that only wrapping may set. */
function withoutLosses(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutLosses(item, key));
  if (typeof value !== 'object' || value === null) return value;
  if (key === 'metadata' || key === 'data') return value;
  const entries = Object.entries(value).filter(([name, of]) => !isLost(name, of, value as Json));
  return Object.fromEntries(entries.map(([name, of]) => [name, withoutLosses(of, name)]));
}

const REQUIRED = ['parts', 'text', 'raw', 'url', 'data', 'metadata'];

function isLost(name: string, value: unknown, holder: Json): boolean {
  if (name === 'filename' || name === 'mediaType') {
    return value === '' || 'text' in holder || 'data' in holder;
  }
  if (name === 'metadata' && 'data' in holder && isEmpty(value)) {
    // the metadata of what is wrapped has no other place
    return typeof holder['data'] !== 'object' || holder['data'] === null || Array.isArray(holder['data']);
  }
  return !REQUIRED.includes(name) && (value === '' || (Array.isArray(value) && value.length === 0));
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

describe('an event of 1.0', () => {
  it('is a valid event of 0.3 on the way down, and itself again on the way up, but for what is lost', () => {
    fc.assert(
      fc.property(newer('StreamResponse'), fc.boolean(), (event, isLast) => {
        const down = eventToV03(event, isLast);
        expect(readV03('StreamEvent', down)).toStrictEqual({ value: down });
        expect(withoutLosses(eventToV1(down))).toStrictEqual(withoutLosses(event));
      }),
      RUNS,
    );
  });
});

describe('an event of 0.3', () => {
  it('is a valid event of 1.0 on the way up, and itself again on the way down', () => {
    fc.assert(
      fc.property(older('StreamEvent'), (event) => {
        const up = eventToV1(event);
        const again = eventToV03(up, 'final' in event && event.final);
        expect(withoutLosses(eventToV1(again))).toStrictEqual(withoutLosses(up));
        if (!saysLess(event)) expect(readDefinition('StreamResponse', up)).toStrictEqual({ value: up });
      }),
      RUNS,
    );
  });
});

describe('parameters', () => {
  it.each(['SendMessage', 'SendStreamingMessage'] as const)('of %s come back as they were', (method) => {
    fc.assert(
      fc.property(newer('SendMessageRequest'), ({ tenant: _, ...params }) => {
        const call = callToV03(method, params);
        if (call === undefined) throw new Error('no call');
        const checked = checkV03(call.method, call.params);
        expect(checked).toStrictEqual({ params: call.params });
        const up = paramsToV1(call.method, call.params) as v1.SendMessageRequest;
        expect(withoutLosses(up)).toStrictEqual(withoutLosses(asSent(params)));
      }),
      RUNS,
    );
  });

  it.each(Object.keys(a2aV03Methods) as (keyof v03.Methods)[])(
    'of %s are given or refused, whatever JSON came',
    (method) => {
      fc.assert(
        fc.property(fc.oneof(fc.jsonValue(), older(a2aV03Methods[method].params)), (given) => {
          const before = JSON.stringify(given);
          const checked = checkV03(method, given);
          expect(JSON.stringify(given)).toBe(before);
          if ('params' in checked) expect(checkV03(method, checked.params)).toStrictEqual(checked);
          else expect(checked.violations.length).toBeGreaterThan(0);
        }),
        RUNS,
      );
    },
  );
});

describe('a card', () => {
  it('of 1.0 is a valid card of 0.3 on the way down, and for both at once', () => {
    fc.assert(
      fc.property(newer('AgentCard'), (card) => {
        const down = cardToV03(card);
        expect(readV03('AgentCard', down)).toStrictEqual({ value: down });
        const both = hybridCard(card);
        expect(readDefinition('AgentCard', both)).toMatchObject({ value: { name: card.name } });
        expect(cardToV03(cardToV1(down)).security).toStrictEqual(down.security);
      }),
      { numRuns: 60 },
    );
  });

  it('of 0.3 comes back as it was, but for several flows', () => {
    fc.assert(
      fc.property(older('AgentCard'), (card) => {
        const up = cardToV1(card);
        const down = cardToV03(up);
        expect(cardToV1(down)).toStrictEqual({ ...up, ...versionOf(down, up) });
      }),
      { numRuns: 60 },
    );
  });
});

/** A message of a client as the server sees it, with the answer awaited unless it says not to. */
function asSent({ message, configuration, ...rest }: v1.SendMessageRequest): v1.SendMessageRequest {
  const { returnImmediately, taskPushNotificationConfig: webhook, ...wishes } = configuration ?? {};
  const { tenant: _, taskId: __, ...config } = webhook ?? { url: '' };
  return {
    message: { ...message, role: 'ROLE_USER' },
    ...(configuration && {
      configuration: {
        ...wishes,
        ...(returnImmediately === true && { returnImmediately }),
        ...(webhook && { taskPushNotificationConfig: config }),
      },
    }),
    ...rest,
  };
}

/** 1.0 has no unknown state, no event without a context, and nothing without parts. */
function saysLess(event: v03.StreamEvent): boolean {
  const isUnstated = 'status' in event && event.status.state === 'unknown';
  const hasNoContext = 'contextId' in event && event.contextId === '' && event.kind !== 'task';
  return isUnstated || hasNoContext || JSON.stringify(event).includes('"parts":[]');
}

/** A card of another version has its addresses listed for 0.3. */
function versionOf(down: v03.AgentCard, up: v1.AgentCard): Partial<v1.AgentCard> {
  return {
    supportedInterfaces: up.supportedInterfaces.map((each) => ({ ...each, protocolVersion: '0.3' })),
    capabilities: {
      ...up.capabilities,
      extendedAgentCard: down.supportsAuthenticatedExtendedCard === true,
    },
  };
}
