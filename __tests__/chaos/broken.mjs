// Faults that are put in on purpose, to see that the judge finds them.
import { randomUUID } from 'node:crypto';

/**
 * @typedef {(command: readonly string[]) => Promise<unknown>} Command a command for Redis
 * @typedef {import('express-a2a').Storage} Storage
 * @typedef {import('express-a2a').Agent} Agent
 */

/** Adds an entry to a log, as no storage would: whoever holds the lease, and whether or not the task has ended. */
const FORGE = `
local seq = redis.call('HINCRBY', KEYS[1], 'sq', 1)
local time = redis.call('TIME')
local epoch = redis.call('HGET', KEYS[1], 'ep')
return redis.call('XADD', KEYS[2], seq .. '-0', 't', time[1] * 1000 + math.floor(time[2] / 1000), 'e', epoch, 'b', ARGV[1])`;

/**
 * @param {Command} command
 * @param {string} taskId
 * @param {import('express-a2a').EntryBody} body
 */
async function forge(command, taskId, body) {
  await command([
    'EVAL',
    FORGE,
    '2',
    `{a2a}:t:${taskId}`,
    `{a2a}:l:${taskId}`,
    JSON.stringify({ v: 1, ...body }),
  ]);
}

/**
 * `twice`: a task that has ended ends once more. `forget`: no key of a send is kept.
 *
 * @param {readonly string[]} broken
 * @param {Storage} storage
 * @param {Command} command
 * @returns {Storage}
 */
export function brokenStorage(broken, storage, command) {
  /** @type {Storage['createTask']} */
  const forgetful = ({ idempotency, ...task }) =>
    storage.createTask({
      ...task,
      ...(idempotency && { idempotency: { ...idempotency, key: randomUUID() } }),
    });
  /** @type {Storage['append']} */
  const twofold = async (lease, producerSeq, entries) => {
    const result = await storage.append(lease, producerSeq, entries);
    const last = entries.at(-1);
    if (result.ok && result.closed && !result.duplicate && last) await forge(command, lease.taskId, last);
    return result;
  };
  return {
    ...storage,
    ...(broken.includes('forget') && { createTask: forgetful }),
    ...(broken.includes('twice') && { append: twofold }),
  };
}

/**
 * `zombie`: a run that has lost its lease says one more word, and is heard.
 *
 * @param {readonly string[]} broken
 * @param {Agent} agent
 * @param {Command} command
 * @returns {Agent}
 */
export function brokenAgent(broken, agent, command) {
  if (!broken.includes('zombie')) return agent;
  return (turn) => {
    const word = { artifactId: 'zombie', parts: [{ text: `zombie-${process.pid}/${turn.attempt}/0;` }] };
    turn.signal.addEventListener('abort', () => {
      if (turn.signal.reason !== 'lease-lost') return;
      void forge(command, turn.taskId, { kind: 'artifact', artifact: word, append: false, lastChunk: true });
    });
    return agent(turn);
  };
}

const FRAME = /id: [^\n]+\ndata: [^\n]*"artifactUpdate"[^\n]*\n\n/;
/** Writes of which one is distorted. */
const ONE_IN = 10;

/** What is written instead, and what is kept back until the next write. @type {Record<string, (frames: string, frame: string) => [string, string]>} */
const DISTORT = {
  hole: (frames, frame) => [frames.replace(frame, ': \n\n'), ''],
  repeat: (frames, frame) => [frames + frame, ''],
  swap: (frames, frame) => [frames.replace(frame, ': \n\n'), frame],
};

/**
 * Streams with a frame that is missing (`hole`), comes again (`repeat`) or after the next one (`swap`), and sends whose
 * connection breaks before their first event (`forget`).
 *
 * @param {readonly string[]} broken
 * @returns {import('express').RequestHandler}
 */
export function brokenResponse(broken) {
  const kinds = Object.keys(DISTORT).filter((kind) => broken.includes(kind));
  const isForgetful = broken.includes('forget');
  let writes = 0;
  let begins = 0;
  return (_req, res, next) => {
    const write = res.write.bind(res);
    let held = '';

    /** @param {string} frames */
    function distort(frames) {
      const frame = FRAME.exec(frames)?.[0];
      const before = held;
      held = '';
      if (frame === undefined || before !== '' || ++writes % ONE_IN !== 0) return frames + before;
      const kind = kinds[(writes / ONE_IN) % kinds.length] ?? '';
      const [now, later] = DISTORT[kind]?.(frames, frame) ?? [frames, ''];
      held = later;
      return now;
    }

    /** @param {string} frames */
    function isLost(frames) {
      return isForgetful && frames.includes('_SUBMITTED"') && ++begins % ONE_IN === 0;
    }

    if (kinds.length > 0 || isForgetful) {
      res.write = (/** @type {unknown} */ chunk) => {
        const frames = String(chunk);
        if (!isLost(frames)) return write(distort(frames));
        res.destroy();
        return true;
      };
    }
    next();
  };
}
