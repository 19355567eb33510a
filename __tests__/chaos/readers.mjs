import { setTimeout } from 'node:timers/promises';
import { A2AClient, isA2AError, isClientError, isTerminal } from 'express-a2a/client';
import { createRoute, fetchBy } from './route.mjs';
import { callWire, IDLE_MS } from './wire.mjs';

/**
 * What a reader has seen, in the order in which it came. `open`: a connection begins, after that cursor if there is one,
 * and `isDamaged` if the server can not know it.
 *
 * @typedef {import('express-a2a').StreamResponse} StreamResponse
 * @typedef {import('./wire.mjs').Taken | { open: { cursor?: string, isDamaged?: boolean } }} Noted
 * @typedef {'wire' | 'client' | 'plain'} ReaderKind our own reader, the client of the package, the same without event ids
 * @typedef {{ kind: ReaderKind, records: Noted[], breaks: number, fault?: string, endedAt?: number }} Reader
 * @typedef {{ fleet: import('./fleet.mjs').Fleet, random: import('../fuzz/random.mjs').Random,
 *   cards: { client: import('express-a2a').AgentCard, plain: import('express-a2a').AgentCard },
 *   onEvent: (event: StreamResponse, port: number) => void }} Around
 * @typedef {{ params: import('express-a2a').SendMessageRequest, headers: Record<string, string> }} Send
 */

/** Unavailable just now; and: the task has ended. */
const BUSY = -32000;
const OVER = -32004;
const RETRY_MS = 200;
const RESUME = { attempts: 1000, forMs: 600_000, firstDelayMs: 50, maxDelayMs: 500 };
const TIMEOUTS = { headMs: 3000, idleMs: IDLE_MS, answerMs: 5000 };

/** @param {ReaderKind} kind @returns {Reader} */
export const createReader = (kind) => ({ kind, records: [], breaks: 0 });

/**
 * Follows a task from now on until it has ended.
 *
 * @param {Reader} reader
 * @param {string} taskId
 * @param {Around} around
 */
export async function follow(reader, taskId, around) {
  if (reader.kind === 'wire') await followOnWire(reader, around, { taskId });
  else await followByClient(reader, around, { taskId });
}

/**
 * Sends a message and follows what becomes of it. A send that may be lost is sent again as it was. Our own reader stays
 * until the task has ended, the client leaves when it is asked for input.
 *
 * @param {Reader} reader
 * @param {Send} send
 * @param {Around} around
 */
export async function sendAndFollow(reader, send, around) {
  if (reader.kind === 'wire') await followOnWire(reader, around, { send });
  else await followByClient(reader, around, { send });
}

/**
 * @param {Reader} reader
 * @param {Around} around
 * @param {{ send?: Send, taskId?: string }} begin
 */
async function followOnWire(reader, { fleet, random, onEvent }, { send, taskId: knownId }) {
  const { records } = reader;
  const route = createRoute(fleet, random);
  let taskId = knownId;
  /** @type {string | undefined} */
  let cursor;
  let isOver = false;

  /** @param {import('./wire.mjs').Taken} taken */
  function take(taken) {
    records.push(taken);
    cursor = taken.id ?? cursor;
    taskId ??= taken.event.task?.id;
    isOver = isEnd(taken.event);
    onEvent(taken.event, route.last());
  }

  for (let connection = 0; !isOver; connection++) {
    if (connection > 0) await setTimeout(random.below(RETRY_MS));
    const isDamaged = cursor !== undefined && random.chance(0.05);
    const lastEventId = isDamaged ? `${cursor}0` : cursor;
    const open = { ...(lastEventId !== undefined && { cursor: lastEventId }), isDamaged };
    records.push({ open });
    const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
    const port = route.pick();
    const { error, isWhole } =
      taskId === undefined && send
        ? await callWire(port, 'SendStreamingMessage', send.params, { headers: send.headers, onEvent: take })
        : await callWire(port, 'SubscribeToTask', { id: taskId }, { headers, onEvent: take });
    if (isOver) return;
    if (!isWhole || error) reader.breaks += 1;
    if (error?.code === OVER) await readEnd(taskId, open);
    else if (error && error.code !== BUSY) throw new Error(`refused: ${JSON.stringify(error)}`);
  }

  /**
   * The task has ended, and nothing comes after the cursor: that can be said to nobody whose cursor is good.
   *
   * @param {string | undefined} id
   * @param {{ cursor?: string, isDamaged: boolean }} open
   */
  async function readEnd(id, open) {
    const { result } = await callWire(route.pick(), 'GetTask', { id });
    if (result === undefined) return;
    records.push({ open });
    take({ event: { task: /** @type {import('express-a2a').Task} */ (result) } });
  }
}

/**
 * @param {Reader} reader
 * @param {Around} around
 * @param {{ send?: Send, taskId?: string }} begin
 */
async function followByClient(reader, { fleet, random, cards, onEvent }, { send, taskId = '' }) {
  const route = createRoute(fleet, random);
  const client = await A2AClient.connect(reader.kind === 'plain' ? cards.plain : cards.client, {
    ...{ fetch: fetchBy(route), resume: RESUME, timeouts: TIMEOUTS },
    onBreak({ cursor }) {
      reader.breaks += 1;
      reader.records.push({ open: { ...(cursor !== undefined && { cursor }) } });
    },
  });
  const key = send?.headers['Idempotency-Key'];
  reader.records.push({ open: {} });
  await untilTaken(random, async () => {
    const events = send
      ? client.stream(send.params, key === undefined ? {} : { idempotencyKey: key })
      : client.subscribe(taskId);
    try {
      for await (const event of events) {
        reader.records.push({ event });
        onEvent(event, route.last());
      }
    } catch (error) {
      if (send !== undefined || !isA2AError(error) || error.code !== OVER) throw error;
      reader.records.push({ event: { task: await client.getTask(taskId) } });
    }
  });
}

/**
 * Calls until there is an answer. What the server refuses is thrown.
 *
 * @template T
 * @param {import('../fuzz/random.mjs').Random} random
 * @param {() => Promise<T>} call
 * @returns {Promise<T>}
 */
export async function untilTaken(random, call) {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const isBusy = isA2AError(error)
        ? error.httpStatus === 503
        : isClientError(error) && error.code !== 'ERR_A2A_STREAM_BROKEN';
      if (!isBusy) throw error;
      await setTimeout(random.below(RETRY_MS));
    }
  }
}

/** @param {StreamResponse} event */
function isEnd({ task, statusUpdate }) {
  const state = (task ?? statusUpdate)?.status.state;
  return state !== undefined && isTerminal(state);
}
