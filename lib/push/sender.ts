import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import type { EventBus } from '../core/event-bus.ts';
import type { TaskId } from '../core/log.ts';
import type { ClaimedPush } from '../core/push-storage.ts';
import type { Storage } from '../core/storage.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import { type DeliveryOptions, deliver } from './delivery.ts';
import { createHostSlots } from './host-slots.ts';
import { createWatches, type Watches } from './watches.ts';

/** What a sender needs. */
export interface PushSenderOptions extends DeliveryOptions {
  readonly storage: DeliveryOptions['storage'] & Pick<Storage, 'shared'>;
  readonly eventBus: EventBus;
  readonly agentId: string;
  /** Webhooks that are posted to at the same time; one host gets half of them at most. */
  readonly concurrency: number;
}

/** Posts to webhooks what tasks have to tell. */
export interface PushSender {
  /** Starts to take webhooks. */
  readonly start: () => void;
  /** The task has a webhook: its news are looked for when they come, not only by the poll. */
  readonly watch: (taskId: TaskId) => void;
  /**
   * Takes no more webhooks, where others can; gives POSTs `drainMs` to end, then aborts them and gives their webhooks back.
   * A second call joins the first.
   */
  readonly stop: (options?: { drainMs?: number }) => Promise<void>;
  /** Webhooks that are being posted to. */
  readonly status: () => { readonly sending: number };
}

/** How often a sender looks for webhooks that nobody told it of: due again after a failure, or by other processes. */
const POLL_MS = 1000;
/** How long webhooks may take to be given back. */
const GIVE_BACK_MS = 2000;

/** Makes a sender; `start` it. Several may work on one storage: each webhook has one at a time. */
export function createPushSender(options: PushSenderOptions): PushSender {
  const { storage, eventBus, clock, logger, agentId, concurrency, leaseMs, onMetric } = options;
  const worker = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  // listens to the bus, so not before the start
  let watches: Watches | undefined;
  const abort = new AbortController();
  // each POST listens to it
  setMaxListeners(0, abort.signal);
  const sending = new Set<Promise<void>>();
  const hosts = createHostSlots(concurrency, clock);
  /** Webhooks that were given back because their host has its share are due again then. */
  let later: { readonly done: Promise<void>; readonly end: () => void } | undefined;
  let laterAt = 0;
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let isClaiming = false;
  let hasFailed = false;
  let cancelPoll: () => void = () => undefined;
  let stopping: Promise<void> | undefined;

  /** One claim at a time; whoever asks meanwhile leads to another one. Never rejects. */
  function look(): Promise<void> {
    lookAgain = true;
    if (isClaiming) looking ??= claimAll();
    return looking ?? Promise.resolve();
  }

  async function claimAll(): Promise<void> {
    // not before `looking` is set
    await Promise.resolve();
    try {
      while (lookAgain && isClaiming && sending.size < concurrency) {
        lookAgain = false;
        const limit = concurrency - sending.size;
        const by = { worker, agent: agentId, limit, leaseMs };
        const claimed = await unlessAborted(() => storage.push.claim(by), abort.signal);
        await Promise.all(claimed.map(begin));
      }
      hasFailed = false;
    } catch (error) {
      // one line tells enough of a store that is down
      if (!hasFailed)
        logger.warn({ err: error, agentId }, 'claiming webhooks failed; the next poll tries again');
      hasFailed = true;
    }
    looking = undefined;
  }

  /** Starts a delivery, or gives the webhook back whose host has its share. */
  async function begin(one: ClaimedPush): Promise<void> {
    const { lease, registration } = one;
    const { url } = registration.config;
    watches?.add(lease.taskId);
    const done = hosts.take(url);
    if (done !== undefined) {
      track(lease.taskId, deliver(one, options, abort.signal), done);
      return;
    }
    const pauseMs = hosts.pauseMs(url);
    await unlessAborted(() => storage.push.retry(lease, pauseMs), abort.signal);
    lookLater(pauseMs);
    // others may be due behind it
    lookAgain = true;
  }

  /** Looks after so long, and again until the last of those who asked has had its time. */
  function lookLater(delayMs: number): void {
    // timers are early by part of a millisecond
    laterAt = Math.max(laterAt, clock.elapsed() + delayMs + 1);
    if (later !== undefined || abort.signal.aborted) return;
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      const cancel = clock.after(delayMs + 1, resolve);
      end = () => {
        cancel();
        resolve();
      };
    });
    const done = over.then(() => {
      later = undefined;
      const leftMs = laterAt - clock.elapsed();
      if (isClaiming && leftMs > 0) lookLater(leftMs);
      return look();
    });
    later = { done, end };
  }

  function track(taskId: TaskId, delivery: Promise<boolean>, done: () => void): void {
    const tracked = delivery.then((hasEnded) => {
      done();
      if (hasEnded) watches?.remove(taskId);
      sending.delete(tracked);
      onMetric?.('a2a_push_sending', sending.size, {});
      // what has come meanwhile is due now, and what there was no room for
      void look();
    });
    sending.add(tracked);
    onMetric?.('a2a_push_sending', sending.size, {});
  }

  function poll(): void {
    cancelPoll = clock.after(POLL_MS, () => {
      poll();
      void look();
    });
  }

  async function drain(drainMs: number): Promise<void> {
    cancelPoll();
    watches?.close();
    // nobody else sends what is in the memory of this process
    if (storage.shared) {
      isClaiming = false;
      later?.end();
    }
    let cancelGiveUp: () => void = () => undefined;
    const cancelDeadline = clock.after(drainMs, () => {
      isClaiming = false;
      later?.end();
      abort.abort(new Error('The sender is stopped'));
    });
    const allDone = async () => {
      await look();
      while (sending.size > 0 || looking !== undefined || later !== undefined) {
        await Promise.all([...sending, looking, later?.done]);
      }
    };
    // a store that does not answer holds nobody up
    await Promise.race([
      allDone(),
      new Promise<void>((resolve) => {
        cancelGiveUp = clock.after(drainMs + GIVE_BACK_MS, resolve);
      }),
    ]);
    isClaiming = false;
    cancelDeadline();
    cancelGiveUp();
  }

  return {
    start() {
      if (stopping !== undefined || isClaiming) return;
      isClaiming = true;
      watches = createWatches(eventBus, logger, () => void look());
      poll();
      void look();
    },
    watch: (taskId) => watches?.add(taskId),
    stop: ({ drainMs = 0 } = {}) => (stopping ??= drain(drainMs)),
    status: () => ({ sending: sending.size }),
  };
}
