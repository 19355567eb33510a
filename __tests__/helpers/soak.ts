import { setImmediate as turn } from 'node:timers/promises';
import { A2AClient, reduce, type StreamResponse } from '../../lib/client/index.ts';
import { type Faults, faultyProxy, type ProxiedRequest } from './faulty-proxy.ts';
import { makeApp } from './make-app.ts';
import { type Random, seeded } from './seeded.ts';

/** What happened to the streams of a soak. */
export interface SoakResult {
  readonly tasks: number;
  /** Streams whose text is not, token for token, what the agent said, or that did not end. */
  readonly wrong: readonly string[];
  readonly connections: number;
  readonly resumed: number;
  readonly faults: Readonly<Record<'reset' | 'close' | 'complete' | 'repeats' | 'swaps' | 'pauses', number>>;
  /** Byte positions at which a send was cut, and a first subscription. */
  readonly cutFirst: ReadonlySet<number>;
  readonly cutSecond: ReadonlySet<number>;
  /** Length of the whole response to a send, in bytes. */
  readonly length: number;
}

const TOKENS = 4;

/** Streams so many tasks through a proxy that damages each in its own way, and counts what arrives. */
export async function soak(options: { tasks: number; seed: number; parallel: number }): Promise<SoakResult> {
  const app = await makeApp({
    // some of it at once, some of it later
    async *agent({ text }) {
      for (let token = 0; token < TOKENS; token++) {
        if (token % 2 === 0) await turn();
        yield `${text}.${String(token)} é `;
      }
    },
  });
  const plan = createPlan(options.seed, options.tasks);
  const proxy = await faultyProxy(app.url, plan.faults);
  const card = { ...(await A2AClient.connect(app.url)).card };
  card.supportedInterfaces = [{ url: proxy.url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }];
  const client = await A2AClient.connect(card, { resume: { firstDelayMs: 2, attempts: 50 } });
  const wrong: string[] = [];
  let next = 0;
  await plan.measure(() => collect(client.stream('t0000', { contextId: 'c' })));

  async function stream(name: string): Promise<void> {
    const fault = check(name, await collect(client.stream(name, { contextId: 'c', idempotencyKey: name })));
    if (fault !== undefined) wrong.push(fault);
  }
  async function work(): Promise<void> {
    while (next < options.tasks) {
      const name = `t${String(next++).padStart(4, '0')}`;
      await stream(name).catch((error: unknown) => wrong.push(`${name}: ${String(error)}`));
    }
  }
  try {
    await Promise.all(Array.from({ length: options.parallel }, work));
    return { tasks: options.tasks, wrong, ...plan.result() };
  } finally {
    await proxy.close();
    await app.close();
  }
}

async function collect(events: AsyncIterable<StreamResponse>): Promise<StreamResponse[]> {
  const all: StreamResponse[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** What is wrong with the events of a stream, if anything. A repeated send begins with the task as it is by then. */
function check(name: string, events: readonly StreamResponse[]): string | undefined {
  const [first, ...rest] = events;
  const task = first?.task && rest.reduce(reduce, first.task);
  const text = task?.artifacts?.flatMap(({ parts }) => parts.map((part) => part.text ?? '?')).join('');
  const expected = Array.from({ length: TOKENS }, (_, token) => `${name}.${String(token)} é `).join('');
  const states = events.flatMap((event) => (event.task ?? event.statusUpdate)?.status.state ?? []);
  const ends = states.filter((state) => state === 'TASK_STATE_COMPLETED').length;
  if (text === expected && ends === 1 && states.at(-1) === 'TASK_STATE_COMPLETED') return undefined;
  return `${name}: ${JSON.stringify(events)}`;
}

/** Decides what is done to whom: every position in turn for the first two connections of a task, chance for the rest. */
function createPlan(seed: number, tasks: number) {
  const random = seeded(seed);
  const count = { reset: 0, close: 0, complete: 0, repeats: 0, swaps: 0, pauses: 0 };
  const cutFirst = new Set<number>();
  const cutSecond = new Set<number>();
  const known = new Map<string, number>();
  let isMeasured = false;
  let length = 0;
  let connections = 0;
  let resumed = 0;

  function faults({ headers, body }: ProxiedRequest): Faults {
    const { method, params } = JSON.parse(body) as { method: string; params: { id: string } }; // a call of our client
    if (method !== 'SendStreamingMessage' && method !== 'SubscribeToTask') return {};
    if (!isMeasured) return { onWrite: (sent) => (length = Math.max(length, sent)) };
    connections += 1;
    const noisy = noise(random, count);
    if (method === 'SendStreamingMessage')
      return { ...noisy, ...cutOf(String(headers['idempotency-key']), cutFirst) };
    resumed += 1;
    return { ...noisy, ...cutOf(params.id, cutSecond) };
  }

  /** The first connection for a key is cut at the next position, others by chance. */
  function cutOf(key: string, positions: Set<number>): Faults {
    if (known.has(key)) return random.chance(0.3) ? cutAt(random.below(length)) : {};
    known.set(key, positions.size);
    const position = spread(positions.size);
    positions.add(position);
    return cutAt(position);
  }

  /** Evenly over the positions where there are more of them than tasks. */
  function spread(index: number): number {
    return Math.floor(index * Math.max(1, length / tasks)) % length;
  }

  function cutAt(position: number): Faults {
    const cut = (['reset', 'close', 'complete'] as const)[random.below(3)] ?? 'close';
    count[cut] += 1;
    return { cutAfter: position, cut };
  }

  return {
    faults,
    /** Runs one stream without faults, to know how long it is. */
    async measure(run: () => Promise<unknown>): Promise<void> {
      await run();
      isMeasured = true;
    },
    result: () => ({ connections, resumed, faults: count, cutFirst, cutSecond, length }),
  };
}

function noise(random: Random, count: { repeats: number; swaps: number; pauses: number }): Faults {
  const some = (kind: keyof typeof count, probability: number) => {
    const isSo = random.chance(probability);
    if (isSo) count[kind] += 1;
    return isSo;
  };
  return {
    repeats: () => some('repeats', 0.05),
    swaps: () => some('swaps', 0.03),
    pauseAt: (length) => (some('pauses', 0.05) ? random.below(length) : undefined),
  };
}
