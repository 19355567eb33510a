import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { Turn } from '../../lib/core/turn.ts';
import type { Artifact, Part, StreamResponse, Task } from '../../lib/protocol/v1.ts';
import { getTask, start } from '../helpers/calls.ts';
import { type Cluster, makeCluster } from '../helpers/cluster.ts';
import { until } from '../helpers/gate.ts';
import { dataOf, readEvents } from '../helpers/sse.ts';

jest.setTimeout(120_000);

/** What an agent may do next. */
type Step =
  | { readonly do: 'work'; readonly text: string }
  | { readonly do: 'chunk'; readonly text: string }
  | { readonly do: 'data'; readonly value: number }
  | { readonly do: 'whole'; readonly id: string; readonly value: number }
  | { readonly do: 'rest'; readonly turns: number };

interface Join {
  readonly web: 0 | 1;
  /** After how many steps of the agent, and turns of the event loop. */
  readonly step: number;
  readonly turns: number;
}

const word = fc.string({ minLength: 1, maxLength: 8 });
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('work' as const), text: word }),
    { arbitrary: fc.record({ do: fc.constant('chunk' as const), text: word }), weight: 4 },
    fc.record({ do: fc.constant('data' as const), value: fc.nat() }),
    fc.record({ do: fc.constant('whole' as const), id: fc.constantFrom('a', 'b'), value: fc.nat() }),
    { arbitrary: fc.record({ do: fc.constant('rest' as const), turns: fc.nat(1500) }), weight: 3 },
  ),
  { minLength: 5, maxLength: 30 },
);
const joins = fc.array(
  fc.record({ web: fc.constantFrom(0 as const, 1 as const), step: fc.nat(12), turns: fc.nat(20) }),
  { minLength: 1, maxLength: 10 },
);

const scripts = new Map<string, { readonly steps: readonly Step[]; done: number }>();
let cluster: Cluster;

async function agent(turn: Turn): Promise<void> {
  const script = scripts.get(turn.text);
  const stream = turn.stream();
  for (const step of script?.steps ?? []) {
    if (step.do === 'work') await turn.working(step.text, { last: step.text });
    else if (step.do === 'chunk') await stream.append(step.text);
    else if (step.do === 'data') await stream.append([{ data: step.value }]);
    else if (step.do === 'whole') await turn.artifact({ artifactId: step.id, parts: [{ data: step.value }] });
    else for (let count = 0; count < step.turns; count += 1) await new Promise(setImmediate);
    if (script) script.done += 1;
  }
  if (script) script.done = Infinity;
}

beforeAll(async () => {
  cluster = await makeCluster(agent);
});
afterAll(() => cluster.close());

/** The task that a client has after these events; written anew here, out of the specification. */
function seenBy([first, ...events]: readonly StreamResponse[]): Task {
  if (first?.task === undefined) throw new Error('a stream begins with a task');
  const task = structuredClone(first.task);
  for (const { statusUpdate, artifactUpdate } of events) {
    if (statusUpdate) {
      const before = task.status.message;
      if (before) task.history = [...(task.history ?? []), before];
      task.status = statusUpdate.status;
      if (statusUpdate.metadata) task.metadata = { ...task.metadata, ...statusUpdate.metadata };
    }
    if (artifactUpdate)
      addChunk((task.artifacts ??= []), artifactUpdate.artifact, artifactUpdate.append ?? false);
  }
  return joined(task);
}

function addChunk(artifacts: Artifact[], chunk: Artifact, append: boolean): void {
  const index = artifacts.findIndex(({ artifactId }) => artifactId === chunk.artifactId);
  const known = artifacts[index];
  if (known === undefined) artifacts.push(structuredClone(chunk));
  else if (append) known.parts.push(...chunk.parts);
  else artifacts[index] = structuredClone(chunk);
}

/** Neighbouring texts as one: the server stores a stream of text so, and a client sees it in chunks. */
function joined(task: Task): Task {
  const join = (parts: readonly Part[]) =>
    parts.reduce<Part[]>((all, part) => {
      const last = all.at(-1);
      if (part.text === undefined || last?.text === undefined) return part.text === '' ? all : [...all, part];
      return [...all.slice(0, -1), { text: last.text + part.text }];
    }, []);
  if (task.artifacts === undefined) return task;
  return { ...task, artifacts: task.artifacts.map((one) => ({ ...one, parts: join(one.parts) })) };
}

// NEEDS row 11
describe('subscribing at any moment of a task, on either instance', () => {
  it('gives a snapshot and a tail that together are the final task, nothing twice, nothing missing', async () => {
    let serial = 0;
    const counts = { streams: 0, ended: 0 };

    async function joinAt(
      { web, step, turns }: Join,
      name: string,
      id: string,
    ): Promise<StreamResponse[] | undefined> {
      await until(() => (scripts.get(name)?.done ?? 0) >= step);
      for (let count = 0; count < turns; count += 1) await new Promise(setImmediate);
      const response = await cluster.web[web].open('SubscribeToTask', { id });
      if (response.headers.get('content-type') === 'application/json') {
        expect(await response.json()).toMatchObject({ error: { code: -32004 } });
        counts.ended += 1;
        return undefined;
      }
      counts.streams += 1;
      const frames = dataOf(await readEvents(response).rest()) as { result: StreamResponse }[]; // compared below
      return frames.map(({ result }) => result);
    }

    await fc.assert(
      fc.asyncProperty(steps, joins, async (script, moments) => {
        const name = `script ${String((serial += 1))}`;
        scripts.set(name, { steps: script, done: 0 });
        const { id } = await start(cluster.web[0], name);
        const streams = await Promise.all(moments.map((moment) => joinAt(moment, name, id)));
        await until(async () => (await getTask(cluster.web[0], id)).status.state === 'TASK_STATE_COMPLETED');
        const task = joined(await getTask(cluster.web[1], id));
        for (const events of streams) if (events) expect(seenBy(events)).toEqual(task);
        scripts.delete(name);
      }),
      { numRuns: 70 },
    );
    expect(counts.streams).toBeGreaterThan(100);
  });
});
