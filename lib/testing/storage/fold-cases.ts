import { foldLog } from '../../core/fold.ts';
import type { EntryBody, TaskId } from '../../core/log.ts';
import { foldVectors, type FoldVector } from '../fold-vectors.ts';
import { seededRandom } from '../hostile-bus.ts';
import type { StorageKit } from '../storage-suite.ts';
import { ANN } from './bodies.ts';
import { taken, type Bench, type Holder } from './bench.ts';

/** S3: the golden logs. After each entry the task is the fold of what can be read, with and without checkpoints on the way. */
export function foldCases({ api: { expect }, test }: StorageKit): void {
  for (const [index, vector] of foldVectors.entries()) {
    const random = seededRandom(index);
    test(`S3 fold: ${vector.name}`, async (bench) => {
      const taskId = await bench.createTask({
        ...{ id: vector.open.id, contextId: vector.open.contextId, task: vector.open },
        answers: vector.bodies.some(({ kind }) => kind === 'message') ? 'message' : 'task',
      });
      await replay(bench, taskId, vector, async () => {
        const entries = await bench.log(taskId);
        const { task, seq } = await bench.load(taskId);
        expect(seq).toBe(entries.length);
        expect(task).toEqual(foldLog(entries));
        // keeps all entries, so that the log stays comparable
        if (random() < 0.5) await bench.storage.checkpoint?.(taskId, seq, task, seq);
      });
      const { task } = await bench.load(taskId);
      const { timestamp, ...status } = task.status;
      expect(typeof timestamp).toBe('string');
      expect(JSON.parse(JSON.stringify({ ...task, status }))).toEqual(vector.task);
      expect('artifacts' in task).toBe('artifacts' in vector.task);
    });
  }
}

/** Brings the entries about by the calls that make them. What a call adds by itself is not written twice. */
async function replay(
  bench: Bench,
  taskId: TaskId,
  vector: FoldVector,
  check: () => Promise<void>,
): Promise<void> {
  let holder: Holder | undefined;
  for (const [index, body] of vector.bodies.entries()) {
    const { seq } = await bench.load(taskId);
    if (seq > index + 1) continue;
    const isLast = index === vector.bodies.length - 1;
    if (isOfClient(body)) {
      taken(await send(bench, taskId, body));
    } else {
      holder = (await bench.tryTake(taskId)) ?? holder;
      await holder?.append(body);
    }
    // each looks at the whole log
    if (index < 20 || index % 20 === 0 || isLast) await check();
  }
}

type ClientBody = Extract<EntryBody, { kind: 'input' | 'resume' | 'cancel' }>;

function isOfClient(body: EntryBody): body is ClientBody {
  return body.kind === 'input' || body.kind === 'resume' || body.kind === 'cancel';
}

function send({ storage, second }: Bench, taskId: TaskId, body: ClientBody) {
  if (body.kind === 'input')
    return storage.addInput(ANN, taskId, { message: body.message, request: body.request });
  if (body.kind === 'resume') return storage.addInput(ANN, taskId, { resume: body.data });
  return storage.requestCancel(ANN, taskId, 60 * second, body.metadata);
}
