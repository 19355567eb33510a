import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { EventBus } from '../../core/event-bus.ts';
import { createTaskFeed, type FeedLimits, type TaskFeed } from '../../core/feed.ts';
import type { Answers, EntryBody, LogEntry, Scope, Seq, TaskId } from '../../core/log.ts';
import type { Logger } from '../../core/logger.ts';
import type { Storage, TaskSnapshot } from '../../core/storage.ts';
import { hostileBus, type HostileBus, type Hostility } from '../hostile-bus.ts';

/** What a feed works on. Calls of `create` may share a store: each case makes tasks of its own. */
export interface FeedSetup {
  readonly storage: Storage;
  readonly eventBus: EventBus;
  /** Called after the case. */
  readonly dispose?: () => void | Promise<void>;
}

/** A feed, what is below it, and what can be done to that. */
export interface FeedBench {
  readonly feed: TaskFeed;
  readonly storage: Storage;
  readonly bus: HostileBus;
  readonly clock: HurriedClock;
  readonly reads: ReadFaults;
  readonly createLife: (wish?: LifeWish) => Promise<Life>;
}

/** What is done to reads of the feed, and how many there have been. */
export interface ReadFaults {
  mode: 'work' | 'fail' | 'hang';
  /** The log seems to begin here. */
  first: Seq;
  count: number;
  largest: number;
}

/** What a case says about the task it needs. */
export interface LifeWish {
  /** Whether the bus is told of what is written. Default: true. */
  readonly hints?: boolean;
  readonly answers?: Answers;
}

/** One task and the worker that writes it. */
export interface Life {
  readonly taskId: TaskId;
  readonly head: () => Seq;
  /** Stores entries, then tells the bus. */
  readonly append: (...bodies: readonly EntryBody[]) => Promise<void>;
  /** A further message of the client. */
  readonly say: (text: string) => Promise<void>;
}

/** Whose tasks the cases make. */
export const SCOPE: Scope = { agent: 'feed-suite', tenant: '', owner: 'ann' };

/** The end of a task. */
export const COMPLETED: EntryBody = { kind: 'status', state: 'TASK_STATE_COMPLETED' };

/** The buses that what is promised must be promised on. */
export const BUSES: readonly (readonly [name: string, hostility: Hostility])[] = [
  ['a bus that loses nothing', {}],
  ['a bus that loses 30 %', { drop: 0.3 }],
  ['a bus that loses everything', { drop: 1 }],
  ['a bus that repeats', { repeat: 0.5 }],
  ['a bus that delays and reorders', { delay: 0.6 }],
  ['a bus that tells of old heads and leaves entries out', { staleHead: 0.5, strip: 0.5 }],
  ['a bus that does all of it', { drop: 0.3, repeat: 0.3, delay: 0.3, staleHead: 0.3, strip: 0.3 }],
];

/** Makes a feed on a bus that is as hostile as told. */
export function createFeedBench(
  { storage, eventBus }: FeedSetup,
  hostility: Hostility = {},
  { limits, logger = silent, pace = 20 }: { limits?: FeedLimits; logger?: Logger; pace?: number } = {},
): FeedBench {
  const bus = hostileBus(eventBus, hostility);
  const clock = hurriedClock(pace);
  const reads: ReadFaults = { mode: 'work', first: 1, count: 0, largest: 0 };
  const seen: Parameters<typeof createTaskFeed>[0]['storage'] = {
    loadTask: (taskId, scope) => storage.loadTask(taskId, scope),
    heads: (ids) => (reads.mode === 'work' ? storage.heads(ids) : broken(reads)),
    async read(taskId, after, limit, maxBytes) {
      reads.count += 1;
      if (reads.mode !== 'work') return broken(reads);
      const page = await storage.read(taskId, after, limit, maxBytes);
      reads.largest = Math.max(reads.largest, page.entries.length);
      if (reads.first === 1) return page;
      return { ...page, first: reads.first, entries: page.entries.filter(({ seq }) => seq >= reads.first) };
    },
  };
  const feed = createTaskFeed({ storage: seen, eventBus: bus, clock, logger, ...(limits && { limits }) });
  return { feed, storage, bus, clock, reads, createLife: (wish = {}) => createLife(storage, bus, wish) };
}

