import { PushError } from './push-error.ts';

/** Remembers which signatures have been seen; shared by all processes that one webhook has. */
export interface ReplayStore {
  /**
   * Remembers the id until `expiresAt` (ms since 1970), and says whether it is new. Looking and remembering are one
   * step: of two calls at once one gets true. What it rejects with comes out of the verifier.
   */
  readonly add: (id: string, expiresAt: number) => boolean | Promise<boolean>;
}

/**
 * Remembers in this process, at most `entries` ids. When it is full of ids that still count it throws a PushError with 503, so that the
 * sender comes again: forgetting one would let it be replayed. Only what is well signed gets this far.
 */
export function memoryReplayStore({
  entries = 100_000,
  now = () => Date.now(),
}: { readonly entries?: number; readonly now?: () => number } = {}): ReplayStore {
  const seen = new Map<string, number>();

  function forget(): void {
    const time = now();
    for (const [id, expiresAt] of seen) if (expiresAt < time) seen.delete(id);
  }

  return {
    add(id, expiresAt) {
      if (seen.has(id)) return false;
      if (seen.size >= entries) forget();
      if (seen.size >= entries)
        throw new PushError(
          'ERR_A2A_PUSH_MEMORY_FULL',
          `${entries} notifications are remembered, and no more can be`,
          { status: 503 },
        );
      seen.set(id, expiresAt);
      return true;
    },
  };
}
