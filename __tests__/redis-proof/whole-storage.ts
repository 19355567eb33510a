import type { Storage } from '../../lib/core/storage.ts';
import { redisProof } from './storage.ts';

/** The proof as a Storage; what it does not cover rejects. */
export function wholeStorage(options: Parameters<typeof redisProof>[0]): Storage {
  const outside = () => Promise.reject(new Error('not part of the proof'));
  return {
    ...redisProof(options),
    ...{ shared: true, init: async () => {}, close: async () => {} },
    ...{ listTasks: outside, sweep: async () => 0 },
  };
}
