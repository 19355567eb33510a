import { afterEach, describe, expect, it } from '@jest/globals';
import { CALL, errorBody, errorInfo } from '../helpers/ask.ts';
import { type FakeHandler, fakeHandler, fakeService } from '../helpers/fake-service.ts';
import { exchange, post } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';
import { source } from '../helpers/source.ts';
import { STREAM_CALL } from '../helpers/sse-bench.ts';

let served: Served | undefined;

afterEach(async () => {
  await served?.close();
  served = undefined;
});

describe('closing', () => {
  it('breaks waiting calls off with 503, and refuses further ones', async () => {
    const service = fakeService(
      ({ caller }) =>
        new Promise((_, reject) => {
          caller.signal.addEventListener('abort', () => {
            reject(new Error(String(caller.signal.reason)));
          });
        }),
    );
    const handler = fakeHandler(service);
    served = await serve((app) => app.use('/a2a', handler.handle));
    const first = exchange(served.port, post('/a2a', CALL), CALL);
    while (handler.active() === 0 || service.calls.length === 0) await new Promise(setImmediate);
    const closed = handler.close();
    expect(handler.close()).toBe(closed);
    await closed;
    const second = exchange(served.port, post('/a2a', CALL), CALL);
    for (const answer of await Promise.all([first, second])) {
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      expect(JSON.parse(answer.body)).toEqual(
        errorBody(-32000, 'The server shuts down: send the call again', [
          errorInfo('UNAVAILABLE', 'express-a2a'),
        ]),
      );
    }
    expect(service.calls).toHaveLength(1);
    expect(handler.reports).toEqual([]);
  });

  it('starts nothing for a call that was waiting for the storage', async () => {
    const service = fakeService();
    let come: () => void = () => undefined;
    const handler = fakeHandler(service, { ready: () => new Promise((resolve) => (come = resolve)) });
    served = await serve((app) => app.use('/a2a', handler.handle));
    const answer = exchange(served.port, post('/a2a', CALL), CALL);
    while (handler.active() === 0) await new Promise(setImmediate);
    await new Promise(setImmediate);
    const closed = handler.close();
    come();
    await closed;
    expect(await answer).toMatchObject({ status: 503 });
    expect(service.calls).toEqual([]);
  });

  it('is joined by whoever closes because a stream ends by it', async () => {
    const closings: Promise<void>[] = [];
    const handler: FakeHandler = fakeHandler(
      fakeService(({ caller }) => source().stream(caller.signal)),
      {
        onMetric(name, value) {
          if (name === 'a2a_streams_open' && value === 0) closings.push(handler.close());
        },
      },
    );
    served = await serve((app) => app.use('/a2a', handler.handle));
    const answer = exchange(served.port, post('/a2a', STREAM_CALL), STREAM_CALL);
    while (handler.clock.pending() === 0) await new Promise(setImmediate);
    const closed = handler.close();
    // without the time in which calls may end
    await closed;
    expect(closings).toEqual([closed]);
    expect(closings[0]).toBe(closed);
    expect((await answer).body).toContain(': the server shuts down');
    expect(handler.clock.pending()).toBe(0);
  });

  it('does not wait for a body that never ends', async () => {
    const handler = fakeHandler(fakeService());
    served = await serve((app) => app.use('/a2a', handler.handle));
    const answer = exchange(served.port, post('/a2a', CALL), CALL.slice(0, 5));
    while (handler.active() === 0) await new Promise(setImmediate);
    await handler.close();
    expect(await answer).toMatchObject({ status: 503 });
    expect(handler.active()).toBe(0);
  });
});
