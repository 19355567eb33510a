import type { Clock } from './clock.ts';
import type { LogEntry } from './log.ts';
import type { OnMetric } from './metrics.ts';
import type { ClaimedTask } from './storage.ts';

/** Measures one run. */
export interface RunMeter {
  /** Called with what the run has stored. */
  readonly wrote: (entries: readonly LogEntry[]) => void;
  /** Called when the run holds its task no longer. */
  readonly end: () => void;
}

/** Starts to measure a run. How long its input waited is told by the storage's clock, which wrote both ends down. */
export function meterRun(claimed: ClaimedTask, clock: Clock, onMetric: OnMetric): RunMeter {
  const startedAt = clock.elapsed();
  let waitingSince = claimed.pending[0]?.ts;
  let outcome = 'released';

  return {
    wrote(entries) {
      for (const entry of entries) {
        if (entry.kind === 'start' && waitingSince !== undefined) {
          onMetric('a2a_queue_wait_ms', Math.max(0, entry.ts - waitingSince), {});
          waitingSince = undefined;
        }
        if (entry.kind === 'message') outcome = 'completed';
        if (entry.kind === 'status') outcome = entry.state.slice('TASK_STATE_'.length).toLowerCase();
      }
    },
    end() {
      onMetric('a2a_run_ms', clock.elapsed() - startedAt, { outcome });
    },
  };
}
