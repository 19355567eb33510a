import type { TaskState } from '../../protocol/v1.ts';
import type { StoredTask, TaskId } from '../../core/log.ts';
import type { SortKey, TaskQuery } from '../../core/storage.ts';
import type { StorageKit } from '../storage-suite.ts';
import { ANN, artifact, pause, reply, status } from './bodies.ts';
import type { Bench } from './bench.ts';

/** S14: the list of tasks. */
export function listCases(kit: StorageKit): void {
  orderCases(kit);
  filterCases(kit);
  shapeCases(kit);
}

type Filter = Partial<Omit<TaskQuery, 'after'>>;

/** All pages of a list; the test fails when the total differs from page to page. */
async function listAll(
  bench: Bench,
  filter: Filter = {},
  onPage?: () => Promise<void>,
): Promise<StoredTask[]> {
  const tasks: StoredTask[] = [];
  let after: SortKey | undefined;
  do {
    const page = await bench.storage.listTasks(ANN, {
      ...{ limit: 7, includeArtifacts: false, ...filter, ...(after !== undefined && { after }) },
    });
    tasks.push(...page.tasks);
    after = page.next;
    await onPage?.();
  } while (after !== undefined);
  return tasks;
}

const idsOf = (tasks: readonly StoredTask[]): TaskId[] => tasks.map(({ id }) => id);

/** The order of the list, from what the tasks themselves say. */
function inOrder(tasks: readonly StoredTask[]): TaskId[] {
  const key = ({ id, status: { timestamp } }: StoredTask) => `${timestamp} ${id}`;
  return idsOf([...tasks].sort((a, b) => (key(a) < key(b) ? 1 : -1)));
}

function orderCases({ api: { expect }, test, advance }: StorageKit): void {
  test('S14 list: 200 tasks, many in one millisecond, come once each, newest status first, then by id', async (bench) => {
    const created: TaskId[] = [];
    for (let n = 0; n < 200; n += 1)
      created.push(await bench.createTask({ id: `t${String((n * 37) % 200).padStart(3, '0')}` }));
    for (const limit of [1, 3, 100, 200, 500]) {
      const tasks = await listAll(bench, { limit });
      expect(idsOf(tasks).sort()).toEqual([...created].sort());
      expect(idsOf(tasks)).toEqual(inOrder(tasks));
    }
  });

  test('S14 list: the last page has no next, also when it is full', async (bench) => {
    for (let n = 0; n < 4; n += 1) await bench.createTask();
    const first = await bench.storage.listTasks(ANN, { limit: 2, includeArtifacts: false });
    const last = first.tasks.at(-1);
    expect(first.next).toEqual({ ts: Date.parse(last?.status.timestamp ?? ''), id: last?.id });
    const query = {
      limit: 2,
      includeArtifacts: false,
      ...(first.next !== undefined && { after: first.next }),
    };
    const second = await bench.storage.listTasks(ANN, query);
    expect([second.tasks.length, 'next' in second, second.total]).toEqual([2, false, 4]);
  });

  test('S14 list: an empty list is a page without rows', async (bench) => {
    const page = await bench.storage.listTasks(ANN, { limit: 10, includeArtifacts: false });
    expect(page).toEqual({ tasks: [], total: 0 });
  });

  test('S14 list: a position whose task is gone or never was is still a position', async (bench) => {
    await bench.createTask({ id: 'a' });
    const { ts } = await bench.load('a');
    const list = async (after: SortKey) =>
      idsOf((await bench.storage.listTasks(ANN, { limit: 9, includeArtifacts: false, after })).tasks);
    expect(await list({ ts, id: 'b' })).toEqual(['a']);
    expect(await list({ ts, id: 'a' })).toEqual([]);
    expect(await list({ ts: ts + 1, id: '' })).toEqual(['a']);
    expect(await list({ ts: ts - 1, id: 'z' })).toEqual([]);
  });

  test(
    'S14 list: a change of status moves a task to the top, an artifact or a message does not',
    async (bench) => {
      const ids = ['a', 'b', 'c'];
      for (const id of ids) {
        await bench.createTask({ id });
        await advance(bench, bench.second);
      }
      expect(idsOf(await listAll(bench))).toEqual(['c', 'b', 'a']);
      const holder = await bench.take('a');
      await holder.append(artifact('x', 'x'));
      await bench.say('b', 'm');
      expect(idsOf(await listAll(bench))).toEqual(['c', 'b', 'a']);
      await holder.append(status('WORKING'));
      expect(idsOf(await listAll(bench))).toEqual(['a', 'c', 'b']);
      await advance(bench, bench.second);
      await bench.storage.requestCancel(ANN, 'b', 0);
      expect(idsOf(await listAll(bench))).toEqual(['b', 'a', 'c']);
    },
    { hooks: ['advance'] },
  );

  test(
    'S14 list: while tasks move to the top nobody is seen twice, and who stays is seen',
    async (bench) => {
      const created: TaskId[] = [];
      for (let n = 0; n < 60; n += 1) {
        created.push(await bench.createTask());
        if (n % 3 === 0) await advance(bench, bench.second);
      }
      const moved: TaskId[] = [];
      const seen = await listAll(bench, { limit: 5 }, async () => {
        await advance(bench, bench.second);
        const taskId = created[moved.length * 5 + 2];
        if (taskId === undefined) return;
        moved.push(taskId);
        await bench.storage.requestCancel(ANN, taskId, 0);
      });
      expect(new Set(idsOf(seen)).size).toBe(seen.length);
      const missing = created.filter((id) => !idsOf(seen).includes(id));
      expect(missing.filter((id) => !moved.includes(id))).toEqual([]);
    },
    { hooks: ['advance'] },
  );
}

