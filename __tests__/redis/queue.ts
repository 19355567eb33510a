import { randomUUID } from 'node:crypto';
import type { Broker, WorkHint, WorkOutcome } from '../../lib/core/broker.ts';
import type { connect } from './server.ts';

type Client = Awaited<ReturnType<typeof connect>>;

/** How long a hint that was taken stays out of sight of others, unless its process says that it lives. */
const HIDDEN_MS = 500;
const LOOK_MS = 5;

// the score of a hint is the time, of the server, from which on it may be taken
const CLOCK = `local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)`;
const PUT = `${CLOCK} return redis.call('ZADD', KEYS[1], now, ARGV[1])`;
const HIDE = `${CLOCK} return redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], ARGV[1])`;
const TAKE = `${CLOCK} local found = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, 1)[1]
if found then redis.call('ZADD', KEYS[1], now + ARGV[1], found) end
return found`;

/** A broker as queue products are: a hint is kept until it is acknowledged, and comes again when it was not. */
export function redisQueue({ client, prefix }: { client: Client; prefix: string }): Broker {
  let isClosed = false;
  const keyOf = (agent: string) => `${prefix}queue:${agent}`;
  const run = (script: string, agent: string, ...args: (string | number)[]) =>
    client.eval(script, { keys: [keyOf(agent)], arguments: args.map(String) });

  async function handle(agent: string, message: string, onWork: OnWork): Promise<void> {
    const alive = setInterval(() => {
      run(HIDE, agent, message, HIDDEN_MS).catch(() => undefined);
    }, HIDDEN_MS / 5);
    const { hint } = JSON.parse(message) as { hint: WorkHint }; // `wake` wrote it
    const outcome = await begin(onWork, hint);
    clearInterval(alive);
    if (outcome === 'busy') await run(HIDE, agent, message, LOOK_MS);
    else await client.zRem(keyOf(agent), message);
  }

  return {
    async wake(hint) {
      if (isClosed) return;
      await run(PUT, hint.agent, JSON.stringify({ id: randomUUID(), hint })).catch(() => undefined);
    },
    async work(agent, free, onWork) {
      const running = new Set<Promise<void>>();
      let isOver = false;
      const look = async (): Promise<void> => {
        const message = free() > 0 ? await run(TAKE, agent, HIDDEN_MS) : null;
        if (typeof message !== 'string') return pause();
        if (isOver) {
          await run(HIDE, agent, message, 0); // somebody else's
          return;
        }
        const own = handle(agent, message, onWork).finally(() => running.delete(own));
        running.add(own);
      };
      const loop = async (): Promise<void> => {
        while (!isOver) await look();
      };
      const looping = loop();
      return {
        async stop() {
          isOver = true;
          await looping;
          await Promise.all(running);
        },
      };
    },
    async close() {
      isClosed = true;
    },
  };
}

type OnWork = (hint: WorkHint) => Promise<WorkOutcome>;

async function begin(onWork: OnWork, hint: WorkHint): Promise<WorkOutcome> {
  try {
    return await onWork(hint);
  } catch {
    return 'busy';
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
