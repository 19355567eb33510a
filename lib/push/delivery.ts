import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { OnMetric } from '../core/metrics.ts';
import type { ClaimedPush, PushStorage } from '../core/push-storage.ts';
import type { Storage } from '../core/storage.ts';
import { type BackOff, pauseMs } from './back-off.ts';
import { type MessageOptions, writeMessage } from './message.ts';
import { type Notification, readPending } from './outbox.ts';
import type { Post, PushOutcome } from './post.ts';

/** What a delivery works with. */
export interface DeliveryOptions extends MessageOptions {
  readonly storage: Pick<Storage, 'read' | 'loadTask'> & { readonly push: PushStorage };
  readonly post: Post;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For one POST. */
  readonly timeoutMs: number;
  /** How long a webhook stays taken without an ack; longer than a POST may take. */
  readonly leaseMs: number;
  readonly backOff: BackOff;
  readonly onMetric?: OnMetric;
}

type Failure = Extract<PushOutcome, { ok: false }>;

/**
 * Sends one webhook what it has not got, one POST after the other, and moves its cursor after each. Whether it is still there
 * and its own is known before each POST: by the claim, then by the ack. Stops at the first failure and has it tried again later; gives
 * it back when `signal` aborts. Never rejects: what the store does not take is sent again when the lease is over.
 * Gives whether the task has ended, so that no news are to come.
 */
export async function deliver(
  claimed: ClaimedPush,
  options: DeliveryOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { lease, registration, failingMs } = claimed;
  const { storage, logger, clock, leaseMs, backOff, onMetric } = options;
  const { push } = storage;
  const what = { taskId: lease.taskId, webhook: lease.id };
  const startedAt = clock.elapsed();
  let { cursor, failures } = claimed;
  let hasEnded = false;

  async function run(): Promise<void> {
    const { notifications, upTo, closed } = await readPending(storage, registration, cursor);
    hasEnded = closed;
    const last = notifications.at(-1);
    for (const notification of notifications) {
      const outcome = await sendOne(notification);
      if (!outcome.ok) {
        await (signal.aborted ? push.retry(lease, 0) : failed(outcome));
        return;
      }
      cursor = notification.seq;
      failures = 0;
      if (notification !== last && !(await push.ack(lease, cursor, leaseMs))) return;
    }
    // gives it back; what has come meanwhile, or did not fit into one look, makes it due again
    await push.ack(lease, upTo);
  }

  async function sendOne(notification: Notification): Promise<PushOutcome> {
    const sentAt = clock.elapsed();
    const outcome = await attempt(notification);
    onMetric?.('a2a_push_ms', clock.elapsed() - sentAt, { outcome: outcome.ok ? 'ok' : 'failed' });
    return outcome;
  }

  async function attempt(notification: Notification): Promise<PushOutcome> {
    try {
      const message = await writeMessage(registration, notification, options);
      return await options.post({ ...message, timeoutMs: options.timeoutMs, signal });
    } catch (error) {
      logger.error({ err: error, ...what }, 'a notification could not be written or signed');
      return { ok: false, reason: 'the notification could not be written', retry: true };
    }
  }

  async function failed({ reason, retry, retryAfterMs }: Failure): Promise<void> {
    const since = failures === 0 ? 0 : failingMs + clock.elapsed() - startedAt;
    if (!retry || since >= backOff.giveUpMs) {
      logger.warn({ ...what, reason }, 'a webhook is disabled: its client has to register it again');
      onMetric?.('a2a_push_disabled', 1, {});
      await push.disable(lease, retry ? `given up after ${hours(since)} hours: ${reason}` : reason);
      return;
    }
    await push.retry(lease, pauseMs(backOff, failures + 1, retryAfterMs), reason);
  }

  try {
    await run();
  } catch (error) {
    logger.warn(
      { err: error, ...what },
      'a delivery was left half-way; it is taken up when its lease is over',
    );
  }
  return hasEnded;
}

function hours(ms: number): string {
  return String(Math.round(ms / 3_600_000));
}
