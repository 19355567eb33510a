import type { Logger } from './logger.ts';

/** The figures that operators get; docs/operations.md has their units and labels. */
export type MetricName =
  | 'a2a_calls'
  | 'a2a_call_ms'
  | 'a2a_streams_open'
  | 'a2a_readers_cut'
  | 'a2a_runs_active'
  | 'a2a_run_ms'
  | 'a2a_queue_wait_ms'
  | 'a2a_push_ms'
  | 'a2a_push_sending'
  | 'a2a_push_disabled';

/** Takes one figure: the step of a counter, the height of a gauge, or one measurement. Labels have few values each. */
export type OnMetric = (name: MetricName, value: number, labels: Readonly<Record<string, string>>) => void;

/** The same function, made harmless: what it throws or rejects with is logged, the first time. */
export function guardMetrics(onMetric: OnMetric, logger: Logger): OnMetric {
  // an async function fits the type too
  const take: (...figure: Parameters<OnMetric>) => unknown = onMetric;
  let isTold = false;
  const onFailure = (error: unknown) => {
    if (!isTold)
      logger.error({ err: error }, 'onMetric itself failed; further failures of it are not logged');
    isTold = true;
  };
  return (name, value, labels) => {
    try {
      const result = take(name, value, labels);
      if (result instanceof Promise) result.catch(onFailure);
    } catch (error) {
      onFailure(error);
    }
  };
}
