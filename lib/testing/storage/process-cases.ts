import { foldLog } from '../../core/fold.ts';
import type { Storage } from '../../core/storage.ts';
import { eventually } from '../eventually.ts';
import type { Processes } from '../process/processes.ts';
import type { StorageKit } from '../storage-suite.ts';
import { checkWriters } from './append-cases.ts';
import { createBench, newTask, taken, type Bench } from './bench.ts';
import { ANN, artifact, chunk, status } from './bodies.ts';
import { checkShared } from './claim-cases.ts';
import { raceEnds } from './close-cases.ts';
import { racePauses } from './pause-cases.ts';

const TOGETHER = { hooks: ['process', 'shared'] } as const;
const HOUR_MS = 3_600_000;

/** The cases of S2, S4, S5, S8, S9 and S22 with several processes. */
export function processCases(kit: StorageKit): void {
  raceCases(kit);
  readerCases(kit);
  clockCases(kit);
  killCases(kit);
}

async function storagesOf({ start }: Processes, count: number): Promise<readonly Storage[]> {
  const processes = await Promise.all(Array.from({ length: count }, () => start()));
  return processes.map(({ storage }) => storage);
}

function raceCases({ api: { expect }, test }: StorageKit): void {
  test(
    'S2 append ★: fifty writers in two processes leave no hole for a reader in a third',
    async (bench, processes) => {
      const [one, two, reader] = await storagesOf(processes, 3);
      if (one && two && reader) await checkWriters(bench, [one, two], reader, expect);
    },
    TOGETHER,
  );

  test(
    'S5 closed ★: of two ends and a cancel from two processes exactly one wins',
    async (bench, processes) => {
      const [one, two] = await storagesOf(processes, 2);
      if (one && two) await raceEnds(bench, one, two, expect);
    },
    TOGETHER,
  );

  test(
    'S8 claim ★: eight claimers in four processes share 1,000 tasks and none gets a task twice',
    async (bench, processes) => {
      const others = await storagesOf(processes, 3);
      const all = [bench.storage, ...others];
      await checkShared(bench, [...all, ...all], expect);
    },
    TOGETHER,
  );

  test(
    'S9 pause ★: raced with a message from another process, the message is never left unprocessed and undue',
    async (bench, processes) => {
      const [one, two] = await storagesOf(processes, 2);
      if (one && two) await racePauses(bench, one, two, expect);
    },
    TOGETHER,
  );
}

function readerCases({ api: { expect }, test }: StorageKit): void {
  test(
    'S4 snapshot ★: loaded by other processes while one writes, the task is the fold of its log up to that entry',
    async (bench, processes) => {
      const readers = await storagesOf(processes, 2);
      const taskId = await bench.createTask();
      const holder = await bench.take(taskId);
      let isOver = false;
      const loaded = readers.map(async (reader) => {
        const snapshots = [];
        // once more after the end: what is over is seen by everybody
        for (let isLast = false; !isLast;) {
          isLast = isOver;
          snapshots.push(await reader.loadTask(taskId));
        }
        return snapshots;
      });
      for (let n = 0; n < 200; n += 1) {
        await holder.append(
          chunk('a', String(n)),
          artifact(`b${String(n % 3)}`, String(n)),
          status('WORKING'),
        );
      }
      isOver = true;
      const entries = await bench.checkFold(taskId);
      for (const snapshots of await Promise.all(loaded)) {
        const seqs = snapshots.map((snapshot) => snapshot?.seq ?? 0);
        expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
        expect(seqs.at(-1)).toBe(entries.length);
        for (const snapshot of snapshots) {
          expect(snapshot?.task).toEqual(foldLog(entries.slice(0, snapshot?.seq)));
        }
      }
    },
    TOGETHER,
  );
}

function clockCases({ api: { expect }, test }: StorageKit): void {
  for (const [where, skewMs] of [
    ['ahead', HOUR_MS],
    ['behind', -HOUR_MS],
  ] as const) {
    test(
      `S8 claim ★: a process whose clock is an hour ${where} claims, and writes, by the storage's clock`,
      async (bench, { start }) => {
        const { storage } = await start(skewMs);
        const taskId = await bench.createTask();
        const { lease: first } = await bench.take(taskId);
        const by = { worker: 'w', agent: ANN.agent, limit: 1, leaseMs: 30 * bench.second, taskId };
        expect(await storage.claim(by)).toEqual([]);
        await bench.storage.release(first, 0, true);
        const [claimed] = await storage.claim(by);
        if (claimed === undefined) throw new Error(`${taskId} is not due`);
        expect(await bench.claimOne(taskId)).toBe(undefined);
        const renewed = await storage.renew(claimed.lease, 30 * bench.second);
        expect(renewed.ok ? renewed.leftMs : Infinity).toBeLessThanOrEqual(30 * bench.second);
        const { entries } = taken(await storage.append(claimed.lease, 1, [status('WORKING')]));
        const opened = (await bench.checkFold(taskId))[0]?.ts ?? 0;
        expect(Math.abs((entries[0]?.ts ?? 0) - opened)).toBeLessThanOrEqual(HOUR_MS / 2);
      },
      TOGETHER,
    );
  }
}

function killCases({ api, test }: StorageKit): void {
  test(
    'S22 restart ★: what a process had acknowledged when it was killed is there for the next one, without a hole',
    async ({ second }, { start }) => {
      const first = await start();
      const names = ['one', 'two', 'three'];
      const writers = await Promise.all(
        names.map((id) => writeOn(createBench(first.storage, second, api), id)),
      );
      await eventually(
        () => writers.every(({ acknowledged }) => acknowledged() > 50),
        'fifty acknowledged appends of each task',
      );
      await first.kill();
      await Promise.all(writers.map(({ ended }) => ended));
      const bench = createBench((await start()).storage, second, api);
      for (const writer of writers) await writer.check(bench);
    },
    { hooks: ['process'] },
  );
}

/** Writes to a new task until the storage fails, or `stop`, and remembers what was acknowledged. */
export async function writeOn(bench: Bench, id: string) {
  await bench.storage.createTask(newTask({ id }));
  const { lease } = await bench.take(id);
  const log = [...(await bench.log(id))];
  let count = 0;
  let isOver = false;
  const write = async (): Promise<void> => {
    while (!isOver) {
      const { entries } = taken(await bench.storage.append(lease, count + 1, [chunk('a', String(count))]));
      log.push(...entries);
      count += 1;
    }
  };
  const ended = write().catch(() => undefined);
  return {
    ended,
    stop() {
      isOver = true;
    },
    acknowledged: () => count,
    /** On what is there afterwards: all of it, and at most the one append whose answer was lost. The run goes on. */
    async check(after: Bench): Promise<void> {
      const entries = await after.checkFold(id);
      if (JSON.stringify(entries.slice(0, log.length)) !== JSON.stringify(log))
        throw new Error(`${id} has lost or changed what was acknowledged`);
      if (entries.length > log.length + 1) throw new Error(`${id} has more than was written`);
      taken(await after.storage.append(lease, count + 1, [chunk('a', String(count))]));
      taken(await after.storage.append(lease, count + 2, [status('COMPLETED')]));
      await after.checkFold(id);
    },
  };
}
