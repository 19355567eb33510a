import { describe, expect, it } from '@jest/globals';
import type { Batches, Taker } from '../../lib/core/batches.ts';
import type { StreamItem } from '../../lib/core/call.ts';
import type { OperationContext } from '../../lib/core/engine.ts';
import { createStreamLimits } from '../../lib/core/stream-limits.ts';
import { iterate } from '../../lib/testing/iterate.ts';

function contextOf(owner: string | null, signal: AbortSignal): OperationContext {
  return { scope: { agent: 'a', tenant: '', owner }, signal, extensions: [], resumable: false };
}

const item: StreamItem = { event: {} as StreamItem['event'] }; // nobody looks into it

/** Gives two batches, and fails or waits after them. */
function events(then: 'ends' | 'fails' | 'waits'): Batches<readonly StreamItem[]> {
  let given = 0;
  let waiting: Taker<readonly StreamItem[]> | undefined;
  let isOver = false;
  return {
    pull(taker) {
      if (isOver) taker.onEnd();
      else if ((given += 1) <= 2) taker.onBatch([item]);
      else if (then === 'ends') taker.onEnd();
      else if (then === 'fails') taker.onError(new Error('in the middle'));
      else waiting = taker;
    },
    end() {
      isOver = true;
      waiting?.onEnd();
    },
  };
}

describe('the place of a stream', () => {
  it('is free again after 10,000 streams that ended in every way there is', async () => {
    const { streaming: bounded } = createStreamLimits({ streams: 1, streamsPerCaller: 1 });
    const open = (end: Parameters<typeof events>[0], control: AbortController, isEarly = false) =>
      bounded<undefined>(async (_, context) => {
        context.openStream?.();
        // twice is fine: it is one place
        context.openStream?.();
        if (isEarly) throw new Error('before the head');
        return events(end);
      })(undefined, contextOf('ada', control.signal));
    const ways: ((control: AbortController) => Promise<unknown>)[] = [
      async (control) => drain(await open('ends', control)),
      async (control) => drain(await open('fails', control)).catch(() => undefined),
      async (control) => open('ends', control, true).catch(() => undefined),
      // gone before the first event was asked for
      async (control) => {
        await open('waits', control);
        control.abort();
      },
      // gone while the next event is waited for
      async (control) => {
        const stream = iterate(await open('waits', control));
        await stream.next();
        await stream.next();
        void stream.next();
        control.abort();
      },
      // gone while an event is being sent
      async (control) => {
        for await (const _ of iterate(await open('waits', control))) break;
      },
      // gone before it began
      async (control) => {
        control.abort();
        await open('waits', control);
      },
    ];
    for (let n = 0; n < 10_000; n += 1) await ways[n % ways.length]?.(new AbortController());
    const last = await open('ends', new AbortController());
    await expect(open('ends', new AbortController())).rejects.toMatchObject({
      code: -32000,
      httpStatus: 429,
    });
    await drain(last);
    await drain(await open('ends', new AbortController()));
  });

  it('is counted by owner, and nobody is an owner too', async () => {
    const { streaming: bounded } = createStreamLimits({ streams: 3, streamsPerCaller: 1 });
    const control = new AbortController();
    const open = (owner: string | null) =>
      bounded<undefined>(async (_, context) => {
        context.openStream?.();
        return events('waits');
      })(undefined, contextOf(owner, control.signal));
    for (const owner of ['ada', 'bob', null]) await open(owner);
    for (const owner of ['ada', 'bob', null])
      await expect(open(owner)).rejects.toMatchObject({ httpStatus: 429 });
    await expect(open('carol')).rejects.toMatchObject({ httpStatus: 503 });
    control.abort();
  });

  it('is there for everybody where Infinity is the limit', async () => {
    const { streaming: bounded } = createStreamLimits({ streams: Infinity, streamsPerCaller: Infinity });
    for (let n = 0; n < 20_000; n += 1) {
      await bounded<undefined>(async (_, context) => {
        context.openStream?.();
        return events('waits');
      })(undefined, contextOf(null, new AbortController().signal));
    }
  });
});

async function drain(stream: Batches<unknown>): Promise<void> {
  for await (const _ of iterate(stream));
}
