/** How long finished tasks stay. What goes first is what finished first; a task that has not ended is never removed. */
export interface Retention {
  /** How long a finished task can be loaded and listed, in ms. Default 3,600,000 (1 hour). */
  readonly finishedMs: number;
  /** How many finished tasks are kept. Default 10,000. */
  readonly finishedTasks: number;
  /** What finished tasks may take together, as bytes of JSON, roughly. Default 536,870,912 (512 MiB). */
  readonly finishedBytes: number;
  /** How long the log of a finished task is kept for readers that come back, in ms; the task itself stays. Default 60,000. */
  readonly logMs: number;
}

/** How much is taken in. */
export interface Limits {
  /** Tasks that have not ended; beyond it, new ones are refused with StorageError `full`. Default 10,000. */
  readonly activeTasks: number;
  /** Size of one task (of its log, or of what it amounts to), in bytes of JSON, roughly; beyond it, new tasks and writes are refused with `too-large`. Default 67,108,864 (64 MiB). */
  readonly taskBytes: number;
  /** Size of one artifact, counted in the same way: as the sum of its updates. Default: `taskBytes`. */
  readonly artifactBytes: number;
  /** Entries after which the log of a task that has not ended loses its oldest ones, down to the first unprocessed message. Default 10,000. */
  readonly logEntries: number;
  /** The same in bytes of JSON, roughly. Default 8,388,608 (8 MiB). */
  readonly logBytes: number;
  /** Webhooks of one task; beyond it, further ones are refused. A new task can always bring one. Default 10. */
  readonly webhooks: number;
  /** Idempotency keys that are remembered; beyond it the oldest is forgotten. Default 100,000. */
  readonly idempotencyKeys: number;
}

const RETENTION: Retention = {
  finishedMs: 3_600_000,
  finishedTasks: 10_000,
  finishedBytes: 512 * 1024 * 1024,
  logMs: 60_000,
};

const LIMITS: Omit<Limits, 'artifactBytes'> = {
  activeTasks: 10_000,
  taskBytes: 64 * 1024 * 1024,
  logEntries: 10_000,
  logBytes: 8 * 1024 * 1024,
  webhooks: 10,
  idempotencyKeys: 100_000,
};

/** The retention with its defaults. Throws a RangeError for a negative value; Infinity stands for no bound. */
export function readRetention(given: Partial<Retention> = {}): Retention {
  return checked('retention', { ...RETENTION, ...given });
}

/** The limits with their defaults. Throws a RangeError for a negative value; Infinity stands for no bound. */
export function readLimits(given: Partial<Limits> = {}): Limits {
  const limits = { ...LIMITS, ...given };
  return checked('limits', { ...limits, artifactBytes: given.artifactBytes ?? limits.taskBytes });
}

function checked<T extends object>(option: string, values: T): T {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'number' && value >= 0) continue;
    throw new RangeError(`memoryBackend: ${option}.${name} is a number of 0 or more, not ${String(value)}`);
  }
  return values;
}
