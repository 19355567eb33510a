import type { TaskId } from '../core/log.ts';
import type { Storage } from '../core/storage.ts';
import { createProcesses, type Processes } from './process/processes.ts';
import type { ProcessModule } from './process/second-process.ts';
import { createBench, type Bench } from './storage/bench.ts';
import { cancelCases } from './storage/cancel-cases.ts';
import { claimCases } from './storage/claim-cases.ts';
import { closeCases } from './storage/close-cases.ts';
import { createCases } from './storage/create-cases.ts';
import { foldCases } from './storage/fold-cases.ts';
import { appendCases } from './storage/append-cases.ts';
import { inputCases } from './storage/input-cases.ts';
import { keyCases } from './storage/key-cases.ts';
import { isolationCases } from './storage/isolation-cases.ts';
import { listCases } from './storage/list-cases.ts';
import { pauseCases } from './storage/pause-cases.ts';
import { processCases } from './storage/process-cases.ts';
import { pushCases } from './storage/push-cases.ts';
import { pushSendingCases } from './storage/push-sending-cases.ts';
import { readCases } from './storage/read-cases.ts';
import { scopeCases } from './storage/scope-cases.ts';
import { upkeepCases } from './storage/upkeep-cases.ts';
import { missingHooks, register, type TestApi } from './test-api.ts';

/** What a case needs of the storage it runs on; meant for backends that can be told. */
export interface StorageWish {
  /** Tasks that may be active at once. */
  readonly activeTasks?: number;
  /** Bytes that one task may take, roughly. */
  readonly taskBytes?: number;
  /** Webhooks that one task may have. */
  readonly webhooks?: number;
  /** Entries after which the log of an active task is trimmed. */
  readonly logEntries?: number;
  /** How long finished tasks are kept, in ms. */
  readonly finishedMs?: number;
  /** How many finished tasks are kept. */
  readonly finishedTasks?: number;
  /** How long the log of a finished task is kept, in ms. */
  readonly logMs?: number;
}

/** What only some backends can do. A case that needs a hook which is not there says so in its name and is not run. */
export interface StorageHooks {
  /**
   * What the cases take for a second, in ms. Default 1,000; less where `advance` really waits, more where the storage's
   * clock runs by itself as well.
   */
  readonly second?: number;
  /** How often each race is run. Default 1,000; less finds less, and is for stores that are far away. */
  readonly rounds?: number;
  /** Lets so much time pass, on the storage's clock. */
  readonly advance?: (storage: Storage, ms: number) => void | Promise<void>;
  /** Puts the storage's wall clock back (negative) or forward by so much, without time passing. */
  readonly shiftWall?: (storage: Storage, ms: number) => void | Promise<void>;
  /** Set when the factory heeds the limits in its StorageWish. */
  readonly limits?: true;
  /** Set when the factory heeds the retention in its StorageWish. */
  readonly retention?: true;
  /** Set when the storage has `push`. */
  readonly push?: true;
  /** Another handle on the same data, in this process. */
  readonly connect?: (storage: Storage) => Storage | Promise<Storage>;
  /** How a second process opens the same data: the path of a main module that calls `serveBackend`. */
  readonly process?: (storage: Storage) => ProcessModule | Promise<ProcessModule>;
  /** Set when several processes may use the data at once. */
  readonly shared?: true;
  /** Kills a store that is a process of its own, by SIGKILL, starts it again on the same data, and gives a handle on it. */
  readonly restart?: (storage: Storage) => Promise<Storage>;
  /** How many records (tasks, index members, keys, rows) are stored. */
  readonly usage?: (storage: Storage) => number | Promise<number>;
  /** How many stored entries and bytes the writes to a task have touched so far. */
  readonly work?: (
    storage: Storage,
    taskId: TaskId,
  ) => { entries: number; bytes: number } | Promise<{ entries: number; bytes: number }>;
  /** Called after each case, with the storage it ran on. */
  readonly dispose?: (storage: Storage) => void | Promise<void>;
}

/** The name of something only some backends can do. */
export type StorageHook = Exclude<keyof StorageHooks, 'second' | 'rounds' | 'dispose'>;

/** What the files of cases register with. */
export interface StorageKit {
  readonly api: TestApi;
  readonly hooks: StorageHooks;
  /** Registers a case. It gets an empty storage, which is disposed of afterwards. */
  readonly test: (name: string, body: CaseBody, needs?: CaseNeeds) => void;
  /** Lets time pass; for cases that need the hook `advance`. */
  readonly advance: (bench: Bench, ms: number) => Promise<void>;
}

/** A case. The processes that it starts are killed after it. */
export type CaseBody = (bench: Bench, processes: Processes) => Promise<void>;

/** What a case needs beside the port itself. */
export interface CaseNeeds extends StorageWish {
  readonly hooks?: readonly StorageHook[];
}

/**
 * The contract of Storage as cases S1 to S19, S21 and S22. `create` makes an empty storage for each case, initialised.
 *
 * Asks of `expect` only toBe, toEqual, toBeGreaterThan and toBeLessThanOrEqual. Runs under jest, vitest and node:test.
 */
export function storageSuite(
  api: TestApi,
  create: (wish: StorageWish) => Storage | Promise<Storage>,
  hooks: StorageHooks = {},
): void {
  const kit: StorageKit = {
    api,
    hooks,
    test(name, body, { hooks: needed = [], ...wish } = {}) {
      register(api, name, missingHooks(hooks, needed), async () => {
        const storage = await create(wish);
        const processes = createProcesses(() => hooks.process?.(storage));
        try {
          await body(createBench(storage, hooks.second ?? 1000, api, hooks.rounds), processes);
        } finally {
          await processes.killAll();
          await hooks.dispose?.(storage);
        }
      });
    },
    async advance({ storage }, ms) {
      await hooks.advance?.(storage, ms);
    },
  };
  api.describe('Storage', () => {
    for (const cases of ALL) cases(kit);
  });
}

const ALL: readonly ((kit: StorageKit) => void)[] = [
  createCases,
  appendCases,
  foldCases,
  closeCases,
  claimCases,
  pauseCases,
  inputCases,
  keyCases,
  cancelCases,
  readCases,
  listCases,
  scopeCases,
  pushCases,
  pushSendingCases,
  isolationCases,
  upkeepCases,
  processCases,
];
