import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
/** Collects: all there is, or what is young. */
export const gc = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void; // what the flag adds

/** What this process holds in memory once all that is garbage is gone, in bytes. */
export async function heldBytes(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
