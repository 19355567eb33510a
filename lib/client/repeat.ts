import { createBackOff } from './back-off.ts';
import { isOutcomeUnknown } from './break.ts';
import type { ResumeOptions } from './options.ts';
import { delay, openScope, type SignalHub } from './scope.ts';

/** Calls again while the answer was lost on the way. For calls that are safe to repeat. */
export async function repeatWhileUnknown<T>(
  call: () => Promise<T>,
  resume: ResumeOptions,
  hub: SignalHub,
  signals: readonly (AbortSignal | undefined)[],
): Promise<T> {
  const backOff = createBackOff(resume);
  const scope = openScope(hub, signals);
  try {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        const next = isOutcomeUnknown(error) ? backOff.next(error) : undefined;
        if (next === undefined) throw error;
        await delay(next.delayMs, scope.signal);
      }
    }
  } finally {
    scope.release();
  }
}