const STATES: readonly TaskState[] = [
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_CANCELED',
];

async function mixed(bench: Bench, tick: () => Promise<void>): Promise<void> {
  for (let n = 0; n < 60; n += 1) {
    const taskId = await bench.createTask({ contextId: `context-${String(n % 4)}` });
    const state = STATES[n % STATES.length] ?? 'TASK_STATE_SUBMITTED';
    if (state !== 'TASK_STATE_SUBMITTED') {
      const holder = await bench.take(taskId);
      const isPause = state === 'TASK_STATE_INPUT_REQUIRED';
      await holder.append(isPause ? pause(1) : { kind: 'status', state });
    }
    if (n % 2 === 0) await tick();
  }
}

function filterCases({ api: { expect }, test, advance }: StorageKit): void {
  test(
    'S14 list: every filter, and every pair and all of them, gives what a look at each task gives',
    async (bench) => {
      await mixed(bench, () => advance(bench, bench.second));
      const all = await listAll(bench);
      expect(all.length).toBe(60);
      const since = Date.parse(all[25]?.status.timestamp ?? '');
      for (const contextId of [undefined, 'context-1', 'context-9'])
        for (const state of [undefined, ...STATES, 'TASK_STATE_FAILED' as const])
          for (const statusSince of [undefined, since, since + 1, since - 1]) {
            const wanted = all.filter(
              (task) =>
                (contextId === undefined || task.contextId === contextId) &&
                (state === undefined || task.status.state === state) &&
                (statusSince === undefined || Date.parse(task.status.timestamp) >= statusSince),
            );
            const filter = {
              ...(contextId !== undefined && { contextId }),
              ...(state !== undefined && { state }),
              ...(statusSince !== undefined && { statusSince }),
            };
            expect(await listAll(bench, filter)).toEqual(wanted);
            const { total } = await bench.storage.listTasks(ANN, {
              limit: 1,
              includeArtifacts: false,
              ...filter,
            });
            expect(total).toBe(wanted.length);
          }
    },
    { hooks: ['advance'] },
  );

  test('S14 list: statusSince takes in the tasks of that very millisecond', async (bench) => {
    const taskId = await bench.createTask();
    const { ts } = await bench.load(taskId);
    const list = async (statusSince: number) => idsOf(await listAll(bench, { statusSince }));
    expect([await list(ts - 1), await list(ts), await list(ts + 1)]).toEqual([[taskId], [taskId], []]);
    // times with more digits
    const years = ['2290', '2500', '9999'].map((year) => Date.parse(year));
    expect(await Promise.all(years.map(list))).toEqual([[], [], []]);
  });

  test('S14 list: the total counts all matches on every page', async (bench) => {
    for (let n = 0; n < 5; n += 1) await bench.createTask();
    let after: SortKey | undefined;
    for (const rows of [2, 2, 1]) {
      const query = { limit: 2, includeArtifacts: false, ...(after !== undefined && { after }) };
      const page = await bench.storage.listTasks(ANN, query);
      expect([page.tasks.length, page.total]).toEqual([rows, 5]);
      after = page.next;
    }
    expect(after).toBe(undefined);
  });

  test('S14 list: what is answered with a bare message is neither listed nor counted', async (bench) => {
    const hidden = await bench.createTask({ answers: 'message' });
    const shown = await bench.createTask();
    const check = async () => {
      for (const filter of [{}, { contextId: 'context-1' }, { statusSince: 0 }]) {
        const page = await bench.storage.listTasks(ANN, { limit: 9, includeArtifacts: false, ...filter });
        expect([idsOf(page.tasks), page.total]).toEqual([[shown], 1]);
      }
    };
    await check();
    await (await bench.take(hidden)).append({ kind: 'message', message: reply('m') });
    await check();
    const failed = await bench.createTask({ answers: 'message' });
    await (await bench.take(failed)).append(status('FAILED'));
    await check();
  });
}

