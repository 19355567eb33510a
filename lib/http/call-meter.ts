import { type Service, SHUTDOWN } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import type { OnMetric } from '../core/metrics.ts';
import type { A2AError } from '../protocol/errors.ts';

/** Measures calls. */
export interface CallMeter {
  readonly start: () => MeteredCall;
  /** A reader was cut that took nothing for too long. */
  readonly cut: () => void;
}

/** One call that is measured. */
export interface MeteredCall {
  /** The same service, noting which operation it is asked for. */
  readonly watch: (service: Service) => Service;
  /** Notes what the call is refused with, and gives it back. */
  readonly refused: (error: A2AError) => A2AError;
  /** Its client left before all of the request had come. */
  readonly gone: () => void;
  readonly streams: () => void;
  /** `reason` is why the call was broken off, where it was. Only the first counts: a call may be given up before it ends. */
  readonly end: (reason: unknown) => void;
}

const NOT_MEASURED: MeteredCall = {
  watch: (service) => service,
  refused: (error) => error,
  gone: () => undefined,
  streams: () => undefined,
  end: () => undefined,
};

/** Makes the meter; without anybody to tell, it measures nothing. */
export function createCallMeter(clock: Clock, onMetric: OnMetric | undefined): CallMeter {
  let open = 0;
  if (onMetric === undefined) return { start: () => NOT_MEASURED, cut: () => undefined };

  function start(tell: OnMetric): MeteredCall {
    const startedAt = clock.elapsed();
    let method = 'none';
    let outcome = 'ok';
    let isStream = false;
    let isOver = false;
    return {
      watch: (service) => ({
        ...service,
        invoke(name, params, caller) {
          method = name;
          return service.invoke(name, params, caller);
        },
      }),
      refused(error) {
        outcome = outcomeOf(error);
        return error;
      },
      gone() {
        outcome = 'gone';
      },
      streams() {
        if (isOver) return;
        isStream = true;
        tell('a2a_streams_open', (open += 1), {});
      },
      end(reason) {
        if (isOver) return;
        isOver = true;
        if (isStream) tell('a2a_streams_open', (open -= 1), {});
        if (reason !== undefined && reason !== SHUTDOWN && outcome === 'ok') outcome = 'gone';
        tell('a2a_calls', 1, { method, outcome });
        tell('a2a_call_ms', clock.elapsed() - startedAt, { method, outcome });
      },
    };
  }

  return {
    start: () => start(onMetric),
    cut: () => {
      onMetric('a2a_readers_cut', 1, {});
    },
  };
}

const BY_CODE: Readonly<Record<number, string>> = {
  [-32700]: 'parse_error',
  [-32600]: 'invalid_request',
  [-32601]: 'method_not_found',
  [-32602]: 'invalid_params',
  [-32603]: 'internal_error',
};

/** A name for each error there is, so that their number stays small. */
function outcomeOf({ code, reason }: A2AError): string {
  return BY_CODE[code] ?? reason?.toLowerCase() ?? 'refused';
}
