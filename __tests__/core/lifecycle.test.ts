import { describe, expect, it } from '@jest/globals';
import { createLifecycle } from '../../lib/core/lifecycle.ts';
import { fakeClock } from '../helpers/fake-clock.ts';

function recorder(): { texts: string[]; logger: Parameters<typeof createLifecycle>[2] } {
  const texts: string[] = [];
  const log = (_fields: object, text: string) => {
    texts.push(text);
  };
  return { texts, logger: { debug: log, info: log, warn: log, error: log } };
}

const turn = () => new Promise(setImmediate);

describe('starting', () => {
  it('happens once, for all who wait', async () => {
    let starts = 0;
    const lifecycle = createLifecycle(
      () => {
        starts += 1;
        return Promise.resolve();
      },
      fakeClock(),
      recorder().logger,
    );
    await Promise.all([lifecycle.ready(), lifecycle.ready()]);
    await lifecycle.ready();
    expect(starts).toBe(1);
    expect(lifecycle.isReady()).toBe(true);
  });

  it('that fails is tried again after five seconds, without a call', async () => {
    const clock = fakeClock();
    const { texts, logger } = recorder();
    let starts = 0;
    const lifecycle = createLifecycle(
      () => {
        starts += 1;
        return starts < 3 ? Promise.reject(new Error('down')) : Promise.resolve();
      },
      clock,
      logger,
    );
    await expect(lifecycle.ready()).rejects.toMatchObject({ code: -32000, httpStatus: 503 });
    clock.advance(4999);
    await turn();
    expect(starts).toBe(1);
    clock.advance(1);
    await turn();
    expect(starts).toBe(2);
    clock.advance(5000);
    await turn();
    expect(lifecycle.isReady()).toBe(true);
    expect(texts).toHaveLength(2);
    clock.advance(60_000);
    await turn();
    expect(starts).toBe(3);
  });
});

describe('closing', () => {
  it('drains at once, waits for a start under way, and takes the steps in order', async () => {
    const { texts, logger } = recorder();
    let finish: () => void = () => undefined;
    const lifecycle = createLifecycle(
      () => new Promise<void>((resolve) => (finish = resolve)),
      fakeClock(),
      logger,
    );
    const started = lifecycle.ready();
    const done: string[] = [];
    const closed = lifecycle.close(
      () => {
        done.push('drain');
        return Promise.resolve();
      },
      [
        () => {
          done.push('first');
          throw new Error('no');
        },
        () => done.push('second'),
      ],
      { drainMs: 1000, limitMs: 1000 },
    );
    expect(lifecycle.isClosing()).toBe(true);
    await turn();
    expect(done).toEqual(['drain']);
    finish();
    await started;
    await closed;
    expect(done).toEqual(['drain', 'first', 'second']);
    expect(texts).toEqual(['closing failed in part']);
    expect(lifecycle.isReady()).toBe(false);
    expect(lifecycle.close(() => Promise.reject(new Error('twice')), [], { drainMs: 0, limitMs: 0 })).toBe(
      closed,
    );
  });

  it('does not wait for ever for a start that hangs', async () => {
    const clock = fakeClock();
    const { texts, logger } = recorder();
    const lifecycle = createLifecycle(() => new Promise(() => undefined), clock, logger);
    void lifecycle.ready();
    const done: string[] = [];
    const closed = lifecycle.close(() => Promise.resolve(), [() => done.push('step')], {
      drainMs: 1000,
      limitMs: 1000,
    });
    await turn();
    clock.advance(999);
    await turn();
    expect(done).toEqual([]);
    clock.advance(1);
    await closed;
    expect(done).toEqual(['step']);
    expect(texts).toEqual(['the storage or the worker is still being started; closing without it']);
  });

  it('gives up on a start that failed', async () => {
    const clock = fakeClock();
    const lifecycle = createLifecycle(() => Promise.reject(new Error('down')), clock, recorder().logger);
    await expect(lifecycle.ready()).rejects.toThrow('storage');
    await lifecycle.close(() => Promise.resolve(), [], { drainMs: 0, limitMs: 0 });
    expect(clock.pending()).toBe(0);
  });
});

describe('closing that tells somebody who closes as well', () => {
  it('is one closing, and known to be under way', async () => {
    const { texts, logger } = recorder();
    const lifecycle = createLifecycle(() => Promise.resolve(), fakeClock(), logger);
    await lifecycle.ready();
    const limits = { drainMs: 1000, limitMs: 1000 };
    const seen: string[] = [];
    const inner: Promise<void>[] = [];
    const drain = () => {
      seen.push(`drains, closing: ${String(lifecycle.isClosing())}`);
      inner.push(lifecycle.close(drain, [() => seen.push('inner step')], limits));
      return Promise.resolve();
    };
    const outer = lifecycle.close(drain, [() => seen.push('step')], limits);
    await outer;
    expect(seen).toEqual(['drains, closing: true', 'step']);
    expect(inner[0]).toBe(outer);
    expect(texts).toEqual([]);
  });
});
