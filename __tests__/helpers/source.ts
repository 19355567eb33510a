import type { Abortable } from '../../lib/core/abortable.ts';
import type { Taker } from '../../lib/core/batches.ts';
import type { EventStream, StreamItem } from '../../lib/core/call.ts';

/** A stream of events that the test feeds. Ends on abort, as those of the service do. */
export interface Source {
  readonly stream: (signal: Abortable) => EventStream;
  readonly push: (batch: readonly StreamItem[]) => void;
  readonly end: () => void;
  readonly fail: (error: unknown) => void;
  /** Batches that have been taken. */
  readonly taken: () => number;
  /** Resolves when the reader has left, by abort or after the end. */
  readonly left: Promise<void>;
}

type Batch = readonly StreamItem[];

/** Makes a source; what is pushed waits until it is taken. Its answers come later, as those of the log mostly do. */
export function source(): Source {
  const queue: ((taker: Taker<Batch>) => void)[] = [];
  let waiting: Taker<Batch> | undefined;
  let leave: () => void = () => undefined;
  let taken = 0;
  const left = new Promise<void>((resolve) => (leave = resolve));

  function giveNext(): void {
    void Promise.resolve().then(() => {
      const taker = waiting;
      const step = taker === undefined ? undefined : queue.shift();
      if (taker === undefined || step === undefined) return;
      waiting = undefined;
      step(taker);
    });
  }

  function add(step: (taker: Taker<Batch>) => void): void {
    queue.push(step);
    giveNext();
  }

  function end(taker: Taker<Batch> | undefined): void {
    waiting = undefined;
    leave();
    taker?.onEnd();
  }

  return {
    stream(signal) {
      signal.addEventListener('abort', () => {
        end(waiting);
      });
      return {
        pull(taker) {
          if (signal.aborted) {
            end(taker);
            return;
          }
          waiting = taker;
          giveNext();
        },
        end() {
          end(waiting);
        },
      };
    },
    push(batch) {
      add((taker) => {
        taken += 1;
        taker.onBatch(batch);
      });
    },
    end() {
      add(end);
    },
    fail(error) {
      add((taker) => {
        leave();
        taker.onError(error);
      });
    },
    taken: () => taken,
    left,
  };
}

/** An event with this text. */
export function item(text: string, cursor?: string): StreamItem {
  const event = {
    artifactUpdate: {
      taskId: 't1',
      contextId: 'c1',
      artifact: { artifactId: 'a1', parts: [{ text }] },
    },
  };
  return { event, ...(cursor !== undefined && { cursor }) };
}

/** The JSON of that event, as it stands on the wire. */
export function json(text: string): string {
  const part = JSON.stringify(text);
  return `{"artifactUpdate":{"taskId":"t1","contextId":"c1","artifact":{"artifactId":"a1","parts":[{"text":${part}}]}}}`;
}

/** The frame of that event in a stream that was asked for with id 7. */
export function frame(text: string): string {
  return `data: {"jsonrpc":"2.0","id":7,"result":${json(text)}}\n\n`;
}