function shapeCases({ api: { expect }, test }: StorageKit): void {
  test('S14 list: artifacts are given only when asked for, and then also as an empty list', async (bench) => {
    const taskId = await bench.createTask();
    const list = async (includeArtifacts: boolean) =>
      (await bench.storage.listTasks(ANN, { limit: 1, includeArtifacts })).tasks[0];
    expect((await list(true))?.artifacts).toEqual([]);
    expect(Object.keys((await list(false)) ?? {}).includes('artifacts')).toBe(false);
    await (await bench.take(taskId)).append(artifact('a', 'x'));
    expect((await list(true))?.artifacts).toEqual([{ artifactId: 'a', parts: [{ text: 'x' }] }]);
    expect(Object.keys((await list(false)) ?? {}).includes('artifacts')).toBe(false);
  });

  test('S14 list: of the history the newest messages are given, with 0 the field is left out', async (bench) => {
    const taskId = await bench.createTask();
    for (const id of ['m', 'n']) await bench.say(taskId, id);
    const history = async (filter: Filter) =>
      (await listAll(bench, filter))[0]?.history?.map(({ messageId }) => messageId);
    expect(await history({})).toEqual(['hello', 'm', 'n']);
    expect(await history({ historyLength: 2 })).toEqual(['m', 'n']);
    expect(await history({ historyLength: 9 })).toEqual(['hello', 'm', 'n']);
    expect(Object.keys((await listAll(bench, { historyLength: 0 }))[0] ?? {}).includes('history')).toBe(
      false,
    );
    expect(await history({})).toEqual(['hello', 'm', 'n']);
    expect((await bench.load(taskId)).task.history?.length).toBe(3);
  });

  test('S14 list: a row is otherwise the task itself', async (bench) => {
    const taskId = await bench.createTask({ task: { metadata: { a: 1 } } });
    await (await bench.take(taskId)).append(artifact('a', 'x'), status('WORKING', { message: reply('m') }));
    const page = await bench.storage.listTasks(ANN, { limit: 1, includeArtifacts: true });
    expect(page.tasks).toEqual([(await bench.load(taskId)).task]);
  });
}
