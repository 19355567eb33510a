import type { Abortable } from '../../lib/core/abortable.ts';
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

/** Makes a source; what is pushed waits until it is taken. */
export function source(): Source {
  const queue: (() => readonly StreamItem[] | undefined)[] = [];
  let wake: () => void = () => undefined;
  let leave: () => void = () => undefined;
  let taken = 0;
  const left = new Promise<void>((resolve) => (leave = resolve));

  function add(step: () => readonly StreamItem[] | undefined): void {
    queue.push(step);
    wake();
  }

  async function* stream(signal: Abortable): EventStream & AsyncGenerator<readonly StreamItem[]> {
    signal.addEventListener('abort', () => {
      wake();
      leave();
    });
    try {
      while (!signal.aborted) {
        const batch = queue.shift();
        if (batch === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        const items = batch();
        if (items === undefined) return;
        taken += 1;
        yield items;
      }
    } finally {
      leave();
    }
  }

  return {
    stream,
    push: (batch) => {
      add(() => batch);
    },
    end: () => {
      add(() => undefined);
    },
    fail: (error) => {
      add(() => {
        throw error;
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
