import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { v03 } from '../../lib/compat/v03/dialect.ts';
import type { StreamResponse } from '../../lib/protocol/v1.ts';
import { gate } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { dataOf, type EventReader, readEvents } from '../helpers/sse.ts';

let app: AgentApp | undefined;
afterEach(async () => {
  jest.restoreAllMocks();
  await app?.close();
});

const READERS = 12;
const OLDER = { 'A2A-Version': '0.3', Accept: 'text/event-stream' };

/** How often each event was written in 0.3, as the last one of a stream and as another. */
function countTranslations(): Map<StreamResponse, [going: number, last: number]> {
  const counts = new Map<StreamResponse, [number, number]>();
  const write = v03.event;
  jest.spyOn(v03, 'event').mockImplementation((event, isLast) => {
    const count = counts.get(event) ?? [0, 0];
    count[isLast ? 1 : 0]++;
    counts.set(event, count);
    return write(event, isLast);
  });
  return counts;
}

describe('many readers of one task in 0.3', () => {
  it('share one translation of each event', async () => {
    const counts = countTranslations();
    const start = gate();
    app = await makeApp({
      async *agent() {
        await start.opened;
        yield 'a';
        yield 'b';
      },
    });
    const { open } = app;
    const params = { message: { messageId: 'm', role: 'user', parts: [{ kind: 'text', text: 'hi' }] } };
    const own = readEvents(await open('message/stream', params, OLDER));
    const first = await own.next();
    const { id } = (JSON.parse(first?.data ?? '') as { result: { id: string } }).result;
    const readers: EventReader[] = [];
    for (let i = 0; i < READERS; i++) {
      // some have ids on their events, which the JSON knows nothing of
      const more = i % 2 === 0 ? {} : { 'X-A2A-Extensions': 'urn:express-a2a:resumable-stream:v1' };
      readers.push(readEvents(await open('tasks/resubscribe', { id }, { ...OLDER, ...more })));
    }
    const newer = readEvents(await open('SubscribeToTask', { id }));
    for (const reader of [...readers, newer]) await reader.next();
    start.open();
    const told = await Promise.all([own, ...readers].map(async (reader) => dataOf(await reader.rest())));
    for (const each of told) expect(each).toEqual(told[0]);
    expect(await newer.rest()).toHaveLength(told[0]?.length ?? 0);
    const updates = [...counts].filter(([event]) => event.task === undefined);
    expect(updates.map(([, count]) => count)).toEqual(
      (told[0] ?? []).map((_, at, all) => (at === all.length - 1 ? [0, 1] : [1, 0])),
    );
  });

  it('and none where nobody reads 0.3', async () => {
    const counts = countTranslations();
    app = await makeApp();
    await readEvents(await app.open('SendStreamingMessage', message('hi'))).rest();
    expect(counts.size).toBe(0);
  });
});
