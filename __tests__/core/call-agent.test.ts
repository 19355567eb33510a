import { describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import { brief } from '../../lib/testing/worker/brief.ts';
import { withBench } from '../helpers/worker-bench.ts';

describe('a promise with a `then` of its own', () => {
  const rows: [string, PropertyDescriptor][] = [
    [
      'that throws',
      {
        value: () => {
          throw new Error('then');
        },
      },
    ],
    [
      'that can not be read',
      {
        get: () => {
          throw new Error('get then');
        },
      },
    ],
    ['that never calls back', { value: () => undefined }],
    [
      'that calls back twice',
      {
        value: (resolve: (text: string) => void) => {
          resolve('a');
          resolve('b');
        },
      },
    ],
  ];
  it.each(rows)(
    '%s is awaited as any other: its agent ends, and its place is free again',
    async (_, then) => {
      await withBench(async (bench) => {
        const agent: Agent = () => Object.defineProperty(Promise.resolve('x'), 'then', then);
        const { errors, worker } = await bench.start(agent);
        const log = brief(await bench.ended(await bench.send()));
        expect(log.slice(2)).toEqual([expect.stringContaining('= x'), 'COMPLETED']);
        await bench.settle();
        expect(worker.status()).toEqual({ running: 0, orphaned: 0 });
        expect(errors).toEqual([]);
      });
    },
  );
});
