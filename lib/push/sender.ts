import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import type { EventBus } from '../core/event-bus.ts';
import type { TaskId } from '../core/log.ts';
import type { Storage } from '../core/storage.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import { type DeliveryOptions, deliver } from './delivery.ts';
import { createWatches, type Watches } from './watches.ts';

/** What a sender needs. */
export interface PushSenderOptions extends DeliveryOptions {
  readonly storage: DeliveryOptions['storage'] & Pick<Storage, 'shared'>;
  readonly eventBus: EventBus;
  readonly agentId: string;
  /** Webhooks that are posted to at the same time. */
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
        for (const one of claimed) {
          const { taskId } = one.lease;
          watches?.add(taskId);
          track(taskId, deliver(one, options, abort.signal));
        }
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

  function track(taskId: TaskId, delivery: Promise<boolean>): void {
    const tracked = delivery.then((hasEnded) => {
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
    if (storage.shared) isClaiming = false;
    let cancelGiveUp: () => void = () => undefined;
    const cancelDeadline = clock.after(drainMs, () => {
      isClaiming = false;
      abort.abort(new Error('The sender is stopped'));
    });
    const allDone = async () => {
      await look();
      while (sending.size > 0 || looking !== undefined) await Promise.all([...sending, looking]);
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
