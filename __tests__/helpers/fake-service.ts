import type { IncomingMessage } from 'node:http';
import type { Caller, Method, Service } from '../../lib/core/call.ts';
import { createCard } from '../../lib/core/card.ts';
import { silentLogger } from '../../lib/core/logger.ts';
import { addressOf } from '../../lib/express/caller.ts';
import { createHandler, type Handler, type HandlerOptions } from '../../lib/http/handler.ts';
import { fakeClock, type FakeClock } from './fake-clock.ts';

/** What a call reached the service with. */
export interface SeenCall {
  readonly method: Method;
  readonly params: unknown;
  readonly caller: Caller;
}

/** A service that does what the test says, and remembers what it was asked. */
export interface FakeService extends Service {
  readonly calls: SeenCall[];
}

/** `answer` gives the result or the stream, or throws. Extensions starting with `urn:known` are declared. */
export function fakeService(answer: (call: SeenCall) => unknown = () => ({ ok: true })): FakeService {
  const calls: SeenCall[] = [];
  return {
    calls,
    async invoke(method, params, caller) {
      const call = { method, params, caller };
      calls.push(call);
      await caller.identify();
      return (await answer(call)) as never; // the wire carries whatever the test made up
    },
    activeExtensions: (requested) => [...new Set(requested)].filter((uri) => uri.startsWith('urn:known')),
  };
}

/** A handler around a service, and what it reported. */
export interface FakeHandler extends Handler<IncomingMessage> {
  readonly clock: FakeClock;
  readonly reports: { readonly error: unknown; readonly info: object }[];
}

/** Makes a handler with a clock that stands still. */
export function fakeHandler(
  service: Service,
  options: Partial<HandlerOptions<IncomingMessage>> = {},
): FakeHandler {
  const clock = fakeClock();
  const reports: { error: unknown; info: object }[] = [];
  const handler = createHandler({
    service,
    card: createCard({ name: 'Echo', description: 'Says it again', version: '1.2.3' }),
    addressOf,
    owner: () => null,
    challenges: [],
    ready: () => Promise.resolve(),
    bodyBytes: 1000,
    bodiesBytes: 10_000,
    keepAliveMs: 15_000,
    stallMs: 30_000,
    clock,
    logger: silentLogger,
    onError: (error, info) => {
      reports.push({ error, info });
    },
    ...options,
  });
  return { ...handler, clock, reports };
}
