import { setTimeout } from 'node:timers/promises';
import { A2AClient, isA2AError } from 'express-a2a/client';
import { random as seeded } from '../fuzz/random.mjs';
import { createReader, follow, sendAndFollow, untilTaken } from './readers.mjs';
import { createRoute, fetchBy } from './route.mjs';

/**
 * What is done with one task.
 *
 * @typedef {import('./agent.mjs').Wish} Wish
 * @typedef {{ name: string, wish: Wish, answer: Wish, isKeyed: boolean, cancelAfterMs?: number,
 *   readers: readonly { kind: import('./readers.mjs').ReaderKind, joinAfterMs: number }[] }} Plan
 *
 * What came of it: `answers` are tasks that unary calls were answered with, `asked` the pauses that were answered.
 * @typedef {{ plan: Plan, taskId?: string, readers: import('./readers.mjs').Reader[], answers: import('express-a2a').Task[],
 *   asked: Set<string>, faults: string[], elsewhere: number, ended: Promise<void> }} Played
 * @typedef {Omit<import('./readers.mjs').Around, 'onEvent'> & { isHurried: () => boolean }} World
 */

const JOIN_MS = 3000;
const CANCEL_MS = 2000;
const NOT_CANCELABLE = -32002;
const OVER = -32004;
const EVERY_KIND = /** @type {const} */ (['wire', 'wire', 'client', 'plain']);
/** @type {readonly import('./agent.mjs').Kind[]} */
const WISHES = ['stream', 'stream', 'stream', 'deaf', 'deaf', 'ask', 'ask', 'fail'];

/**
 * @param {number} seed
 * @param {number} index
 * @param {number} readers
 * @returns {Plan}
 */
export function planTask(seed, index, readers) {
  const random = seeded(seed * 1_000_003 + index);
  /** @param {import('./agent.mjs').Kind} kind @returns {Wish} */
  const wish = (kind) => ({ kind, chunks: 2 + random.below(10), delayMs: 20 + random.below(200) });
  return {
    name: `task-${index}`,
    wish: wish(random.pick(WISHES)),
    answer: wish(random.chance(0.3) ? 'ask' : 'stream'),
    isKeyed: random.chance(0.5),
    ...(random.chance(0.15) && { cancelAfterMs: random.below(CANCEL_MS) }),
    readers: Array.from({ length: readers }, () => ({
      kind: random.pick(EVERY_KIND),
      joinAfterMs: random.below(JOIN_MS),
    })),
  };
}

/**
 * Sends the first message, lets the others join, cancels, answers what the agent asks. `ended` resolves when all readers have.
 *
 * @param {Plan} plan
 * @param {World} world
 * @returns {Played}
 */
export function playTask(plan, world) {
  const { random, fleet, cards } = world;
  /** @type {Played} */
  const played = {
    plan,
    readers: [],
    answers: [],
    asked: new Set(),
    faults: [],
    elsewhere: 0,
    ended: Promise.resolve(),
  };
  /** @type {Promise<void>[]} */
  const parts = [];
  const around = { ...world, onEvent };

  /** @param {string} what @param {Promise<unknown>} part */
  function begin(what, part) {
    parts.push(
      part.then(
        () => undefined,
        (error) => void played.faults.push(`${what}: ${String(error)}`),
      ),
    );
  }

  /** @param {import('./readers.mjs').StreamResponse} event @param {number} port */
  function onEvent({ task, statusUpdate }, port) {
    if (task && played.taskId === undefined) {
      played.taskId = task.id;
      for (const reader of plan.readers.slice(1)) begin('a reader', join(reader, task.id));
      if (plan.cancelAfterMs !== undefined) begin('a cancel', cancel(task.id, plan.cancelAfterMs, port));
    }
    const status = (task ?? statusUpdate)?.status;
    const pause = status?.message?.messageId;
    if (status?.state !== 'TASK_STATE_INPUT_REQUIRED' || pause === undefined || played.asked.has(pause))
      return;
    played.asked.add(pause);
    begin('an answer', answer(task?.id ?? statusUpdate?.taskId ?? '', played.asked.size, port));
  }

  /** @param {Plan['readers'][number]} reader @param {string} taskId */
  async function join({ kind, joinAfterMs }, taskId) {
    for (let left = joinAfterMs; left > 0 && !world.isHurried(); left -= 100)
      await setTimeout(Math.min(left, 100));
    const reader = createReader(kind);
    played.readers.push(reader);
    await follow(reader, taskId, around);
    reader.endedAt = Date.now();
  }

  async function send() {
    const reader = createReader(plan.readers[0]?.kind ?? 'wire');
    played.readers.push(reader);
    await sendAndFollow(reader, sendOf(plan, plan.name, plan.wish), around);
    reader.endedAt = Date.now();
  }

  /** A client on another front-end than the one of this port. @param {number} port */
  function clientBeside(port) {
    const route = createRoute(fleet, random);
    const fetch = fetchBy({
      pick() {
        const picked = route.pick(port);
        if (picked !== port) played.elsewhere += 1;
        return picked;
      },
    });
    return A2AClient.connect(cards.client, { fetch, timeouts: { headMs: 3000, answerMs: 5000 } });
  }

  /** @param {string} taskId @param {number} afterMs @param {number} port */
  async function cancel(taskId, afterMs, port) {
    for (let left = afterMs; left > 0 && !world.isHurried(); left -= 100)
      await setTimeout(Math.min(left, 100));
    const client = await clientBeside(port);
    const task = await refusedWith(
      NOT_CANCELABLE,
      untilTaken(random, () => client.cancelTask(taskId)),
    );
    if (task) played.answers.push(task);
  }

  /** Answers what the agent asks. A task that is being canceled takes no answer. @param {string} taskId @param {number} count @param {number} port */
  async function answer(taskId, count, port) {
    const client = await clientBeside(port);
    // the second answer ends the questions
    const wish = count > 1 ? { ...plan.answer, kind: /** @type {const} */ ('stream') } : plan.answer;
    const { params, headers } = sendOf(plan, `${plan.name}-answer-${count}`, wish);
    const key = headers['Idempotency-Key'];
    const request = { ...params, message: { ...params.message, taskId } };
    const sending = untilTaken(random, () =>
      client.send(request, key === undefined ? {} : { idempotencyKey: key }),
    );
    const response = await (plan.cancelAfterMs === undefined ? sending : refusedWith(OVER, sending));
    if (response?.task) played.answers.push(response.task);
  }

  async function end() {
    // parts are added while others run
    for (let i = 0; i < parts.length; i++) await parts[i];
  }

  begin('the send', send());
  played.ended = end();
  return played;
}

/**
 * @param {Plan} plan
 * @param {string} messageId
 * @param {Wish} wish
 * @returns {import('./readers.mjs').Send}
 */
function sendOf({ isKeyed }, messageId, wish) {
  const message = {
    messageId,
    role: /** @type {const} */ ('ROLE_USER'),
    parts: [{ text: JSON.stringify(wish) }],
  };
  return { params: { message }, headers: isKeyed ? { 'Idempotency-Key': messageId } : {} };
}

/**
 * @template T
 * @param {number} code
 * @param {Promise<T>} call
 * @returns {Promise<T | undefined>}
 */
async function refusedWith(code, call) {
  try {
    return await call;
  } catch (error) {
    if (isA2AError(error) && error.code === code) return undefined;
    throw error;
  }
}