async function createLife(storage: Storage, bus: EventBus, wish: LifeWish): Promise<Life> {
  const { hints = true, answers = 'task' } = wish;
  const [id, contextId] = [randomUUID(), randomUUID()];
  const status = { state: 'TASK_STATE_SUBMITTED', timestamp: '' } as const;
  const history = [said(id, contextId, 'begin')];
  const init = {
    scope: SCOPE,
    request: {},
    answers,
    task: { id, contextId, status, history },
  } as const;
  const { taskId } = await storage.createTask({ ...init, task: { ...init.task, history: [...history] } });
  const by = { worker: 'feed-suite', agent: SCOPE.agent, limit: 1, leaseMs: 600_000, taskId };
  const [claimed] = await storage.claim(by);
  if (claimed === undefined) throw new Error('The new task is not due');
  const { lease } = claimed;
  let head = 1;
  let producerSeq = 0;

  async function publish(entries: readonly LogEntry[], closed: boolean): Promise<void> {
    head = entries.at(-1)?.seq ?? head;
    if (hints) await bus.publish({ taskId, head, closed, entries });
  }

  return {
    taskId,
    head: () => head,
    async append(...bodies) {
      producerSeq += 1;
      const written = await storage.append(lease, producerSeq, bodies);
      if (!written.ok) throw new Error(`An append was refused: ${written.reason}`);
      await publish(written.entries, written.closed);
    },
    async say(text) {
      const written = await storage.addInput(SCOPE, taskId, {
        message: said(taskId, contextId, text),
        request: {},
      });
      if (!written.ok) throw new Error(`An input was refused: ${written.reason}`);
      await publish(written.entries, written.closed);
    },
  };
}

function said(
  taskId: TaskId,
  contextId: string,
  text: string,
): NonNullable<TaskSnapshot['task']['history']>[number] {
  return { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text }], taskId, contextId };
}

function broken({ mode }: ReadFaults): Promise<never> {
  if (mode === 'hang') return new Promise(() => undefined);
  return Promise.reject(new Error('The store can not be reached'));
}

/** Real time, some times faster. */
export interface HurriedClock extends Clock {
  /** Timers that are set now. */
  readonly pending: () => number;
}

/** Makes a clock that goes `factor` times as fast as the machine's. */
function hurriedClock(factor: number): HurriedClock {
  const timers = new Set<NodeJS.Timeout>();
  return {
    now: () => Date.now(),
    elapsed: () => performance.now() * factor,
    after(delayMs, callback) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        callback();
      }, delayMs / factor);
      timers.add(timer);
      return () => {
        timers.delete(timer);
        clearTimeout(timer);
      };
    },
    pending: () => timers.size,
  };
}

const ignore = () => undefined;
const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Entries as workers write them: progress, messages, artifacts begun, gone on with and replaced. */
export function randomBodies(random: () => number, count: number): EntryBody[] {
  return Array.from({ length: count }, (_, n) => {
    const text = `${n}-`;
    if (random() < 0.2)
      return { kind: 'status', state: 'TASK_STATE_WORKING', metadata: { [`m${n % 3}`]: n } };
    if (random() < 0.1) {
      const message = { messageId: `m-${n}`, role: 'ROLE_AGENT', parts: [{ text }] } as const;
      return {
        kind: 'status',
        state: 'TASK_STATE_WORKING',
        message: { ...message, parts: [...message.parts] },
      };
    }
    const append = random() < 0.8;
    const artifact = { artifactId: `a${Math.floor(random() * 3)}`, parts: [{ text }] };
    return {
      kind: 'artifact',
      artifact,
      append,
      lastChunk: false,
      ...(append && random() < 0.5 && { join: true }),
    };
  });
}

/** Lets the event loop turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Turns until it is so; a test's own time limit ends what never comes. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}
