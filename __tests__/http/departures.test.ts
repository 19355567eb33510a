import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import type { Abortable } from '../../lib/core/abortable.ts';
import { CALL } from '../helpers/ask.ts';
import { fakeHandler, fakeService } from '../helpers/fake-service.ts';
import { post } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';

let served: Served | undefined;

afterEach(async () => {
  await served?.close();
  served = undefined;
});

describe('a client that has gone', () => {
  it('ends its own call without a report', async () => {
    let seen: Abortable | undefined;
    const service = fakeService(({ caller }) => {
      seen = caller.signal;
      return new Promise((_, reject) => {
        caller.signal.addEventListener('abort', () => {
          reject(new Error('gone'));
        });
      });
    });
    const handler = fakeHandler(service);
    served = await serve((app) => app.use('/a2a', handler.handle));
    const control = new AbortController();
    const call = fetch(`${served.origin}/a2a`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: CALL,
      signal: control.signal,
    });
    while (seen === undefined) await new Promise(setImmediate);
    control.abort();
    await expect(call).rejects.toThrow('abort');
    while (handler.active() > 0) await new Promise(setImmediate);
    expect(seen.aborted).toBe(true);
    expect(handler.reports).toEqual([]);
  });

  it.each([
    ['parsed before', express.json()],
    ['not parsed', []],
  ])('while earlier middleware waited has started nothing, its body %s', async (_, parser) => {
    const service = fakeService();
    const handler = fakeHandler(service);
    let pass: () => void = () => undefined;
    const passed = new Promise<void>((resolve) => (pass = resolve));
    served = await serve((app) =>
      app.use('/a2a', parser, (req: express.Request, res: express.Response, next: express.NextFunction) => {
        res.once('close', () => {
          handler.handle(req, res, next);
          pass();
        });
        socket.destroy();
      }),
    );
    const socket = connect(served.port, '127.0.0.1');
    socket.write(post('/a2a', CALL) + CALL);
    await passed;
    while (handler.active() > 0) await new Promise(setImmediate);
    expect(service.calls).toEqual([]);
    expect(handler.reports).toEqual([]);
  });

  it('ends all the calls that it had sent ahead on its connection', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error) => warnings.push(name);
    process.on('warning', note);
    const service = fakeService(
      ({ caller }) =>
        new Promise((_, reject) => {
          caller.signal.addEventListener('abort', () => {
            reject(new Error('gone'));
          });
        }),
    );
    const handler = fakeHandler(service);
    served = await serve((app) => app.use('/a2a', handler.handle));
    const socket = connect(served.port, '127.0.0.1');
    socket.write((post('/a2a', CALL, { Connection: 'keep-alive' }) + CALL).repeat(20));
    while (service.calls.length < 20) await new Promise(setImmediate);
    socket.destroy();
    while (handler.active() > 0) await new Promise(setImmediate);
    process.off('warning', note);
    expect(service.calls.every(({ caller }) => caller.signal.aborted)).toBe(true);
    expect(warnings).toEqual([]);
  });
});
