import { expect, it } from '@jest/globals';
import { A2AClient, type StreamResponse } from '../../lib/client/index.ts';
import {
  all,
  type Asked,
  at,
  body,
  card,
  chunk,
  type End,
  frame,
  RESUMABLE,
  scriptedFetch,
  type Sent,
  status,
  task,
} from '../helpers/scripted-fetch.ts';

const SENT: Sent[] = [
  'retry: 1\n\n',
  at('1.a', task('TASK_STATE_SUBMITTED')),
  ': skip 2-2\n\n',
  at('3.c', chunk('one é\u2028 ')),
  ': keep-alive\n\n',
  at('4.d', chunk('two 😀 ')),
  at('5.e', status('TASK_STATE_COMPLETED')),
];
const EVENTS: StreamResponse[] = SENT.flatMap((sent) =>
  typeof sent === 'object' && 'event' in sent ? [sent.event] : [],
);

/** What a server sends to a client that stands after this event. */
function after(lastEventId: string | null): Sent[] {
  const place = SENT.findIndex((sent) => typeof sent === 'object' && 'id' in sent && sent.id === lastEventId);
  return SENT.slice(place + 1);
}

/** A client whose first send, and whose first subscription, are cut after so many bytes. */
async function connect(cutSend: number, cutSubscription: number, end: End, chunkBytes: number) {
  const encoder = new TextEncoder();
  const cut = (sent: readonly Sent[], { id, signal }: Asked, length: number) => {
    const bytes = encoder.encode(sent.map((each) => frame(each, id)).join('')).subarray(0, length);
    const pieces: Uint8Array[] = [];
    for (let from = 0; from < bytes.length; from += chunkBytes)
      pieces.push(bytes.subarray(from, from + chunkBytes));
    return body(pieces, end, signal);
  };
  const rest = (asked: Asked) => after(asked.headers.get('last-event-id'));
  const wire = scriptedFetch({
    SendStreamingMessage: [(asked) => cut(SENT, asked, cutSend), (asked) => cut(SENT, asked, Infinity)],
    SubscribeToTask: [
      (asked) => cut(rest(asked), asked, cutSubscription),
      (asked) => cut(rest(asked), asked, Infinity),
    ],
  });
  const resume = { firstDelayMs: 0, maxDelayMs: 0 };
  return A2AClient.connect(card({}, [RESUMABLE]), { fetch: wire.fetch, resume });
}

const LENGTH = new TextEncoder().encode(SENT.map((each) => frame(each, 1)).join('')).length;

it.each([
  ['break', 1, 61],
  ['break', 97, 1],
  ['close', 100_000, 1],
] as const)(
  'goes on by itself wherever a stream ends: %s, %i bytes at a time, every position but for a step of %i',
  async (end, chunkBytes, step) => {
    for (let position = 0; position <= LENGTH; position += step) {
      const client = await connect(position, (position * 37) % LENGTH, end, chunkBytes);
      const seen = await all(client.stream('hi', { idempotencyKey: 'k' }));
      expect([position, seen]).toEqual([position, EVENTS]);
    }
  },
  120_000,
);

it('goes on by itself wherever a subscription ends', async () => {
  const first = new TextEncoder().encode(
    SENT.slice(0, 2)
      .map((each) => frame(each, 1))
      .join(''),
  ).length;
  for (let position = 0; position <= LENGTH; position++) {
    const client = await connect(first, position, 'break', 211);
    expect([position, await all(client.stream('hi'))]).toEqual([position, EVENTS]);
  }
}, 120_000);
