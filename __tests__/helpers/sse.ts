import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** A stream of server-sent events, read as a client does. */
export interface EventReader {
  readonly response: Response;
  /** The next event; undefined at the end of the stream. */
  readonly next: () => Promise<EventSourceMessage | undefined>;
  /** Everything until the end. */
  readonly rest: () => Promise<EventSourceMessage[]>;
  /** Goes away in the middle. */
  readonly leave: () => Promise<void>;
}

/** Reads the events of a response. */
export function readEvents(response: Response): EventReader {
  const ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => ready.push(event) });
  const decoder = new TextDecoder();
  const body = response.body;
  if (body === null) throw new Error('the response has no body');
  const reader = body.getReader();

  async function next(): Promise<EventSourceMessage | undefined> {
    while (ready.length === 0) {
      const chunk = await reader.read();
      if (chunk.done) return undefined;
      parser.feed(decoder.decode(chunk.value as Uint8Array, { stream: true })); // fetch gives bytes
    }
    return ready.shift();
  }

  async function rest(): Promise<EventSourceMessage[]> {
    const events: EventSourceMessage[] = [];
    for (let event = await next(); event !== undefined; event = await next()) events.push(event);
    return events;
  }

  return { response, next, rest, leave: () => reader.cancel() };
}

/** The JSON of the events' data, whole. */
export function dataOf(events: readonly EventSourceMessage[]): unknown[] {
  return events.map(({ data }) => JSON.parse(data) as unknown);
}
