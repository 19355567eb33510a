import type { TaskPushNotificationConfig } from '../protocol/v1.ts';
import type { Scope, Seq, TaskId } from './log.ts';

/** A webhook as its client wrote it (§4.3.1), with the ids that it may have left to the server. */
export type PushConfig = TaskPushNotificationConfig & { readonly id: string; readonly taskId: TaskId };

/** A webhook of a task, as it is registered. Plain JSON. */
export interface PushRegistration {
  readonly config: PushConfig;
  /** Context of the task: its events name it. */
  readonly contextId: string;
  /** The version of A2A in which its notifications are written: that of the call which registered it. */
  readonly dialect: '1.0' | '0.3';
  /** W3C trace context of that call, as text. */
  readonly traceparent?: string;
}

/** A webhook as it is stored. */
export interface StoredPush extends PushRegistration {
  /** Place among the webhooks of the task: grows with each new one, and stays when one is replaced. */
  readonly nth: number;
  /** Attempts that have failed since the last one that did not. */
  readonly failures: number;
  /** Why the newest attempt failed, or why it is disabled. Absent where the last one did not fail. */
  readonly reason?: string;
  /** Nothing is sent any more, until the client registers it again. */
  readonly disabled: boolean;
}

/** The right to send to one webhook. `token` is random per claim and is what is compared. */
export interface PushLease {
  readonly taskId: TaskId;
  readonly id: string;
  readonly token: string;
}

/** A webhook that a sender has just taken. */
export interface ClaimedPush {
  readonly lease: PushLease;
  readonly registration: PushRegistration;
  /** Everything up to here has been delivered, or is not for it. */
  readonly cursor: Seq;
  readonly failures: number;
  /** How long ago the first of these failures was, in ms; 0 without. */
  readonly failingMs: number;
}

/**
 * Webhooks: a cursor for each over the log of its task, which is the outbox. A part of Storage that a backend may offer.
 *
 * A webhook is _behind_ when its task has a visible entry (status, artifact, message) after its cursor. It is due: at once
 * when it gets behind or is registered again behind, unless it is leased or waits for its next attempt; at the end of a lease; at
 * the time that `retry` says. A disabled one is never due. Whether the task has ended makes no difference, and when the task
 * goes, its webhooks go with it. Tasks that answer with a message have none. Each method is one atomic step; time is
 * Storage's own, so only durations are passed.
 *
 * A send brings its webhook along in `createTask` and `addInput`: stored in the same step, its cursor at the entry that the
 * send writes, so that everything after it is delivered. With an id that is there already it is as in `save`.
 */
export interface PushStorage {
  /**
   * Registers a webhook: a new id with its cursor at the head of the log, in the same step. An id that is there: replaces what is
   * registered and keeps place and cursor; its lease ends, its failures are forgotten, it is enabled again.
   * `full`: the task has as many as it may.
   */
  save(scope: Scope, registration: PushRegistration): Promise<'saved' | 'not-found' | 'full'>;
  /** All webhooks of a task in the order of `nth`; undefined when the task is unknown or of another scope. */
  list(scope: Scope, taskId: TaskId): Promise<readonly StoredPush[] | undefined>;
  /** Whether the task is there; a webhook that is not there is deleted already. Ends its lease. */
  delete(scope: Scope, taskId: TaskId, id: string): Promise<boolean>;

  /**
   * Takes up to `limit` due webhooks of the agent's tasks, longest due first, each for `leaseMs`: due again at the end of that.
   * Never one with a lease that has not ended. `worker` is for people who look into the store.
   */
  claim(by: {
    worker: string;
    agent: string;
    limit: number;
    leaseMs: number;
  }): Promise<readonly ClaimedPush[]>;
  /**
   * Moves the cursor, never back, and forgets the failures. With `leaseMs` the lease goes on for so long from now; without, it ends, and
   * the webhook is due at once if it is behind. False, and nothing changes, when the lease is stale: replaced by another claim or
   * by `save`, or ended by `ack`, `retry`, `disable` or `delete`. Passing its end alone does not make it stale.
   */
  ack(lease: PushLease, cursor: Seq, leaseMs?: number): Promise<boolean>;
  /** Ends the lease and keeps the cursor; due after `delayMs`. With `reason` it counts as a failure, without it is only given back. False for a stale lease. */
  retry(lease: PushLease, delayMs: number, reason?: string): Promise<boolean>;
  /** Ends the lease and the sending, and keeps the webhook for its owner to see why. False for a stale lease. */
  disable(lease: PushLease, reason: string): Promise<boolean>;
}
